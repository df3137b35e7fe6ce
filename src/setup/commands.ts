/**
 * The command lines that tools run, and by which `setup` knows its own again. They end with 0 whatever becomes of dreamos: every
 * tool takes 2 for "block", and 2 is what a dreamos says that does not know the verb. What it printed counts only when it has
 * ended well, so that the half of it that a crash leaves behind reaches no model.
 */
import { quoteWord } from '../model/basics/shell-word.ts';
import type { HostName, Role } from './hosts.ts';

export interface Caller {
  /** A name that is found on PATH, or a path. */
  readonly program: string;
  readonly as?: string | undefined;
  readonly root?: string | undefined;
}

export function hookCommand(host: HostName, role: Role, { program, as, root }: Caller): string {
  const flag = role === 'tell' ? [] : [`--${role}`];
  const words = [...who({ as }), ...(root === undefined ? [] : ['--root', quoteWord(root)])];
  const line = ['hook', host, ...flag, ...words].join(' ');
  const run = `o=$(${quoteWord(program)} ${line} 2>/dev/null)`;
  // Only here mail is 2, by which Claude Code wakes a session (`asyncRewake`).
  if (role === 'wait' && host === 'claude') return `${run}; [ $? -eq 10 ] && printf %s "$o" && exit 2; exit 0`;
  const command = `${run} && printf %s "$o" || :`;
  return inSh.has(host) ? `sh -c ${quoteWord(command)}` : command;
}

/** Codex runs them by the user's own shell, which may be one of another syntax; what Cursor takes is not known. */
const inSh = new Set<HostName>(['codex', 'cursor']);

const word = String.raw`(?:[\w./:@%+=,-]+|'(?:[^']|'\\'')*')`;
const ours = new RegExp(
  String.raw`^o=\$\((${word}) hook (claude|codex|gemini|cursor)( --wait| --guard)?(?: --as ([\w.-]+))?(?: --root (${word}))? 2>/dev/null\)` +
    String.raw`(?: && printf %s "\$o" \|\| :|; \[ \$\? -eq 10 \] && printf %s "\$o" && exit 2; exit 0)$`,
);

interface Known {
  readonly role: Role;
  readonly caller: Caller;
}

/** What a line is, if it is one of these to its last character: what somebody has changed is theirs. */
export function known(command: unknown, host: HostName): Known | undefined {
  if (typeof command !== 'string') return undefined;
  const line = inSh.has(host) ? /^sh -c ('(?:[^']|'\\'')*')$/.exec(command)?.[1] : command;
  if (line === undefined) return undefined;
  const [, program = '', named, flag, as, root] = ours.exec(inSh.has(host) ? unquote(line) : line) ?? [];
  if (named !== host || !isDreamos(unquote(program))) return undefined;
  const caller = { program: unquote(program), as, root: root === undefined ? undefined : unquote(root) };
  return { role: flag === undefined ? 'tell' : flag === ' --wait' ? 'wait' : 'guard', caller };
}

const isDreamos = (program: string): boolean => /(?:^|\/)dreamos(?:\.cjs)?$/.test(program);

/** The words with which a tool starts the MCP server. */
export function mcpArguments({ as, root }: Omit<Caller, 'program'>): string[] {
  return ['mcp', ...who({ as }), ...(root === undefined ? [] : ['--root', root])];
}

export function isMcpCall(program: unknown, args: unknown): boolean {
  if (typeof program !== 'string' || !isDreamos(program) || !Array.isArray(args)) return false;
  const [verb, ...more] = args as unknown[];
  const [as, , root] = more[0] === '--as' ? [more[0], more[1], more[2]] : [undefined, undefined, more[0]];
  const length = (as === undefined ? 0 : 2) + (root === undefined ? 0 : 2);
  return verb === 'mcp' && (root === undefined || root === '--root') && more.length === length;
}

function who({ as }: Pick<Caller, 'as'>): string[] {
  return as === undefined ? [] : ['--as', as];
}

function unquote(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1).replaceAll(`'\\''`, "'") : text;
}
