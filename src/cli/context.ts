import { quoteWord } from '../model/basics/shell-word.ts';
import type { Session } from '../core/root/root.ts';
import { asksSettings, settingInNode } from '../contract/native.ts';
import { isQueue, sameAgent } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import { absolute, usage } from '../model/refusals.ts';
import { exitCodeOf } from './errors.ts';
import { harmless } from './harmless.ts';
import { Output } from './output.ts';
import type { Surroundings } from './surroundings.ts';

/** The options that every command takes, before or after the verb. */
export interface GlobalOptions {
  readonly root?: string;
  readonly as?: string;
  /** Of the verbs that claim and settle. */
  readonly label?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** What a command works with: where it is, where its words go, and the root once it asks for it. */
export class Context {
  readonly around: Surroundings;
  readonly signal: AbortSignal;
  options: GlobalOptions = {};
  /** What was called: `dlq retry`. */
  verb = '';
  /** With what: for the audit. */
  called: { readonly args: readonly string[]; opts(): object } | undefined;
  /** Where the root is since this command, for `root`; absent: where it was. */
  at: string | undefined;
  /** What of several items was denied. */
  readonly denied: DreamosError[] = [];
  /** Where a server listens through which this command works on the root. */
  server: string | undefined;
  /** The whole command line, for what the parser does not tell. */
  argv: readonly string[] = [];
  /** A signal is how it ends when all is well: its exit code is 0 then. */
  endsBySignal = false;
  #output: Output | undefined;
  #session: Promise<Session> | undefined;
  #failed = 0;

  constructor(around: Surroundings) {
    this.around = around;
    this.signal = around.signal;
  }

  get output(): Output {
    this.#output ??= new Output(this.around, this.options, this.verb);
    return this.#output;
  }

  /** The exit code of the first failure so far; 0: none. */
  get failed(): number {
    return this.#failed;
  }

  /** The exit code, of what is no failure and has one of its own. */
  endWith(code: number): void {
    this.#failed ||= code;
  }

  /** Opened at the first call and closed when the command is over. @throws ROOT_NOT_FOUND and its like */
  session(): Promise<Session> {
    return (this.#session ??= this.#open());
  }

  async #open(): Promise<Session> {
    if (this.server !== undefined)
      return this.around.connectRoot(this.server, { ...this.openOptions(), pid: this.around.pid });
    const session = await this.around.openRoot(this.openOptions());
    if (this.around.toNode) {
      await this.#leaveToNode(session, this.around.toNode);
      // What only Node can ask is left to it before anything is read or changed.
      await session.gate?.enter(session, { operation: 'help' });
    }
    const { path, mainWorktree } = session;
    if (mainWorktree !== undefined) await this.output.note(`Using the root of the main worktree: ${harmless(path)}`);
    return session;
  }

  /** Where the root's settings ask for what the native program cannot do. Nothing is told before that. */
  async #leaveToNode(session: Session, toNode: (what: string) => never): Promise<void> {
    if (!asksSettings(this.verb)) return;
    const { settingsUntold } = await import('../core/root/config-file.ts');
    const setting = settingInNode(this.verb, await settingsUntold(session));
    if (setting !== undefined) toNode(setting);
  }

  /** The bytes of a file that was named; an error comes while reading. @throws SOURCE_NOT_FOUND */
  async openFile(path: string): Promise<AsyncIterable<Uint8Array>> {
    absolute(this.around.cwd(), path, 'SOURCE_NOT_FOUND');
    return this.around.openFile(path);
  }

  openOptions() {
    const { root, as, label } = this.options;
    return {
      cwd: this.around.cwd(),
      env: this.around.env,
      warn: (message: string) => void this.output.warn(message),
      ...(root === undefined ? {} : { root }),
      ...(as === undefined ? {} : { as }),
      ...(label === undefined ? {} : { label }),
    };
  }

  /**
   * The mailbox that a command without an `[agent]` speaks of: the acting agent's.
   * @param rest what an example needs behind its name @param unknown what has to be said
   */
  async mailbox(
    named: string | undefined,
    verb: string,
    rest = '',
    unknown = 'whose mailbox is meant',
  ): Promise<string> {
    const mailbox = named ?? (await this.session()).acting;
    if (mailbox !== undefined) return mailbox;
    const example = await this.example((name) => `${verb} ${name}${rest}`);
    throw usage(
      `"${this.verb}" needs to know ${unknown}.`,
      `${example}; or say who you are, with --as <agent> or DREAMOS_AGENT`,
    );
  }

  /** The mailbox that is named, or of who acts; else `undefined`: all are meant. */
  async mailboxOrAll(named: string | undefined): Promise<string | undefined> {
    return named ?? (await this.session()).acting;
  }

