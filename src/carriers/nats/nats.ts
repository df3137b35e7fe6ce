/**
 * NATS JetStream between two roots, which need not run at the same time. What is published to the subject of the peer,
 * `<stream>.mail.<peer>`, is stored once the broker has confirmed it (PubAck): in a file, and of several replicas in a majority. The
 * peer's bridge acks it once its root has it. What that refuses comes back by a subject of its own.
 */
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { anyBroker, type Opening, openOver, wordsOf } from '../brokers.ts';
import { type Answer, type Carrier, CarrierDown, type Connection } from '../port.ts';
import type { UnderWay } from '../under-way.ts';
import { consumeFrom, type Consumed } from './consume.ts';
import { parcelMessage } from './message.ts';
import type { Nats } from './package.ts';
import { ensureStream, type Names, namesOf } from './stream.ts';

/** By what the broker knows who connects. */
interface NatsLogin {
  /** Absent: `password` is a token. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** What is in a file of credentials. */
  readonly creds?: Uint8Array | undefined;
}

export interface NatsOptions {
  /** Of the brokers of one cluster, of which any does, as `brokersIn` has them. Without a password. */
  readonly urls: readonly URL[];
  readonly login: NatsLogin;
  /** The name of the stream. */
  readonly stream: string;
  /** What the other root is called here; its subject has this name. */
  readonly peer: string;
  /** What this root is called there. */
  readonly own: string;
  /** Of what is in the stream and cannot be read, and of a broker that may lose mail. */
  readonly warn: (message: string) => void;
  /** One broker alone has to be open within this, several share it; milliseconds. */
  readonly connectMs?: number;
  /** What is under way has to be answered within this, or the connection is taken for dead; milliseconds. */
  readonly answerMs?: number;
  /** What a bridge has that was killed comes again after this; milliseconds. */
  readonly ackWaitMs?: number;
}

const connectWithinMs = 20_000;
const answerWithinMs = 60_000;
// Longer than a store stands still; what takes longer is held.
const ackWithinMs = 10_000;
// A broker that answers two of these with nothing is gone.
const pingEveryMs = 10_000;
const stopWithinMs = 2000;
/** Of what a broker takes at once (`max_payload`), so much is for the headers. */
const headersBytes = 1024;
/** Of the stream: it takes no message of this size. */
const tooLarge = 10_054;

export function natsCarrier(nats: Nats, options: NatsOptions): Carrier {
  const { urls, connectMs = connectWithinMs } = options;
  const around = { nats, options, warnOfSync: once(options.warn) };
  return anyBroker(urls, connectMs, (url, withinMs, signal) => connect(around, url, withinMs, signal));
}

interface Around {
  readonly nats: Nats;
  readonly options: NatsOptions;
  readonly warnOfSync: (message: string) => void;
}

function once(warn: (message: string) => void): (message: string) => void {
  let isSaid = false;
  return (message) => {
    if (!isSaid) warn(message);
    isSaid = true;
  };
}

