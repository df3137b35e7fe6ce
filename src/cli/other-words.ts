/** What people type who know other tools, and what it is called here: by the sense, where the spelling leads elsewhere. */
import type { Command } from 'commander';
import { agentNamePattern } from '../model/agent.ts';
import { isId, mayEndId } from '../model/id.ts';
import { settingKeys } from '../model/settings.ts';
import { findCommand } from './find-verb.ts';

/**
 * By the word, within its group. Of several the first one counts whose command is there and whose needs are known: an `<id>`
 * or a `<name>` that was typed (`<new>`: the second), an `<agent>` that was typed or has a mailbox, `<me>` who acts, and the
 * `<word>` itself.
 */
export const otherWords: Readonly<Record<string, readonly string[]>> = byWord([
  ['inbox, ls, mail, messages, check', 'list <agent>'],
  ['unread, new-mail', 'list <agent> --state ready'],
  ['recv, get, next, fetch, pop, pull, dequeue, consume', 'read <agent>'],
  ['claim, take', 'task accept <id>', 'read <agent>'],
  ['wait, poll', 'read <agent> --wait 30s'],
  ['tail, follow', 'watch <agent>'],
  ['log, logs, events', 'trace <id>', 'watch <agent> --since start'],
  ['history', 'trace <id>', 'archive list <agent>'],
  ['sent', 'trace <id>', 'search <agent> --from <agent>'],
  ['view, cat, open', 'show <id>'],
  ['find, grep', 'search <text>'],
  [
    'push, post, enqueue, put, msg, message, tell, notify, write, submit, produce, mailto, compose',
    'send <name> "your text"',
  ],
  ['broadcast', 'send @all "your text"'],
  ['ask, query, call', 'request <name> "your question"'],
  ['rm, delete, remove, undo, unsend, recall, revoke, clear, flush, empty', 'cancel <id>'],
  ['answer, respond', 'reply <id> "your answer"', 'reply "your answer"'],
  ['forward, fwd', 'show <id> --body | dreamos send <agent> --as <me>', 'send <body>'],
  ['done, complete, finish, mark-read, acknowledge, confirm, accept', 'ack <id>', 'ack'],
  ['fail, reject, abandon', 'nack <id>', 'nack'],
  ['release', 'nack <id>', 'reserve release'],
  ['unlock', 'reserve release'],
  ['lock', 'reserve <path>'],
  ['run, exec, handle', 'work <agent> -- <command>'],
  ['emit', 'publish <topic>'],
  ['heartbeat', 'agent heartbeat <agent>', 'renew'],
  ['extend, touch, keepalive', 'renew <id>', 'renew'],
  ['retry, requeue, redrive, replay, resend', 'dlq retry <id>', 'dlq list'],
  ['dead, dead-letters, deadletter, failed, errors', 'dlq list'],
  ['purge', 'dlq purge <id>', 'dlq purge --all --dry-run'],
  ['rename, mv', 'agent rename <name> <new>'],
  ['register', 'agent register <name>'],
  ['install', 'setup'],
  ['uninstall', 'setup --uninstall'],
  ['create, new, add', 'agent register <name>', 'init'],
  ['start', 'agent start <name>', 'init'],
  ['agents, group, groups, users', 'agent list'],
  ['load, migrate', 'import <dir>'],
  ['man', 'help <word>'],
  ['whoami', 'whoami', 'agent list'],
  ['presence, online, alive, here, w', 'who'],
  ['ps, monitor, htop', 'top'],
  ['stats, count, info, queue, queues, mailboxes, health, size', 'status'],
  ['tasks, todo, todos, backlog, jobs, issue, issues, beads', 'task list'],
  ['assign, delegate', 'task assign <id> <name>', 'task assign <id>'],
  ['progress', 'task progress <id>', 'task list'],
  ['ready, blocked', 'task list --<word>'],
  ['coordinator, leader, elect, failover', 'coordinate'],
  ['idle, busy', 'agent heartbeat <agent> --status <word>'],
  ['fsck, verify', 'doctor'],
  ['clean, cleanup, gc, vacuum, compact, prune', 'maintain --dry-run'],
  ['snapshot, dump, save', 'backup <file>'],
  ['cron, crontab, schedules', 'schedule list'],
  ['limits, limit, quota, quotas', 'resources show'],
  ['resource, resources list, resources ls, resources get', 'resources show'],
  ['topic', 'topics list'],
  ['subscriptions, subs', 'agent show <agent>'],
  ['settings, set', 'config get'],
  ['version', '--version'],
  ['agent ls', 'agent list'],
  ['agent add, agent create, agent new, agent init, agent unretire, agent enable', 'agent register <name>'],
  ['agent update, agent edit, agent set, agent config, agent group, agent groups, agent join', 'agent register <card>'],
  ['agent info, agent get, agent describe', 'agent show <name>'],
  ['agent mv', 'agent rename <name> <new>'],
  ['agent rm, agent remove', 'agent delete <name>'],
  ['agent disable, agent stop', 'agent retire <name>'],
  ['agent ready, agent beat, agent ping, agent alive', 'agent heartbeat <agent>'],
  ['agent idle, agent busy', 'agent heartbeat <agent> --status <word>'],
  ['agent status, agent state, agent health', 'who <name>', 'who'],
  ['agent pause', 'pause <name>'],
  ['agent resume', 'resume <name>'],
  ['archive ls', 'archive list <agent>'],
  ['archive rm, archive delete, archive clean, archive purge', 'archive prune <agent> --older-than 30d --dry-run'],
  ['config ls, config list', 'config show'],
  ['config log, config versions', 'config history'],
  ['config undo, config revert, config restore', 'config history'],
  ['config init', 'config show'],
  ['identity ls, identity status', 'identity list'],
  ['identity init, identity new, identity add, identity generate, identity keygen', 'identity create <agent>'],
  ['identity rm, identity delete, identity remove', 'identity revoke <name>'],
  ['trust ls, trust show, trust status', 'trust list'],
  ['trust add, trust init', 'trust accept <agent>'],
  ['trust forget, trust revoke, trust rm, trust delete, trust reset', 'trust remove <agent>'],
  ['policy log, policy versions, policy undo, policy revert, policy restore', 'policy history'],
  ['policy init, policy create, policy new, policy add, policy edit', 'policy set <file>'],
  ['policy delete, policy rm, policy unset, policy clear, policy off', 'policy remove'],
  [settingKeys.map((key) => `config ${key}`).join(', '), 'config set <word> <name>', 'config get <word>'],
  ['config reset, config rm, config delete', 'config unset <name>'],
  ['audit ls, audit show, audit log', 'audit list'],
  ['alerts ls, alerts show, alerts status', 'alerts list'],
  ['token ls, token show, token status', 'token list'],
  ['token init, token new, token add', 'token create <agent>'],
  ['token rm, token delete, token remove', 'token revoke <name>'],
  ['dlq ls', 'dlq list'],
  ['dlq get, dlq view', 'dlq show <id>'],
  ['dlq replay, dlq requeue, dlq redrive, dlq resend', 'dlq retry <id>', 'dlq retry --all --dry-run'],
  ['dlq rm, dlq delete, dlq remove, dlq clear, dlq empty, dlq flush', 'dlq purge <id>', 'dlq purge --all --dry-run'],
  ['dlq count, dlq stats', 'status'],
  ['schedule ls', 'schedule list'],
  ['schedule create, schedule new, schedule init', 'schedule add <cron>'],
  ['schedule rm, schedule delete', 'schedule remove <name>', 'schedule list'],
  ['task ls', 'task list'],
  ['task add, task new, task init, task make, task submit, task send', 'task create --title "what is to be done"'],
  ['task get, task view, task info, task status, task history, task log, task trace', 'task show <id>', 'task list'],
  ['task take, task claim, task start, task begin, task pick, task read', 'task accept <id>', 'task next'],
  ['task finish, task complete, task close, task resolve, task ack', 'task done <id>'],
  ['task update, task report, task renew, task extend, task heartbeat', 'task progress <id>'],
  ['task abandon, task reject', 'task fail <id>'],
  ['task release, task unassign, task unclaim, task return, task nack', 'nack <id>'],
  ['task rm, task remove, task delete, task drop, task kill', 'task cancel <id>'],
  ['task reopen, task requeue, task again', 'task retry <id>'],
  ['task reassign, task give, task delegate, task move', 'task assign <id> <name>', 'task assign <id>'],
  ['task explain, task why, task candidates', 'task assign <id> --explain'],
  ['task tree, task ready, task blocked, task mine', 'task list --<word>'],
  ['task follow, task tail, task events', 'task watch <id>', 'task watch'],
  ['task wait, task poll', 'task next --wait 10m'],
  ['topics ls', 'topics list'],
  ['topics create, topics add, topics new', 'publish <topic>'],
  ['status --held', 'list <agent> --state inflight'],
  ['status --all', 'status'],
  ['list --unread', 'list <agent> --state ready'],
  ['read --peek', 'peek <agent>'],
  ['read --all', 'read <agent> --count 10'],
  ['read --block', 'read <agent> --wait 30s'],
  ['ack --all, nack --all, renew --all', 'list <agent> --state inflight'],
  ['-v', '--version'],
  ['read --follow, read -f', 'watch <agent>'],
  ['agent delete --force, agent delete --yes', 'agent delete <name> --archive'],
  ['dlq list --by-cause', 'dlq list'],
  ['work --once', 'work <agent> --count 1 -- <command>'],
  [
    'work --retries, work --max-attempts, work --max-retries, send --retries, send --max-attempts, send --max-retries',
    'config get maxAttempts',
  ],
  ['schedule add --every, schedule add --interval', 'schedule add <cron>'],
]);

