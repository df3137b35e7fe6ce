/**
 * RabbitMQ between two roots, which need not run at the same time. What is published to the quorum queue of the peer,
 * `dreamos.<peer>`, is stored once the broker has confirmed it (a majority has it on disk) and has returned nothing (`mandatory`).
 * The peer's bridge acks it once its root has it. What that refuses comes back by a queue of its own.
 */
import { type Channel, type ChannelModel, type ConfirmChannel, connect as connectTo, credentials } from 'amqplib';
import { type Answer, type Carrier, CarrierDown, type Connection, type Parcel } from '../port.ts';
import { consumeFrom } from './consume.ts';
import { parcelMessage } from './message.ts';
import { assertQueue, type Names, namesOf } from './queues.ts';

export interface AmqpOptions {
  /** Without a password. */
  readonly url: URL;
  readonly user: string;
  readonly password: string;
  /** What the other root is called here; its queue has this name. */
  readonly peer: string;
  /** What this root is called there. */
  readonly own: string;
  /** Of what is in a queue and cannot be read. */
  readonly warn: (message: string) => void;
}

const connectWithinMs = 20_000;
// A broker that says nothing for twice as long is gone.
const heartbeatS = 10;

export function amqpCarrier(options: AmqpOptions): Carrier {
  const { protocol, host, pathname } = options.url;
  return {
    words: `${protocol}//${host}${pathname}`,
    connect: async (signal) => {
      try {
        return await connect(options, signal);
      } catch (error) {
        if (error instanceof CarrierDown) throw error;
        throw new CarrierDown(wordsOf(error), { cause: error });
      }
    },
  };
}

/** Node's own errors have none where there are several addresses. */
function wordsOf(error: unknown): string {
  const { message, code } = error as Error & { readonly code?: string };
  return message === '' ? (code ?? 'it failed') : message;
}

async function connect(options: AmqpOptions, signal: AbortSignal): Promise<Connection> {
  const { url, user, password, peer, own } = options;
  const to = {
    protocol: url.protocol.slice(0, -1),
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port !== '' && { port: Number(url.port) }),
    vhost: decodeURIComponent(url.pathname.slice(1)),
    heartbeat: heartbeatS,
  };
  const how = {
    timeout: connectWithinMs,
    keepAlive: true,
    noDelay: true,
    credentials: credentials.plain(user, password),
  };
  const model = await connectTo(to, how);
  let tellEnd: (why: string) => void = () => undefined;
  let why: string | undefined;
  const ended = new Promise<string>((resolve) => (tellEnd = resolve));
  const waiting = new Map<string, Waiting>();
  const end = (reason: string): void => {
    if (why !== undefined) return;
    why = reason;
    for (const { reject } of waiting.values()) reject(new CarrierDown(reason));
    waiting.clear();
    tellEnd(reason);
    model.close().catch(() => undefined);
  };
  watch(model, end);
  try {
    if (signal.aborted) throw new CarrierDown('the bridge was stopped');
    const channel = await model.createConfirmChannel();
    watch(channel, end);
    const names = namesOf(own, peer);
    for (const name of [names.out, names.own, names.returns]) await assertQueue(model, channel, name);
    const publish = publisher(channel, names, waiting, end);
    return {
      ended,
      publish: (parcel) => {
        if (why !== undefined) return Promise.reject(new CarrierDown(why));
        return publish(parcel);
      },
      ...(await consumer(model, options, names, end)),
      close: async () => {
        end('the bridge was stopped');
        await ended;
      },
    };
  } catch (error) {
    end(wordsOf(error));
    throw error;
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (why: Error) => void;
}

/** An error without a listener would end the process. */
function watch(one: ChannelModel | Channel, end: (why: string) => void): void {
  one.on('error', (error: Error) => end(wordsOf(error)));
  one.on('close', () => end('the broker has closed the connection'));
}

function publisher(
  channel: ConfirmChannel,
  { out, returns }: Names,
  waiting: Map<string, Waiting>,
  end: (why: string) => void,
) {
  let last = 0;
  const settle = (n: string, answer: Answer): void => {
    waiting.get(n)?.resolve(answer);
    waiting.delete(n);
  };
  // It comes before the confirm.
  channel.on('return', ({ fields, properties }) => {
    const { replyText } = fields as unknown as { readonly replyText?: string };
    settle(String(properties.correlationId), {
      is: 'later',
      code: 'NO_ROUTE',
      reason: `the broker says ${replyText ?? 'no'}`,
    });
  });
  return (parcel: Parcel): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const n = String(++last);
      const { content, properties } = parcelMessage(parcel, { correlationId: n, replyTo: returns });
      const confirmed = (error: Error | null): void => {
        if (error === null) settle(n, { is: 'stored' });
        else if (error.message === 'message nacked')
          settle(n, { is: 'later', code: 'QUEUE_FULL', reason: `the broker takes no more for ${out}` });
        else end(wordsOf(error));
      };
      try {
        waiting.set(n, { resolve, reject });
        channel.publish('', out, content, { ...properties, persistent: true, mandatory: true }, confirmed);
      } catch (error) {
        // It is closing.
        end(wordsOf(error));
      }
    });
}

async function consumer(
  model: ChannelModel,
  { warn }: AmqpOptions,
  names: Names,
  end: (why: string) => void,
): Promise<Pick<Connection, 'consume' | 'drained'>> {
  const channel = await model.createConfirmChannel();
  watch(channel, end);
  let idle: (() => Promise<void>) | undefined;
  return {
    consume: async (take) => {
      try {
        ({ idle } = await consumeFrom({ model, channel, names, take, warn, end }));
      } catch (error) {
        // It broke in between.
        end(wordsOf(error));
        throw new CarrierDown(wordsOf(error), { cause: error });
      }
    },
    drained: async () => idle?.(),
  };
}
