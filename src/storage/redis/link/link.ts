/**
 * What every role goes through to the server: one connection, made when it is needed and made anew when it broke. A call is
 * repeated by its name (`op`) until its time is over, and each script is written so that a repeat does nothing twice: a message
 * is known by its id, a claim by its token, a change of an entry or a document by the name of the call.
 */
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Ids } from '../../../model/id.ts';
import { type EngineAddress, parseAddress } from '../../engine/address.ts';
import { type Arg, Broken, Connection, type Endpoint, isReply, type Login } from './connection.ts';
import { firstOf } from './first.ts';
import { Known, type Told } from './known.ts';
import { Replicas } from './replicas.ts';
import { scriptOf } from './scripts.ts';
import { kindOf, meant, refused, Unreachable } from './errors.ts';

export interface LinkOptions extends Login {
  readonly address: string;
  readonly id: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly patienceMs: number;
  /** So many replicas have what is durable; a root may itself ask for more. */
  readonly replicas: number;
  /** Of `clock`, for tests: else the server says what time it is. */
  readonly isGivenTime: boolean;
}

/** In an argument's place: '1' when the call is made again after its answer got lost, else ''. */
export const ifRepeated: unique symbol = Symbol('if repeated');
export type ScriptArg = Arg | typeof ifRepeated;

/** A server that is there and answers nothing for so much longer than it is tried to reach it counts as gone. */
const slackMs = 1000;
const shortestRestMs = 50;
const longestRestMs = 2000;
/** So long a host alone is asked, of several, before the next one is. */
const staggerMs = 250;

export class Link {
  readonly options: LinkOptions;
  readonly prefix: string;
  readonly known: Known;
  readonly #address: EngineAddress;
  readonly #endpoints: readonly Endpoint[];
  #current: Connection | undefined;
  #opening: Promise<Connection> | undefined;
  /** Which endpoint to try first. */
  #turn = 0;
  #isClosed = false;
  /** Says which command the user may not call, of those that scripts do; '': he may call all. */
  #look: (() => Promise<string>) | undefined;
  #lacking = '';
  readonly #replicas: Replicas;
  #line = '';

  constructor(options: LinkOptions) {
    this.options = options;
    this.known = new Known(options.clock);
    this.#address = parseAddress(options.address);
    const { socket, hosts } = this.#address;
    this.#endpoints = socket === undefined ? hosts : [{ path: socket }];
    this.prefix = `{dreamos:${options.id}}:`;
    const { clock, patienceMs } = options;
    const where = { where: this.where, key: `${this.prefix}root` };
    this.#replicas = new Replicas(options.replicas, { ...where, clock, patienceMs, slackMs });
  }

  get where(): string {
    return this.#address.text;
  }

