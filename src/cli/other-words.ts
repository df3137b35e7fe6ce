/** What people type who know other tools, and what it is called here: by the sense, where the spelling leads elsewhere. */
import type { Command } from 'commander';
import { findCommand } from './find-verb.ts';

/**
 * By the word, within its group. Of several the first one counts whose command is there; what stands in <> is what it needs
 * to know, and makes room for what was typed.
 */
export const otherWords: Readonly<Record<string, readonly string[]>> = {
  inbox: ['list <agent>'],
  ls: ['list <agent>'],
  mail: ['list <agent>'],
  recv: ['read <agent>'],
  receive: ['read <agent>'],
  get: ['read <agent>'],
  next: ['read <agent>'],
  wait: ['read <agent> --wait 30s'],
  tail: ['watch <agent>'],
  follow: ['watch <agent>'],
  rm: ['cancel <id>'],
  delete: ['cancel <id>'],
  remove: ['cancel <id>'],
  answer: ['reply <id>'],
  done: ['ack <id>'],
  rename: ['agent rename <name> <new>'],
  register: ['agent register <name>'],
  agents: ['agent list'],
  backup: ['backup <file>', 'archive export'],
  whoami: ['whoami', 'agent list'],
  top: ['status --watch'],
  stats: ['status'],
  fsck: ['doctor'],
  'agent ls': ['agent list'],
  'agent add': ['agent register <name>'],
  'agent create': ['agent register <name>'],
  'agent mv': ['agent rename <name> <new>'],
  mv: ['agent rename <name> <new>'],
  'agent rm': ['agent delete <name>', 'agent retire <name>'],
  'agent remove': ['agent delete <name>', 'agent retire <name>'],
  'agent delete': ['agent delete <name>', 'agent retire <name>'],
  'archive ls': ['archive list <agent>'],
  'archive rm': ['archive prune <agent>'],
  'archive delete': ['archive prune <agent>'],
  'config ls': ['config get'],
  'config list': ['config get'],
  'config show': ['config get'],
  'dlq ls': ['dlq list <agent>'],
  'dlq rm': ['dlq purge <agent> <id>'],
  'dlq delete': ['dlq purge <agent> <id>'],
  'dlq remove': ['dlq purge <agent> <id>'],
  'schedule ls': ['schedule list'],
  'schedule rm': ['schedule remove <name>'],
  'schedule delete': ['schedule remove <name>'],
  'topics ls': ['topics list'],
};

/**
 * What to type instead of a word that is no command; `undefined`: the word says nothing.
 * @param words the group, if any, and the word
 * @param typed what stood behind it
 * @param flags the words that name the same root
 */
export function meantCommand(
  program: Command,
  words: readonly string[],
  typed: readonly string[] = [],
  flags = '',
): string | undefined {
  const key = words.join(' ').toLowerCase();
  const known = Object.hasOwn(otherWords, key) ? (otherWords[key] ?? []) : [];
  const meant = known.find((line) => findCommand(program, commandIn(line)) !== undefined);
  if (meant === undefined) return undefined;
  const left = [...typed];
  return `dreamos ${meant.replace(/<\w+>/g, (place) => left.shift() ?? place)}${flags}`;
}

/** `agent register <name>`: `['agent', 'register']` */
export function commandIn(line: string): string[] {
  return line.split(' ').filter((word) => /^[a-z]+$/.test(word));
}