/** What a command line is filled in from. */
export interface Known {
  readonly word?: string | undefined;
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
  // In a group of mail that has not the word the command itself may be meant: `topics subscribe`.
  const alone = words.length > 1 && ofMail.has(words[0] ?? '') ? findCommand(program, words.slice(-1)) : undefined;
  if (last === undefined) return alone && alone.name() !== 'init' ? `dreamos ${alone.name()} --help` : undefined;
  const { flags, ...filling } = await known();
  const whole = lines
    .map((line) => filledIn(line, { word: words.at(-1), ...filling }))
    .find((line) => line !== undefined);
  // What it needs to be told is in its help.
  if (whole === undefined) return `dreamos ${commandIn(last).join(' ')} --help`;
  const parts = whole.split(' | dreamos ').map((line) => `dreamos ${line.replace(/ -- |$/, `${flags}$&`)}`);
  return parts.join(' | ');
}

/** Groups of what commands without a group do something to, too. */
const ofMail: ReadonlySet<string> = new Set(['agent', 'archive', 'dlq', 'schedule', 'task', 'topics']);

/** `agent register <name>`: `['agent', 'register']` */
export function commandIn(line: string): string[] {
  const [words = ''] = /^(?:[a-z]+(?: |$))*/.exec(line) ?? [];
  return words.split(' ').filter(Boolean);
}

/** `undefined`: something that it needs is not known. */
function filledIn(line: string, { word, typed, agents, command }: Omit<Known, 'flags'>): string | undefined {
  const isMessage = (one: string): boolean => isId(one) || (mayEndId(one) && /\d/.test(one));
  const [name, another] = typed.filter((one) => agentNamePattern.test(one) && !isMessage(one));
  const [me] = agents;
  const found: Readonly<Record<string, string | undefined>> = {
    id: typed.find(isMessage),
    name,
    new: another,
    agent: name ?? me,
    me,
    word,
    command,
  };
  const needs = [...line.matchAll(/<(\w+)>/g)].map(([, need = '']) => need);
  return needs.every((need) => found[need] !== undefined)
    ? line.replace(/<(\w+)>/g, (_, need: string) => found[need] ?? '')
    : undefined;
}

function byWord(rows: readonly (readonly [words: string, ...lines: string[]])[]): Record<string, string[]> {
  return Object.fromEntries(
    rows.flatMap(([words, ...lines]) => words.split(', ').map((word) => [word.toLowerCase(), lines])),
  );
}