  /** As a hint: a command that is about somebody who is there. @param otherwise without anybody */
  async example(typed: (name: string, other: string) => string, otherwise = 'init planner reviewer'): Promise<string> {
    const [first, second = first] = await this.names();
    if (first !== undefined && second !== undefined) return `For example: dreamos ${typed(first, second)}`;
    // Of a root that is there and cannot be opened nobody knows who is in it.
    const isOpenOrNone = await this.session().then(
      () => true,
      (error: unknown) => error instanceof DreamosError && error.code === 'ROOT_NOT_FOUND',
    );
    if (isOpenOrNone) return `Nobody has a mailbox yet: dreamos ${otherwise}`;
    return `For example: dreamos ${typed('planner', 'reviewer')}`;
  }

  /** What is said where there is nobody to look at. */
  async noAgents(): Promise<string> {
    return (await this.unseen()) ?? `No agents yet. To make two: dreamos init planner reviewer${this.flags()}`;
  }

  /** That there are mailboxes into which a policy lets nobody look who is called so, or who does not say who he is. */
  async unseen(): Promise<string | undefined> {
    const session = await this.session();
    const { admit } = await import('../core/root/operation.ts');
    const { listAgents } = await import('../core/agents/agents.ts');
    const { mayLook } = await admit(session, 'status');
    const hidden: string[] = [];
    if (mayLook) for (const { name } of await listAgents(session)) if (!(await mayLook(name))) hidden.push(name);
    const [first] = hidden;
    if (first === undefined) return undefined;
    const many = hidden.length === 1 ? '1 mailbox' : `${hidden.length} mailboxes`;
    return this.hiddenText(many, 'look into', `look ${first}`);
  }

  /** @param many `2 topics` @param see what one may not do @param check what is asked of the policy */
  async hiddenText(many: string, see: string, check: string): Promise<string> {
    const { acting } = await this.session();
    const there = `There ${many.startsWith('1 ') ? 'is' : 'are'} ${many}`;
    return acting === undefined
      ? `${there} that you may not ${see} without saying who you are: --as <agent>, or DREAMOS_AGENT`
      : `${there} that ${acting} may not ${see}: dreamos policy check ${check} --as ${acting}${this.flags()}`;
  }

  /** Those who take mail, who acts first; none, where no root can be opened. */
  async names(): Promise<readonly string[]> {
    const session = await this.session().catch(() => undefined);
    if (session === undefined) return [];
    const { listAgents } = await import('../core/agents/agents.ts');
    const known = (await listAgents(session))
      .filter((card) => !card.retiredAt && !isQueue(card))
      .map(({ name }) => name);
    const { acting } = session;
    return acting === undefined ? known : known.toSorted((a, b) => +sameAgent(b, acting) - +sameAgent(a, acting));
  }

  /** One of several items failed: it is told, the others go on, and the first failure decides the exit code. */
  async fail(error: unknown, line?: number): Promise<void> {
    this.#failed ||= exitCodeOf(error);
    await this.output.error(error, line);
    if (error instanceof DreamosError && error.kind === 'denied') this.denied.push(error);
  }

  /** The root, if anything has asked for it. */
  opened(): Promise<Session | undefined> {
    return (this.#session ?? Promise.resolve(undefined)).catch(() => undefined);
  }

  /**
   * Does one thing for each item; neither the failure of one nor a reader that has gone stops the others. Ctrl-C does,
   * between two.
   */
  async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    let closed: DreamosError | undefined;
    for (const item of items) {
      if (this.signal.aborted) return;
      try {
        await work(item);
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
        if (error.code === 'OUTPUT_CLOSED') closed = error;
        else await this.fail(error);
      }
    }
    if (closed) throw closed;
  }

  /** The words that repeat this command's root in a command line that a person can paste. */
  flags(): string {
    const { root } = this.options;
    return root === undefined ? '' : ` --root ${harmless(quoteWord(root))}`;
  }

  /** As `flags`, for somebody: with his name, unless the environment says it. */
  flagsAs(agent: string): string {
    const known = this.around.env['DREAMOS_AGENT'];
    const said = this.options.as === undefined && known !== undefined && sameAgent(known, agent);
    return `${said ? '' : ` --as ${harmless(quoteWord(agent))}`}${this.flags()}`;
  }

  /** As `flags`, with the name that was typed: for who goes on as the same one. */
  flagsTyped(): string {
    const { as } = this.options;
    return as === undefined ? this.flags() : this.flagsAs(as);
  }

  async close(): Promise<void> {
    const opened = this.#session;
    this.#session = undefined;
    // A root that failed to open has told its error already, and there is nothing to close.
    const root = await opened?.catch(() => undefined);
    await root?.close();
  }
}