async function connect(around: Around, url: URL, withinMs: number, signal: AbortSignal): Promise<Connection> {
  const { nats, options } = around;
  const { urls, own, peer, stream, warn, answerMs = answerWithinMs, ackWaitMs = ackWithinMs } = options;
  const nc = await nats.connect(connectTo(nats, options, url, withinMs));
  const bounds = {
    ...{ withinMs, answerMs, signal },
    watch: (end: Opening['end']) =>
      void nc.closed().then((error) => end(error ? wordsOf(error) : 'the broker has closed the connection')),
    close: () => nc.close(),
  };
  return openOver(bounds, async ({ ended, underWay, end }) => {
    let consumed: Consumed | undefined;
    const names = namesOf(stream, own, peer);
    const jsm = await nats.jetstreamManager(nc, { checkAPI: false, timeout: withinMs });
    const js = jsm.jetstream();
    const { config } = await ensureStream(nats, jsm, stream, urls.length >= 3 ? 3 : 1);
    if (config.num_replicas < 2) sayOfSync(around, nc);
    return {
      ended,
      publish: publisher({ nats, nc, js, names, own, underWay, end, answerMs }),
      consume: async (take) => {
        try {
          consumed = await consumeFrom({ nats, nc, jsm, js, names, own, ackWaitMs, take, warn, end });
        } catch (error) {
          // It broke in between.
          end(wordsOf(error));
          throw new CarrierDown(wordsOf(error), { cause: error });
        }
        void ended.then(() => consumed?.stop().catch(() => undefined));
      },
      drained: async () => consumed?.idle(),
      close: async () => {
        // Its acks are to arrive, or it would all come again.
        const stopped = consumed?.stop().then(() => nc.flush());
        await Promise.race([stopped, ended, rest(stopWithinMs)]).catch(() => undefined);
        end('the bridge was stopped');
        await ended;
      },
    };
  });
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

function connectTo(
  nats: Nats,
  { login: { user, password, creds }, own }: NatsOptions,
  url: URL,
  withinMs: number,
): Parameters<Nats['connect']>[0] {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address without a name would be looked for in the certificate as `localhost`.
  const tls: object = { host };
  return {
    servers: `${url.hostname}:${url.port === '' ? 4222 : url.port}`,
    name: `dreamos ${own}`,
    // The bridge does both itself.
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: withinMs,
    pingInterval: pingEveryMs,
    ...(creds && { authenticator: nats.credsAuthenticator(creds) }),
    ...(!creds && user !== undefined && { user, ...(password !== undefined && { pass: password }) }),
    ...(!creds && user === undefined && password !== undefined && { token: password }),
    ...(/^tls:$/i.test(url.protocol) && { tls }),
  };
}

/** From version 2.10 on nobody can see from here how it is set. */
function sayOfSync({ warnOfSync }: Around, { info }: NatsConnection): void {
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 10)) return;
  warnOfSync(
    `The broker (NATS ${info?.version}) brings to disk every two minutes what it has confirmed: what came since then is lost when its machine loses power. From 2.10 on it can be set: dreamos help bridges`,
  );
}

interface Publishing {
  readonly nats: Nats;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly names: Names;
  readonly own: string;
  readonly underWay: UnderWay<Answer>;
  readonly end: (why: string) => void;
  readonly answerMs: number;
}

function publisher(publishing: Publishing): Connection['publish'] {
  const { nats, nc, js, names, own, underWay, end, answerMs } = publishing;
  return async (parcel) => {
    const { n, answer } = underWay.add();
    const mostBytes = (nc.info?.max_payload ?? Infinity) - headersBytes;
    if (parcel.bytes.length > mostBytes) {
      const reason = `it has ${parcel.bytes.length} bytes, and the broker takes ${mostBytes} (max_payload)`;
      underWay.answered(n, { is: 'refused', code: 'MESSAGE_TOO_LARGE', reason });
      return answer;
    }
    const { data, headers } = parcelMessage(nats, parcel, own);
    // `underWay` is who sees that it is silent.
    js.publish(names.out, data, { headers, timeout: 2 * answerMs, expect: { streamName: names.stream } }).then(
      () => underWay.answered(n, { is: 'stored' }),
      (error: unknown) => {
        if (error instanceof nats.JetStreamApiError) underWay.answered(n, answerOf(error.code, error.message, names));
        else end(`nothing takes ${names.out}: ${wordsOf(error)}`);
      },
    );
    return answer;
  };
}

function answerOf(code: number, message: string, { out }: Names): Answer {
  if (code === tooLarge) return { is: 'refused', code: 'MESSAGE_TOO_LARGE', reason: `the broker says: ${message}` };
  return { is: 'later', code: 'QUEUE_FULL', reason: `the broker takes no more for ${out}: ${message}` };
}
