/**
 * One connection to one server: commands out, answers back in their order (RESP 2). It makes nothing again by itself: when it
 * breaks, everything in flight on it is rejected, and who calls goes on with a new one (link.ts).
 *
 * By node:net and redis-parser, not by a whole client. ioredis 6 takes 25 ms to load, with V8's code cache, and 8 more until it may
 * be asked: as long as Node itself takes to start, so that a one-shot send took 1.4 times what it takes on files, and now 1.15.
 * It also sends again by itself what was in flight, or, told not to (`autoResendUnfulfilledCommands: false`), never settles it.
 */
import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import RedisParser from 'redis-parser';
import { systemClock } from '../../../model/clock.ts';
import type { EngineAddress } from '../../engine/address.ts';
import { scriptOf } from './scripts.ts';

/** Where a server listens. */
export type Endpoint = EngineAddress['hosts'][number] | { readonly path: string };

export type Arg = string | number | Uint8Array;

export interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The connection is gone, or its server no longer answers. */
export class Broken extends Error {}

/** What the server itself answers; not by the parser's own class, whose name the build takes away. */
class Refusal extends Error {}

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: Error): void;
  readonly waitMs: number;
  /** By this machine's uptime, as the timer; tests own only the clock of what they look at. */
  readonly until: number;
}

