/** What people type who know other tools, and what it is called here: by the sense, where the spelling leads elsewhere. */
import type { Command } from 'commander';
import { agentNamePattern } from '../model/agent.ts';
import { isId, mayEndId } from '../model/id.ts';
import { findCommand } from './find-verb.ts';

/**
 * By the word, within its group. Of several the first one counts whose command is there and whose needs are known: an `<id>`
 * or a `<name>` that was typed (`<new>`: the second), an `<agent>` that was typed or has a mailbox, `<me>` who acts.
 */
export const otherWords: Readonly<Record<string, readonly string[]>> = {
  inbox: ['list <agent>'],
  ls: ['list <agent>'],
  mail: ['list <agent>'],
  recv: ['read <agent>'],
  receive: ['read <agent>'],
  get: ['read <agent>'],
  next: ['read <agent>'],
  fetch: ['read <agent>'],
  claim: ['read <agent>'],
  wait: ['read <agent> --wait 30s'],
  tail: ['watch <agent>'],
  follow: ['watch <agent>'],
  log: ['trace <id>', 'watch <agent> --since start'],
  history: ['trace <id>', 'archive list <agent>'],
  sent: ['trace <id>', 'search <agent> --from <agent>'],
  rm: ['cancel <id>'],
  delete: ['cancel <id>'],
  remove: ['cancel <id>'],
  answer: ['reply <id> "your answer"', 'reply "your answer"'],
  forward: ['show <id> --body | dreamos send <agent> --as <me>', 'send <body>'],
  done: ['ack <id>', 'ack'],
  complete: ['ack <id>', 'ack'],
  'mark-read': ['ack <id>', 'ack'],
  fail: ['nack <id>', 'nack'],
  retry: ['dlq retry <id>', 'dlq list'],
  requeue: ['dlq retry <id>', 'dlq list'],
  purge: ['dlq purge <id>', 'dlq purge --all --dry-run'],
  rename: ['agent rename <name> <new>'],
  register: ['agent register <name>'],
  create: ['agent register <name>', 'init'],
  agents: ['agent list'],
  whoami: ['whoami', 'agent list'],
  top: ['status --watch'],
  stats: ['status'],
  count: ['status'],
  fsck: ['doctor'],
  version: ['--version'],
  'agent ls': ['agent list'],
  'agent add': ['agent register <name>'],
  'agent create': ['agent register <name>'],
  'agent mv': ['agent rename <name> <new>'],
  mv: ['agent rename <name> <new>'],
  'agent rm': ['agent delete <name>'],
  'agent remove': ['agent delete <name>'],
  'archive ls': ['archive list <agent>'],
  'archive rm': ['archive prune <agent> --older-than 30d --dry-run'],
  'archive delete': ['archive prune <agent> --older-than 30d --dry-run'],
  'config ls': ['config get'],
  'config list': ['config get'],
  'config show': ['config get'],
  'dlq ls': ['dlq list'],
  'dlq rm': ['dlq purge <id>', 'dlq purge --all --dry-run'],
  'dlq delete': ['dlq purge <id>', 'dlq purge --all --dry-run'],
  'dlq remove': ['dlq purge <id>', 'dlq purge --all --dry-run'],
  'schedule ls': ['schedule list'],
  'schedule rm': ['schedule remove <name>', 'schedule list'],
  'schedule delete': ['schedule remove <name>', 'schedule list'],
  'topics ls': ['topics list'],
  'status --held': ['list <agent> --state inflight'],
  'status --all': ['status'],
  'list --unread': ['list <agent> --state ready'],
  'read --peek': ['peek <agent>'],
  'read --follow': ['watch <agent>'],
  'watch --follow': ['watch <agent>'],
  'agent delete --force': ['agent delete <name> --archive'],
  'agent delete --yes': ['agent delete <name> --archive'],
  'dlq list --by-cause': ['dlq list'],
  'work --once': ['work <agent> --count 1 -- <command>'],
};

/** What a command line is filled in from. */
export interface Known {
  /** What stood behind the word. */
  readonly typed: readonly string[];
  /** Those who have a mailbox, who acts first. */
  readonly agents: readonly string[];
  /** What stood behind `--`, as it can be pasted. */
  readonly command?: string | undefined;
  /** The words that name the same root and agent. */
  readonly flags: string;
}

/**
 * What to type instead of a word that is no command, or an option that its command has not; `undefined`: the word says nothing.
 * @param words the group or the command, if any, and the word
 */
export async function meantCommand(
  program: Command,
  words: readonly string[],
  known: () => Promise<Known>,
): Promise<string | undefined> {
  const key = words.join(' ').toLowerCase();
  const lines = (Object.hasOwn(otherWords, key) ? (otherWords[key] ?? []) : []).filter(
    (line) => findCommand(program, commandIn(line)) !== undefined,
  );
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  const { flags, ...filling } = await known();
  const whole = lines.map((line) => filledIn(line, filling)).find((line) => line !== undefined);
  // What it needs to be told is in its help.
  if (whole === undefined) return `dreamos ${commandIn(last).join(' ')} --help`;
  const parts = whole.split(' | dreamos ').map((line) => `dreamos ${line.replace(/ -- |$/, `${flags}$&`)}`);
  return parts.join(' | ');
}

/** `agent register <name>`: `['agent', 'register']` */
export function commandIn(line: string): string[] {
  const [words = ''] = /^(?:[a-z]+(?: |$))*/.exec(line) ?? [];
  return words.split(' ').filter(Boolean);
}

/** `undefined`: something that it needs is not known. */
function filledIn(line: string, { typed, agents, command }: Omit<Known, 'flags'>): string | undefined {
  const isMessage = (word: string): boolean => isId(word) || (mayEndId(word) && /\d/.test(word));
  const [name, another] = typed.filter((word) => agentNamePattern.test(word) && !isMessage(word));
  const [me] = agents;
  const found: Readonly<Record<string, string | undefined>> = {
    id: typed.find(isMessage),
    name,
    new: another,
    agent: name ?? me,
    me,
    command,
  };
  const needs = [...line.matchAll(/<(\w+)>/g)].map(([, need = '']) => need);
  return needs.every((need) => found[need] !== undefined)
    ? line.replace(/<(\w+)>/g, (_, need: string) => found[need] ?? '')
    : undefined;
}
