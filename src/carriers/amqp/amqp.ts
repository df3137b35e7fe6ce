/**
 * RabbitMQ between two roots, which need not run at the same time. What is published to the quorum queue of the peer,
 * `dreamos.<peer>`, is stored once the broker has confirmed it (a majority has it on disk) and has returned nothing (`mandatory`).
 * The peer's bridge acks it once its root has it. What that refuses comes back by a queue of its own.
 */
import { type Channel, type ChannelModel, type ConfirmChannel, connect as connectTo, credentials } from 'amqplib';
import { anyBroker, type Opening, openOver, wordsOf } from '../brokers.ts';
import { type Answer, type Carrier, CarrierDown, type Connection } from '../port.ts';
import { consumeFrom } from './consume.ts';
import type { UnderWay } from '../under-way.ts';
import { parcelMessage } from './message.ts';
import { assertQueue, type Names, namesOf } from './queues.ts';

export interface AmqpOptions {
  /** Of the brokers of one cluster, of which any does, as `brokersIn` has them. Without a password. */
  readonly urls: readonly URL[];
  readonly user: string;
  readonly password: string;
  /** What the other root is called here; its queue has this name. */
  readonly peer: string;
  /** What this root is called there. */
  readonly own: string;
  /** Of what is in a queue and cannot be read. */
  readonly warn: (message: string) => void;
  /** One broker alone has to be open within this, several share it; milliseconds. */
  readonly connectMs?: number;
  /** What is under way has to be answered within this, or the connection is taken for dead; milliseconds. */
  readonly answerMs?: number;
}

const connectWithinMs = 20_000;
// A broker that says nothing for twice as long is gone.
const heartbeatS = 10;
// A node that is cut off from the others goes on with its heartbeats, and confirms nothing.
const answerWithinMs = 60_000;
/**
 * Who has said nothing but no for so long is asked by a connection of its own anew: with the node that led a queue goes who would
 * have told a channel that it takes more again, and from then on RabbitMQ (3.10) refuses all that is published there. Milliseconds.
 */
const refusedMs = 10_000;

export function amqpCarrier(options: AmqpOptions): Carrier {
  const { urls, connectMs = connectWithinMs } = options;
  return anyBroker(urls, connectMs, (url, withinMs, signal) => connect(options, url, withinMs, signal));
}

async function connect(options: AmqpOptions, url: URL, withinMs: number, signal: AbortSignal): Promise<Connection> {
  const { user, password, peer, own, answerMs = answerWithinMs } = options;
  const to = {
    protocol: url.protocol.slice(0, -1),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port !== '' && { port: Number(url.port) }),
    vhost: decodeURIComponent(url.pathname.slice(1)),
    heartbeat: heartbeatS,
  };
  const how = {
    timeout: withinMs,
    keepAlive: true,
    noDelay: true,
    credentials: credentials.plain(user, password),
  };
  const model = await connectTo(to, how);
  const bounds = {
    withinMs,
    answerMs,
    signal,
    watch: (end: Opening['end']) => watch(model, end),
    close: () => model.close(),
  };
  return openOver(bounds, async ({ ended, underWay, end }) => {
    const channel = await model.createConfirmChannel();
    watch(channel, end);
    const names = namesOf(own, peer);
    for (const name of [names.out, names.own, names.returns]) await assertQueue(model, channel, name);
    return {
      ended,
      publish: publisher(channel, names, underWay, end),
      ...(await consumer(model, options, names, end)),
      close: async () => {
        end('the bridge was stopped');
        await ended;
      },
    };
  });
}

/** An error without a listener would end the process. */
function watch(one: ChannelModel | Channel, end: (why: string) => void): void {
  one.on('error', (error: Error) => end(wordsOf(error)));
  one.on('close', () => end('the broker has closed the connection'));
}

export function publisher(
  channel: Pick<ConfirmChannel, 'on' | 'publish'>,
  { out, returns }: Names,
  underWay: UnderWay<Answer>,
  end: (why: string) => void,
): Connection['publish'] {
  // It comes before the confirm.
  channel.on('return', ({ fields, properties }) => {
    const { replyText } = fields as unknown as { readonly replyText?: string };
    underWay.answered(Number(properties.correlationId), {
      is: 'later',
      code: 'NO_ROUTE',
      reason: `the broker says ${replyText ?? 'no'}`,
    });
  });
  /** The first of those that were refused, since when nothing was stored; `performance.now()`. */
  let refusedAt: number | undefined;
  const refused = (n: number): void => {
    const reason = `the broker takes no more for ${out}`;
    underWay.answered(n, { is: 'later', code: 'QUEUE_FULL', reason });
    refusedAt ??= performance.now();
    if (performance.now() - refusedAt >= refusedMs) end(reason);
  };
  const stored = (n: number): void => {
    refusedAt = undefined;
    underWay.answered(n, { is: 'stored' });
  };
  return async (parcel) => {
    const { n, answer } = underWay.add();
    const { content, properties } = parcelMessage(parcel, { correlationId: String(n), replyTo: returns });
    const confirmed = (error: Error | null): void => {
      if (error === null) stored(n);
      else if (error.message === 'message nacked') refused(n);
      else end(wordsOf(error));
    };
    try {
      channel.publish('', out, content, { ...properties, persistent: true, mandatory: true }, confirmed);
    } catch (error) {
      // It is closing.
      end(wordsOf(error));
    }
    return answer;
  };
}

async function consumer(
  model: ChannelModel,
  { warn, answerMs = answerWithinMs }: AmqpOptions,
  names: Names,
  end: (why: string) => void,
): Promise<Pick<Connection, 'consume' | 'drained'>> {
  const channel = await model.createConfirmChannel();
  watch(channel, end);
  let idle: (() => Promise<void>) | undefined;
  return {
    consume: async (take) => {
      const timer = setTimeout(() => end('it gives nothing of its queues'), answerMs);
      try {
        ({ idle } = await consumeFrom({ model, channel, names, take, warn, end }));
      } catch (error) {
        // It broke in between.
        end(wordsOf(error));
        throw new CarrierDown(wordsOf(error), { cause: error });
      } finally {
        clearTimeout(timer);
      }
    },
    drained: async () => idle?.(),
  };
}