export class Connection {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  /** Why it ended. */
  #broken: string | undefined;
  #onMessage: ((message: string) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #login: Promise<unknown> = Promise.resolve();
  #isLetIn = false;
  /** One for all commands that are under way. It stays behind them, so that not each has to set and clear one. */
  #watch: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const parser = new RedisParser({
      returnBuffers: true,
      returnReply: (reply: unknown) => this.#answered(reply),
      returnError: ({ message }) => this.#refused(message),
      returnFatalError: (error) => this.end(error.message),
    });
    socket.on('data', (data) => parser.execute(data));
    socket.on('error', (error) => (this.#broken ??= error.message));
    socket.on('close', () => this.#ended());
    socket.setNoDelay(true);
  }

  /**
   * The login is under way then: what only looks may be asked behind it at once, all else waits for it (`letIn`).
   * @param waitMs for so long at most, for TCP and TLS together @param signal it is no longer wanted, until it is logged in
   * @throws Broken; the server's own refusal
   */
  static async open(
    { tls, db }: EngineAddress,
    to: Endpoint,
    login: Login,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<Connection> {
    const socket = tls && 'host' in to ? await secured(to) : connect(to);
    const connection = new Connection(socket);
    const stop = (): void => connection.end();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => connection.end(`it could not be reached in ${seconds(waitMs)} s`), waitMs);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once(tls ? 'secureConnect' : 'connect', () => {
          socket.setKeepAlive(true, 30_000);
          resolve();
        });
        socket.once('close', () => reject(new Broken(connection.#broken)));
      });
      const { username, password } = login;
      // The server takes them one after the other; a wrong password is told before the database.
      connection.#login = Promise.all([
        password !== undefined &&
          connection.command('AUTH', [...(username === undefined ? [] : [username]), password], waitMs),
        db !== 0 && connection.command('SELECT', [db], waitMs),
      ]);
      connection.#login.then(
        () => (connection.#isLetIn = true),
        () => connection.end(),
      );
      return connection;
    } catch (error) {
      connection.end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws Broken; the server's own refusal, and then it is ended */
  async letIn(): Promise<void> {
    await this.#login;
  }

  /** `letIn` would say so at once. */
  get isLetIn(): boolean {
    return this.#isLetIn;
  }

  get isOpen(): boolean {
    return this.#broken === undefined;
  }

  /** @throws Broken; a server's error as it is */
  async command(name: string, args: readonly Arg[], waitMs: number): Promise<unknown> {
    if (!this.isOpen) throw new Broken(this.#broken);
    this.#socket.ref();
    try {
      return await new Promise((resolve, reject) => {
        const until = systemClock.uptime() + waitMs;
        this.#waiting.push({ resolve, reject, waitMs, until });
        this.#watchTill(until);
        this.#socket.write(encoded([name, ...args]));
      });
    } finally {
      // Nobody has to close what he has forgotten: without a call under way it keeps no process alive.
      if (this.#waiting.length === 0 && !this.#onMessage) this.#socket.unref();
    }
  }

  /** Looks then, or before, whether somebody has waited for too long. */
  #watchTill(until: number): void {
    if (this.#watch && this.#watch.at <= until) return;
    clearTimeout(this.#watch?.timer);
    const timer = setTimeout(() => this.#lookWhoWaits(), until - systemClock.uptime());
    this.#watch = { timer: timer.unref(), at: until };
  }

  #lookWhoWaits(): void {
    this.#watch = undefined;
    const now = systemClock.uptime();
    const late = this.#waiting.find(({ until }) => until <= now);
    if (late) this.end(`no answer came in ${seconds(late.waitMs)} s`);
    else if (this.#waiting.length > 0) this.#watchTill(Math.min(...this.#waiting.map(({ until }) => until)));
  }

  async script(name: string, args: readonly Arg[], waitMs: number): Promise<unknown> {
    const { sha, source } = scriptOf(name);
    try {
      return await this.command('EVALSHA', [sha, 1, ...args], waitMs);
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.command('EVAL', [source, 1, ...args], waitMs);
    }
  }

  /** From then on it keeps its process alive until it is ended. @param onEnd once, however it ends @throws Broken */
  async subscribe(
    channel: string,
    onMessage: (message: string) => void,
    onEnd: () => void,
    waitMs: number,
  ): Promise<void> {
    this.#onMessage = onMessage;
    await this.command('SUBSCRIBE', [channel], waitMs);
    this.#onEnd = onEnd;
    if (!this.isOpen) this.#ended();
  }

  end(why = 'it was closed here'): void {
    this.#broken ??= why;
    this.#socket.destroy();
  }

  #answered(reply: unknown): void {
    const [kind, , message] = this.#onMessage && Array.isArray(reply) ? (reply as Buffer[]) : [];
    if (kind?.toString() === 'message') this.#onMessage?.(String(message));
    else this.#waiting.shift()?.resolve(reply);
  }

  #refused(said: string): void {
    // Of a command that it does not know it says the arguments again: of AUTH, the password.
    const message = said.replace(/, with args.*/s, '');
    const one = this.#waiting.shift();
    if (one) one.reject(new Refusal(message));
    // Before anything was asked: it lets nobody in.
    else this.end(message);
  }

  #ended(): void {
    this.#broken ??= 'the connection was closed';
    clearTimeout(this.#watch?.timer);
    for (const one of this.#waiting.splice(0)) one.reject(new Broken(this.#broken));
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}

/** For people: what is left of a time has many digits. */
const seconds = (ms: number): string => String(Math.round(ms / 100) / 10);

/** What the server itself said. */
export function isReply(error: unknown): error is Error {
  return error instanceof Refusal;
}

async function secured({ host, port }: EngineAddress['hosts'][number]): Promise<Socket> {
  const { connect: connectTls } = await import('node:tls');
  // The name of an address is none.
  return connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) });
}

/** `*2\r\n$3\r\nGET\r\n$1\r\na\r\n` */
function encoded(words: readonly Arg[]): Buffer {
  const parts: Uint8Array[] = [];
  let text = `*${words.length}\r\n`;
  for (const word of words) {
    if (typeof word === 'object') {
      parts.push(Buffer.from(`${text}$${word.length}\r\n`), word);
      text = '\r\n';
    } else {
      const said = String(word);
      text += `$${Buffer.byteLength(said)}\r\n${said}\r\n`;
    }
  }
  parts.push(Buffer.from(text));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}
