import { type Answer, type Carrier, CarrierDown, type Connection } from './port.ts';
import { createUnderWay, type UnderWay } from './under-way.ts';

/** `amqp://user@one:5672,two:5672/vhost`, as one address each. @returns `undefined`: it names none, or something else */
export function brokersIn(address: string): readonly URL[] | undefined {
  const [, before = '', hosts = '', behind = ''] =
    /^((?:amqps?|nats|tls):\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/is.exec(address) ?? [];
  const all = hosts.split(',').map((host) => `${before}${host}${behind}`);
  const urls = all.flatMap((one) => (URL.canParse(one) ? [new URL(one)] : []));
  // The second address of two whole ones; or a password with a "/", which would be told as a host with its vhost.
  if (/^\/\/[^/]|@/.test(behind)) return undefined;
  return urls.length === all.length && urls.every(({ hostname }) => hostname !== '') ? urls : undefined;
}

/** As `Carrier.connect`; it has to be open within that, milliseconds. */
type ConnectTo = (url: URL, withinMs: number, signal: AbortSignal) => Promise<Connection>;

/** One broker alone has to be open within `connectMs`, several share it: any does. */
export function anyBroker(urls: readonly URL[], connectMs: number, connectTo: ConnectTo): Carrier {
  const [{ protocol, pathname } = new URL('amqp:')] = urls;
  // The one that was there last, and behind its end the next one.
  let turn = 0;
  return {
    words: `${protocol}//${urls.map(({ host }) => host).join(',')}${pathname}`,
    connect: async (signal) => {
      const failures: string[] = [];
      let hint: string | undefined;
      for (let i = 0; i < urls.length && !signal.aborted; i++) {
        const url = urls[(turn + i) % urls.length] as URL;
        try {
          const made = await unlessStopped(connectTo(url, connectMs / urls.length, signal), signal);
          turn += i;
          void made.ended.then(() => turn++);
          return made;
        } catch (error) {
          if (error instanceof CarrierDown) hint ??= error.hint;
          failures.push(urls.length === 1 ? wordsOf(error) : `${url.host}: ${wordsOf(error)}`);
        }
      }
      throw new CarrierDown(failures.join('; ') || stopped, { hint });
    },
  };
}

const stopped = 'the bridge was stopped';

/** Who is silent is not waited for; what is there too late is closed. */
async function unlessStopped(connecting: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
  let stop: () => void = () => undefined;
  const stops = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const made = await Promise.race([connecting, stops]);
    if (made) return made;
    connecting.then(
      (late) => late.close(),
      () => undefined,
    );
    throw new CarrierDown(stopped);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** A connection to a broker from its first moment on. */
export interface Opening {
  /** Why it has ended. */
  readonly ended: Promise<string>;
  readonly underWay: UnderWay<Answer>;
  /** Again, it does nothing. */
  end(why: string): void;
}

interface Bounds {
  /** Milliseconds, for `open`. */
  readonly withinMs: number;
  /** As `createUnderWay` has it. */
  readonly answerMs: number;
  readonly signal: AbortSignal;
  /** Told at once of `end`, for who sees that it has ended. */
  watch(end: Opening['end']): void;
  /** Once, when it ends. */
  close(): Promise<unknown>;
}

/** @param open what is done over the connection until it can be used @throws what `open` throws; CarrierDown: it ended before */
export async function openOver(
  { withinMs, answerMs, signal, watch, close }: Bounds,
  open: (opening: Opening) => Promise<Connection>,
): Promise<Connection> {
  let tellEnd: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (tellEnd = resolve));
  const end = (why: string): void => {
    if (!underWay.end(why)) return;
    tellEnd(why);
    close().catch(() => undefined);
  };
  const underWay = createUnderWay<Answer>(answerMs, end);
  watch(end);
  const timer = setTimeout(() => end(`it has not answered in ${withinMs / 1000} s`), withinMs);
  const opened = (async () => {
    if (signal.aborted) throw new CarrierDown(stopped);
    return open({ ended, underWay, end });
  })();
  try {
    // Of one that is silent nothing else comes to an end.
    return await Promise.race([opened, ended.then((why) => Promise.reject(new CarrierDown(why)))]);
  } catch (error) {
    opened.catch(() => undefined);
    end(wordsOf(error));
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Node's own errors have none where there are several addresses. */
export function wordsOf(error: unknown): string {
  const { message, code } = error as Error & { readonly code?: string };
  return message === '' ? (code ?? 'it failed') : message;
}
