import { cut, withoutPasswords } from '../model/basics/text.ts';
import { DreamosError } from '../model/errors.ts';
import { errorAsTyped, withEnds, withRoot } from './as-typed.ts';
import { asDreamosError, errorJson } from './errors.ts';
import { harmless, harmlessJson } from './harmless.ts';
import type { Outlet, Surroundings } from './surroundings.ts';

/** Colours for text; without colour each returns its text unchanged. */
export type Paint = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>;

/**
 * The only way out of a command: data to stdout, all else to stderr, one write each and in order. A write counts when the
 * stream has taken it, so whoever awaits it also waits for a slow reader. The only user of chalk and cli-table3, which
 * are loaded when the first colour or table is wanted.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #around: Surroundings;
  readonly #color: boolean | undefined;
  readonly #verb: string;
  readonly #root: string | undefined;
  #progress = false;
  readonly #warned = new Set<string>();
  #instead: ((warning: string) => void) | undefined;

  constructor(
    around: Surroundings,
    options: { json?: boolean; quiet?: boolean; color?: boolean; root?: string },
    verb = '',
  ) {
    this.#around = around;
    this.json = options.json ?? false;
    this.quiet = options.quiet ?? false;
    this.#color = options.color;
    this.#verb = verb;
    this.#root = options.root;
  }

  /** Whether a person looks at stdout. */
  get toTerminal(): boolean {
    return this.#around.stdout.isTTY === true && this.#around.env['TERM'] !== 'dumb';
  }

  /** How much of stdout a person sees at once, where one looks: lines, and characters a line. */
  get screen(): { readonly rows: number; readonly columns: number } | undefined {
    const { rows, columns } = this.#around.stdout;
    // A terminal whose size nobody has set says 0.
    return this.toTerminal ? { rows: rows || 24, columns: columns || 80 } : undefined;
  }

  /** One result: a JSON line, or its text for people. @throws OUTPUT_CLOSED, DISK_FAILED */
  async item(value: unknown, text: () => string): Promise<void> {
    await this.data(this.lineOf(value, text));
  }

  /**
   * The one result of what has been done: an error of the output must not be taken for one of the work.
   * @param did what was done, where the text does not say it @throws as `item`
   */
  async outcome(value: unknown, text: () => string, did = text): Promise<void> {
    try {
      await this.item(value, text);
    } catch (cause) {
      if (!(cause instanceof DreamosError) || cause.code !== 'DISK_FAILED') throw cause;
      throw new DreamosError(cause.kind, cause.code, `${cause.message} But it is done: ${did()}.`, {
        hint: 'Do not do it again.',
        cause,
      });
    }
  }

  /** What `item` prints. */
  lineOf(value: unknown, text: () => string): string {
    return this.json ? `${harmlessJson(value)}\n` : `${text()}\n`;
  }

  /** Text or bytes to stdout as they are; returns when the stream has taken them. @throws OUTPUT_CLOSED, DISK_FAILED */
  async data(text: string | Uint8Array): Promise<void> {
    await this.#clearProgress();
    await write(this.#around.stdout, text);
  }

  /** What another program said, to stderr as it is. */
  async pass(bytes: Uint8Array): Promise<void> {
    await this.#tell(bytes);
  }

  /** A remark for a person, on stderr; nothing with --json or --quiet. */
  async note(text: string): Promise<void> {
    if (!this.json && !this.quiet) await this.#tell(`${await this.#broken(text)}\n`);
  }

  /** Something that should be known, but did not stop the command; nothing with --quiet. */
  async warn(text: string): Promise<void> {
    if (this.quiet) return;
    this.#warned.add(text);
    const message = withoutPasswords(withRoot(text, this.#root));
    if (this.#instead) return this.#instead(message);
    if (this.json) return this.#tell(`${harmlessJson({ warning: { message } })}\n`);
    const paint = await this.paint('stderr');
    await this.#tell(`${await this.#broken(`${paint.yellow('Warning:')} ${harmless(message)}`)}\n`);
  }

  /** Whether a person has read this already; a program's lines are told apart by their codes, and each is told. */
  hasWarned(text: string): boolean {
    return !this.json && this.#warned.has(text);
  }

  /** Warnings go there from now on: who has the whole terminal shows them himself. Without it they are said again. */
  divert(to?: (warning: string) => void): void {
    this.#instead = to;
  }

  async error(thrown: unknown, line?: number): Promise<void> {
    const error = errorAsTyped(asDreamosError(thrown), this.#verb, line !== undefined, this.#root);
    // Nothing there is an answer, not a mishap: a loop around `read --quiet` stays silent.
    if (error.kind === 'nothing' && this.quiet) return;
    if (this.json) return this.#tell(`${harmlessJson(errorJson(error, line))}\n`);
    if (error.kind === 'nothing') return this.#tell(`${await this.#broken(harmless(error.message))}\n`);
    const paint = await this.paint('stderr');
    const where = line === undefined ? '' : `line ${line}: `;
    let text = `${paint.red('Error:')} ${where}${harmless(error.message)}\n`;
    if (error.hint !== undefined) text += `  ${paint.dim('Next:')} ${harmless(error.hint)}\n`;
    text = await this.#broken(text);
    if (error.kind === 'bug' && this.#around.env['DREAMOS_DEBUG'] && error.cause instanceof Error) {
      const { inSources } = await import('./in-sources.ts');
      text += `${harmless(inSources(withoutPasswords(error.cause.stack ?? '')), 'block')}\n`;
    }
    await this.#tell(text);
  }

  /** How far a long work is: one line that replaces itself, on a terminal's stderr and nowhere else. */
  progress(text: string): void {
    if (this.json || this.quiet || this.#around.stderr.isTTY !== true || this.#around.env['TERM'] === 'dumb') return;
    const room = (this.#around.stderr.columns || 80) - 1;
    this.#progress = true;
    this.#around.stderr.write(`\r\u001B[K${cut(harmless(text), room)}`);
  }

  /** Ends a line that `progress` left behind. */
  async done(): Promise<void> {
    await this.#clearProgress();
  }

  async paint(to: 'stdout' | 'stderr' = 'stdout'): Promise<Paint> {
    if (!wantsColor(this.#around[to], this.#around.env, this.#color)) return plain;
    const { Chalk } = await import('chalk');
    return new Chalk({ level: 1 });
  }

  /** Several results: JSON Lines, or one table for people; of none nothing. */
  async rows<T>(items: readonly T[], head: readonly string[], row: (item: T) => readonly string[]): Promise<void> {
    if (this.json) for (const item of items) await this.item(item, () => '');
    else if (items.length > 0) {
      const cells = items.map((item) => row(item).map((cell) => harmless(cell)));
      const { fitted } = await import('./fit.ts');
      const table = fitted(head, cells, this.width);
      await this.data(`${await this.table(table.head, table.rows, table.widths)}\n`);
    }
  }

  /** How many columns a person has on stdout; `Infinity`: it goes elsewhere. */
  get width(): number {
    return this.screen?.columns ?? Infinity;
  }

  /**
   * Rows in aligned columns under a head, without a line end.
   * @param widths of the columns, where they are not as wide as what is in them: what is longer is cut
   */
  async table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    widths?: readonly number[],
  ): Promise<string> {
    const { default: Table } = await import('cli-table3');
    const { gap } = await import('./fit.ts');
    const paint = await this.paint();
    // cli-table3 colours by itself unless both styles are empty, whatever NO_COLOR says.
    const table = new Table({
      head: head.map((title) => paint.bold(title)),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
      chars: noBorders,
      ...(widths && { colWidths: widths.map((width) => width + gap) }),
    });
    table.push(...rows.map((row) => row.map((cell) => harmless(cell))));
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
  }

  /** As wide as the terminal of stderr, with short ids to type; a remark that goes elsewhere stays one line, and exact. */
  async #broken(text: string): Promise<string> {
    const { isTTY, columns } = this.#around.stderr;
    if (isTTY !== true || this.#around.env['TERM'] === 'dumb') return text;
    return (await import('./fit.ts')).broken(withEnds(text), columns || 80);
  }

  async #tell(text: string | Uint8Array): Promise<void> {
    await this.#clearProgress();
    // Nobody is left to be told that stderr is gone, and the work itself is not the worse for it.
    await write(this.#around.stderr, text).catch(() => undefined);
  }

  async #clearProgress(): Promise<void> {
    if (!this.#progress) return;
    this.#progress = false;
    await write(this.#around.stderr, '\r\u001B[K').catch(() => undefined);
  }
}

/** --no-color, then FORCE_COLOR, NO_COLOR, TERM=dumb, and else colour on terminals only. */
export function wantsColor(stream: Outlet, env: NodeJS.ProcessEnv, flag?: boolean): boolean {
  if (flag === false) return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR'] || env['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}

const same = (text: string) => text;
const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const lines = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
const noBorders = Object.fromEntries([...borders, ...lines].map((place) => [place, '']));

const guarded = new WeakSet<Outlet>();

function write(stream: Outlet, text: string | Uint8Array): Promise<void> {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    // A failed write is also an 'error' event, which would end the process; the callback below has told it already.
    stream.on('error', () => undefined);
  }
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(writeError(error)) : resolve()));
  });
}

function writeError(error: NodeJS.ErrnoException): DreamosError {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'ECONNRESET') {
    return new DreamosError('disk', 'OUTPUT_CLOSED', 'The reader of the output has gone.', { cause: error });
  }
  return new DreamosError('disk', 'DISK_FAILED', `The output could not be written: ${error.message}.`, {
    cause: error,
  });
}