  get #silenceMs(): number {
    return this.options.patienceMs + slackMs;
  }

  /** A script that fails at its end undoes nothing: whoever may do too little is refused before the first that changes something. */
  async lookAtRights(look: () => Promise<string>): Promise<void> {
    this.#lacking = await look();
    this.#look = look;
  }

  /** @throws Unreachable: it refuses */
  async #checkRights(): Promise<void> {
    // They may have been given meanwhile.
    this.#lacking = (await this.#look?.()) ?? '';
    if (this.#lacking !== '') throw this.meant(`NOPERM this user may not call ${this.#lacking}`);
  }

  /** @param said what the root itself asks for; '': nothing. Its folder may ask for more, and not for less. */
  needReplicas(said: string): void {
    this.#replicas.need(Number(said));
  }

  /** @param line the root in which the counting of events began, where it was moved since; '': in this one */
  countOn(line: string): void {
    this.#line = line;
  }

  /** What the cursors of this root end with, so that another's is known. */
  get mark(): string {
    return (this.#line || this.options.id).slice(-6);
  }

  /** A name for one call. */
  op(): string {
    return this.options.ids.token() + this.options.ids.token();
  }

  /** @throws Unreachable, ENGINE_LOST, DISK_FAILED */
  async run(script: string, ...args: readonly ScriptArg[]): Promise<unknown> {
    return (await this.#call(script, this.op(), args)).reply;
  }

  /** The same, with the last change when it ran. */
  tell(script: string, ...args: readonly ScriptArg[]): Promise<Told> {
    return this.#call(script, this.op(), args);
  }

  /** The same, and what it has done is on as many replicas as are asked for. @throws also Unreachable: it is not, yet */
  async runDurably(script: string, ...args: readonly ScriptArg[]): Promise<unknown> {
    return (await this.#call(script, this.op(), args, true)).reply;
  }

  /** The same, of a call whose name is kept. */
  async runAs(op: string, script: string, ...args: readonly ScriptArg[]): Promise<unknown> {
    return (await this.#call(script, op, args)).reply;
  }

  /** A command of the server's own, which may be made twice. */
  async command(name: string, ...args: readonly Arg[]): Promise<unknown> {
    return this.#patiently(false, async (connection) => {
      await this.#letIn(connection);
      return connection.command(name, args, this.#silenceMs);
    });
  }

  async #call(script: string, op: string, args: readonly ScriptArg[], isDurable = false): Promise<Told> {
    const { clock, isGivenTime } = this.options;
    const now = isGivenTime ? String(clock.now()) : '';
    const mayChange = !scriptOf(script).isLook;
    if (mayChange && this.#lacking !== '') await this.#checkRights();
    return this.#patiently(mayChange, async (connection, isRepeat) => {
      const said = args.map((arg) => (typeof arg === 'symbol' ? (isRepeat ? '1' : '') : arg));
      const sentAt = clock.uptime();
      if (mayChange && !connection.isLetIn) await this.#letIn(connection);
      const words = [this.prefix, now, op, ...said];
      const asking = connection.script(script, words, this.#silenceMs);
      if (!connection.isLetIn) {
        // Who is not let in is told that first, and not what was said to a stranger.
        asking.catch(() => undefined);
        await this.#letIn(connection);
      }
      const answer = await asking;
      const [at, last, reply = null] = answer as [number, Buffer, unknown?];
      const changes = last.toString();
      this.known.heard(changes, at, sentAt);
      if (isDurable) await this.#replicas.have(connection);
      return { reply, changes };
    });
  }

  async #patiently<T>(mayChange: boolean, work: (connection: Connection, isRepeat: boolean) => Promise<T>): Promise<T> {
    const { clock, patienceMs } = this.options;
    const until = clock.uptime() + patienceMs;
    let isUncertain = false;
    for (let rest = shortestRestMs; ; rest = Math.min(rest * 2, longestRestMs)) {
      let connection: Connection | undefined;
      let why: string;
      try {
        connection = this.#current?.isOpen ? this.#current : await this.#connection(until, isUncertain);
        return await work(connection, isUncertain);
      } catch (error) {
        this.known.doubt();
        if (error instanceof Broken) {
          isUncertain = mayChange;
          why = error.message;
        } else {
          why = this.#judge(error, connection, isUncertain);
        }
      }
      if (this.#isClosed || clock.uptime() + rest > until) throw new Unreachable(this.where, why, isUncertain);
      await setTimeout(rest * (0.75 + this.options.ids.fraction() / 2));
    }
  }

  /** @returns why it is to be tried again @throws what is no better then */
  #judge(error: unknown, connection: Connection | undefined, isUncertain: boolean): string {
    const kind = isReply(error) ? kindOf(error.message) : undefined;
    if (isReply(error) && (kind === 'later' || kind === 'elsewhere')) {
      if (kind === 'elsewhere') {
        this.#turn++;
        connection?.end();
      }
      return error.message;
    }
    const told = isReply(error) ? this.meant(error.message) : error;
    // That this try was refused says nothing of the one before it.
    if (isUncertain && told instanceof DreamosError && !(told instanceof Unreachable)) {
      const { message } = isReply(error) ? error : told;
      throw new Unreachable(this.where, message.replace(/\.$/, ''), true);
    }
    throw told;
  }

  /** What the server said, to whoever called. */
  meant(message: string): DreamosError {
    return meant(this.where, this.options.id, message);
  }

  async #connection(until: number, isUncertain: boolean): Promise<Connection> {
    const { clock } = this.options;
    for (let rest = shortestRestMs; ; rest = Math.min(rest * 2, longestRestMs)) {
      if (this.#current?.isOpen) return this.#current;
      let why: string;
      try {
        this.#opening ??= this.#open(Math.max(100, until - clock.uptime())).finally(() => (this.#opening = undefined));
        this.#current = await this.#opening;
        // It may be another server.
        this.known.doubt();
        continue;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        why = error.message;
      }
      if (this.#isClosed || clock.uptime() + rest > until) throw new Unreachable(this.where, why, isUncertain);
      await setTimeout(rest);
    }
  }

  /** A connection of its own to the server that may be written to. @throws Broken; it refuses */
  async connect(waitMs: number): Promise<Connection> {
    const connection = await this.#open(waitMs);
    await this.#letIn(connection);
    return connection;
  }

  /** @throws Broken; it refuses */
  async #letIn(connection: Connection): Promise<void> {
    try {
      await connection.letIn();
    } catch (error) {
      if (!isReply(error)) throw error;
      throw kindOf(error.message) === 'later' ? new Broken(error.message) : refused(this.where, error.message);
    }
  }

  /** @throws Broken; it refuses */
  async #open(waitMs: number): Promise<Connection> {
    const endpoints = this.#endpoints;
    const turn = this.#turn;
    const until = this.options.clock.uptime() + waitMs;
    const ways = endpoints.map((_, i) => async (signal: AbortSignal) => {
      const endpoint = endpoints[(turn + i) % endpoints.length] as Endpoint;
      const leftMs = Math.max(100, until - this.options.clock.uptime());
      const connection = await Connection.open(this.#address, endpoint, this.options, leftMs, signal);
      if (endpoints.length === 1) return connection;
      await connection.letIn();
      if (await isMaster(connection, leftMs)) return connection;
      connection.end();
      throw new Broken('none of these servers is the master');
    });
    const isFinal = (error: unknown): boolean =>
      !(error instanceof Broken) && !(isReply(error) && kindOf(error.message) === 'later');
    try {
      const { found, at } = await firstOf(ways, { staggerMs, isFinal, letGo: (late) => late.end() });
      this.#turn = turn + at;
      return found;
    } catch (error) {
      if (!isReply(error)) throw error;
      throw isFinal(error) ? refused(this.where, error.message) : new Broken(error.message);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#current?.end();
  }
}

async function isMaster(connection: Connection, waitMs: number): Promise<boolean> {
  const [role] = (await connection.command('ROLE', [], waitMs)) as [Buffer];
  return role.toString() === 'master';
}
