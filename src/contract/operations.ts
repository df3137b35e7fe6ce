/**
 * What dreamos does: each operation once. The command's descriptions, `help json`, `help guarantees`, `schema` and completion
 * are made from it, and every face that is still to come. Data only, because every command loads it.
 */
import type { SchemaName } from './schemas.ts';

export interface Operation {
  /** One phrase, for who looks for a command. */
  readonly summary: string;
  /** The words of the command, where they are not the name's; `null`: only the library has it. */
  readonly command?: string | null;
  /** The name is the path in the library; `null`: only the command has it. */
  readonly library?: null;
  /** What it needs to know: mail to send, which mail is meant, whose, or the thing itself. */
  readonly input?:
    | 'draft'
    | 'drafts'
    | 'filter'
    | 'message'
    | 'id'
    | 'text'
    | 'patterns'
    | 'agent'
    | 'setting'
    | 'schedule'
    | 'paths'
    | 'tree';
  /** What --json prints; nothing: text alone. */
  readonly output?: SchemaName;
  /** `output` for each of several items, or of what comes. */
  readonly each?: true;
  /** `looks` claims and finishes nothing; `changes` mail, or who gets it; `administers` what holds for all. */
  readonly effect: 'looks' | 'changes' | 'administers';
  /**
   * The mailboxes that it may touch or show: `one` that is named, else the acting agent's; the `acting` agent's; the
   * `several` that are named, else all (of some looks the acting agent's first); `all`; a `topic`'s log; `none`.
   */
  readonly concerns: 'one' | 'acting' | 'several' | 'all' | 'topic' | 'none';
  /** What is on disk, synced, before it says that it is done; it goes on from "Syncs". */
  readonly syncs?: string;
}

const redelivery = 'nothing: a power cut undoes it, and the message is delivered again, never lost';
const asSent =
  'the message (full), or nothing (relaxed: after a power cut the last seconds may be missing, or lie in corrupt/; with --dedupe-key always as full)';
const document = 'the file and its folder';
const stillDead = 'nothing: after a power cut it may still be in the DLQ';

const table = {
  init: {
    summary: 'make the root (runtime/agent_comms) and the named agents; repeating it is fine',
    library: null,
    input: 'agent',
    output: 'init',
    effect: 'administers',
    concerns: 'several',
    syncs: 'the folders it makes',
  },
  'agent.register': {
    summary: 'make an agent and its mailbox, or change its card',
    input: 'agent',
    output: 'agent-register',
    effect: 'administers',
    concerns: 'one',
    syncs: 'the mailbox and its card',
  },
  'agent.list': {
    summary: 'every agent, and the sessions of its tools',
    output: 'agent-list',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  'agent.show': {
    summary: "one agent's card, and what it is subscribed to",
    input: 'agent',
    output: 'agent-show',
    effect: 'looks',
    concerns: 'none',
  },
  'agent.a2a': {
    summary: 'an agent as an AgentCard of A2A v1',
    command: 'agent show --a2a',
    input: 'agent',
    output: 'a2a',
    effect: 'looks',
    concerns: 'none',
  },
  'agent.retire': {
    summary: 'no new mail for this agent; what it has can still be read',
    input: 'agent',
    output: 'agent',
    effect: 'administers',
    concerns: 'one',
    syncs: 'the card',
  },
  'agent.rename': {
    summary: 'give an agent another name; its mail, groups, subscriptions, schedules and files go with it',
    input: 'agent',
    output: 'agent-rename',
    effect: 'administers',
    concerns: 'one',
    syncs: 'the mailbox under its new name and its card, then the subscriptions, the schedules and the reservations',
  },
  'agent.delete': {
    summary: 'end an agent, its subscriptions, schedules and reservations; what it had finished can still be read',
    input: 'agent',
    output: 'agent-delete',
    effect: 'administers',
    concerns: 'one',
    syncs:
      'the card, the subscriptions, the schedules and the reservations; not what it archives: after a power cut, run it again',
  },
  pause: {
    summary: 'deliver nothing from a mailbox until it is resumed; it goes on taking mail',
    input: 'agent',
    output: 'pause',
    effect: 'administers',
    concerns: 'one',
    syncs: 'the card',
  },
  resume: {
    summary: 'deliver from a paused mailbox again',
    input: 'agent',
    output: 'pause',
    effect: 'administers',
    concerns: 'one',
    syncs: 'the card',
  },
  send: {
    summary: 'send a message to agents, @groups or @all; prints its id',
    input: 'draft',
    output: 'send',
    effect: 'changes',
    concerns: 'several',
    syncs: asSent,
  },
  sendAll: {
    summary: 'send many messages, each with its own result',
    command: 'send --batch',
    input: 'drafts',
    output: 'send',
    each: true,
    effect: 'changes',
    concerns: 'several',
    syncs: asSent,
  },
  preview: {
    summary: 'who would get a message, and why',
    command: 'send --dry-run',
    input: 'draft',
    output: 'route',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  until: {
    summary: 'wait until a message is claimed or acked everywhere',
    command: 'send --until',
    input: 'message',
    output: 'send',
    effect: 'looks',
    concerns: 'several',
  },
  reply: {
    summary: 'answer a message, by receipt or id, else the one you hold, in its thread',
    input: 'draft',
    output: 'reply',
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the answer as send does its message; the ack is not synced',
  },
  request: {
    summary: 'send a message and wait for the answer; prints it',
    input: 'draft',
    output: 'request',
    effect: 'changes',
    concerns: 'acting',
    syncs: 'its inbox, and the message as send does; not that it takes and acks the answer',
  },
  read: {
    summary: 'claim the next message under a lease',
    input: 'filter',
    output: 'read',
    each: true,
    effect: 'changes',
    concerns: 'one',
    syncs: redelivery,
  },
  consume: {
    summary: 'claim messages one after the other, as they come',
    command: null,
    input: 'filter',
    output: 'read',
    each: true,
    effect: 'changes',
    concerns: 'one',
    syncs: redelivery,
  },
  work: {
    summary: 'run a command for each message: work [agent] -- <command...>',
    input: 'filter',
    output: 'work',
    each: true,
    effect: 'changes',
    concerns: 'one',
    syncs: 'nothing but dead letters and replies',
  },
  peek: {
    summary: 'look at the next message; claims nothing',
    input: 'filter',
    output: 'peek',
    each: true,
    effect: 'looks',
    concerns: 'one',
  },
  ack: {
    summary: 'finish, by receipt or id, else the one you hold',
    input: 'message',
    output: 'settled',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: redelivery,
  },
  nack: {
    summary: 'give back, by receipt or id, else the one you hold; it comes again, or goes to the dead-letter queue',
    input: 'message',
    output: 'settled',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'nothing, as ack; but a dead letter (--dead, last attempt) with its reason',
  },
  renew: {
    summary: 'extend the lease, by receipt or id, else of the one you hold',
    input: 'message',
    output: 'settled',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: redelivery,
  },
  list: {
    summary: 'what is where: by default ready, delayed and inflight; with what you hold',
    input: 'filter',
    output: 'list',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  show: {
    summary: 'one message whole, and where it is',
    input: 'id',
    output: 'show',
    effect: 'looks',
    concerns: 'all',
  },
  trace: {
    summary: "one message's life in all mailboxes and topics, from the event logs",
    input: 'id',
    output: 'trace',
    each: true,
    effect: 'looks',
    concerns: 'all',
  },
  thread: {
    summary: 'a conversation, oldest first, by its thread or any message in it',
    input: 'id',
    output: 'show',
    each: true,
    effect: 'looks',
    concerns: 'all',
  },
  search: {
    summary:
      'messages with this text in subject, body, sender, id, tags, data or why they died; without a name, everywhere',
    input: 'text',
    output: 'search',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  cancel: {
    summary: 'take back what nobody has claimed; it goes to the archive',
    input: 'id',
    output: 'entry',
    each: true,
    effect: 'changes',
    concerns: 'all',
    syncs: 'nothing: after a power cut it may be ready again',
  },
  deliver: {
    summary: 'deliver what is delayed or rests after a nack now, or at another time',
    input: 'id',
    output: 'entry',
    each: true,
    effect: 'changes',
    concerns: 'all',
    syncs: 'nothing: after a power cut it may be delayed as before',
  },
  'schedule.add': {
    summary: 'send this message each time a cron line says so',
    input: 'schedule',
    output: 'schedule-list',
    effect: 'changes',
    concerns: 'several',
    syncs: document,
  },
  'schedule.list': {
    summary: 'every schedule: when it comes next, and what became of the last time',
    output: 'schedule-list',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  'schedule.show': {
    summary: 'one schedule whole, with its next five times',
    input: 'schedule',
    output: 'schedule-show',
    effect: 'looks',
    concerns: 'none',
  },
  'schedule.remove': {
    summary: 'end schedules; what they have sent stays',
    input: 'schedule',
    output: 'schedule',
    each: true,
    effect: 'changes',
    concerns: 'none',
    syncs: document,
  },
  'schedule.fire': {
    summary: 'send what the schedules say, for a process that never waits',
    command: null,
    effect: 'changes',
    concerns: 'several',
    syncs: 'each message, then the file and its folder',
  },
  watch: {
    summary: 'one line per event as it happens; without a name, all mailboxes',
    output: 'watch',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  status: {
    summary: 'ready, inflight, delayed, dead, archived, oldest age, last read',
    output: 'status',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  overview: {
    summary: 'a live page: agents, mailboxes, rates, what is stuck, the last events; keys to sort, filter, open',
    command: 'top',
    output: 'top',
    effect: 'looks',
    concerns: 'several',
  },
  'resources.show': {
    summary: 'what each agent, or one, may use (tasks, messages a minute, its mailbox), and uses',
    output: 'resources',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  publish: {
    summary: 'publish a message to all who are subscribed to its topic; prints its id',
    input: 'draft',
    output: 'publish',
    effect: 'changes',
    concerns: 'topic',
    syncs: asSent,
  },
  subscribe: {
    summary: 'from now on, what is published to matching topics arrives in your mailbox',
    input: 'patterns',
    output: 'subscription',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the subscriptions',
  },
  unsubscribe: {
    summary: 'end subscriptions; what has arrived stays',
    input: 'patterns',
    output: 'subscription',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the subscriptions',
  },
  listen: {
    summary: 'one line per message as it is published; keeps nothing for you',
    input: 'patterns',
    output: 'listen',
    each: true,
    effect: 'looks',
    concerns: 'topic',
  },
  'topics.list': {
    summary: 'every topic: how many messages its log holds, the last one, who is subscribed',
    output: 'topic',
    each: true,
    effect: 'looks',
    concerns: 'topic',
  },
  'topics.show': {
    summary: 'one topic, its subscribers and its newest messages',
    input: 'patterns',
    output: 'topics-show',
    effect: 'looks',
    concerns: 'topic',
  },
  'topics.prune': {
    summary: "delete old messages from topics' logs for good; by name or pattern",
    input: 'patterns',
    output: 'prune',
    each: true,
    effect: 'administers',
    concerns: 'topic',
    syncs: 'nothing: after a power cut some of it may be there again',
  },
  'reservations.reserve': {
    summary: 'have files to yourself for a while: all that are named, or none; who asks first has them',
    command: 'reserve',
    input: 'paths',
    output: 'reserve',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the reservations',
  },
  'reservations.list': {
    summary: 'who has which files, until when and why',
    command: 'reserve list',
    output: 'reservation',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  'reservations.check': {
    summary: 'whether you may change files: exit 0 for free or yours, 5 for held by others',
    command: 'reserve check',
    input: 'paths',
    output: 'reservation-check',
    each: true,
    effect: 'looks',
    concerns: 'acting',
  },
  'reservations.renew': {
    summary: 'keep files for longer; without a path, all that you have',
    command: 'reserve renew',
    input: 'paths',
    output: 'reservation',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the reservations',
  },
  'reservations.release': {
    summary: 'give files free; without a path, all that you have',
    command: 'reserve release',
    input: 'paths',
    output: 'reservation',
    each: true,
    effect: 'changes',
    concerns: 'acting',
    syncs: 'the reservations',
  },
  'archive.list': {
    summary: 'finished messages, newest first',
    input: 'filter',
    output: 'archive',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  'archive.show': {
    summary: 'one finished message whole',
    input: 'id',
    output: 'archive',
    effect: 'looks',
    concerns: 'one',
  },
  'archive.search': {
    summary:
      'finished messages with this text in subject, body, sender, id, tags or data; without a name, of all mailboxes',
    input: 'text',
    output: 'archive',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  'archive.restore': {
    summary: 'make finished messages ready again',
    input: 'id',
    output: 'entry',
    each: true,
    effect: 'changes',
    concerns: 'one',
    syncs: 'nothing; of a packed message the message, before it is marked as gone from its pack',
  },
  'archive.pack': {
    summary: 'pack whole past days into .jsonl.gz files; they are listed, searched, shown and restored as before',
    output: 'maintain',
    each: true,
    effect: 'administers',
    concerns: 'one',
    syncs: 'each pack, before the entries in it are removed',
  },
  'archive.prune': {
    summary: 'delete whole past days of the archive for good',
    output: 'maintain',
    each: true,
    effect: 'administers',
    concerns: 'one',
    syncs: 'nothing: what a power cut brings back, the next run deletes',
  },
  'archive.export': {
    summary: 'finished messages as JSON Lines, packed or not, the oldest first',
    input: 'filter',
    output: 'archive',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  'dlq.list': {
    summary: 'dead letters and why they are dead, newest first; without a name, of all mailboxes',
    input: 'filter',
    output: 'dlq',
    each: true,
    effect: 'looks',
    concerns: 'several',
  },
  'dlq.show': {
    summary: 'one dead letter whole, with its history',
    input: 'id',
    output: 'dlq-show',
    effect: 'looks',
    concerns: 'one',
  },
  'dlq.retry': {
    summary: 'make dead letters ready again, by id or by cause; attempts start anew',
    input: 'filter',
    output: 'entry',
    each: true,
    effect: 'changes',
    concerns: 'several',
    syncs: stillDead,
  },
  'dlq.purge': {
    summary: 'delete dead letters for good, by id or by cause',
    input: 'filter',
    output: 'dlq-purge',
    each: true,
    effect: 'changes',
    concerns: 'several',
    syncs: stillDead,
  },
  'config.get': {
    summary: 'one setting or all, and where each comes from',
    input: 'setting',
    output: 'config',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  'config.set': {
    summary: "set it for the whole root; '' unsets it",
    input: 'setting',
    output: 'config',
    effect: 'administers',
    concerns: 'all',
    syncs: document,
  },
  doctor: {
    summary: 'check every rule of the files (help format) and say what to run next',
    output: 'doctor',
    each: true,
    effect: 'administers',
    concerns: 'all',
    syncs: 'the cards and reasons that it writes anew, not what it moves or removes: after a power cut, run it again',
  },
  maintain: {
    summary: 'keep house as the settings say (packing, retention, what is due); for cron, safe at any time',
    output: 'maintain',
    each: true,
    effect: 'administers',
    concerns: 'several',
    syncs: 'each pack before the entries in it are removed, dead letters, and what it sends',
  },
  import: {
    summary: "bring in older mailboxes and other tools' mail; they go to the archive",
    input: 'tree',
    output: 'import',
    each: true,
    effect: 'administers',
    concerns: 'several',
    syncs: 'each message, and the copies of what cannot be read',
  },
  hook: {
    summary: 'what an agent runs at its moments, so that it hears of its mail; setup installs it',
    library: null,
    effect: 'looks',
    concerns: 'one',
  },
  'hook.bind': {
    summary: 'say whose the session is that this runs in, whatever its settings say',
    library: null,
    input: 'agent',
    output: 'hook-bind',
    effect: 'administers',
    concerns: 'one',
    syncs: 'nothing',
  },
  setup: {
    summary: 'let agents hear of mail in their own tools: write their hooks, and a skill',
    library: null,
    output: 'setup',
    each: true,
    effect: 'administers',
    concerns: 'none',
    syncs: 'each file that it writes, and its folder',
  },
  'setup.check': {
    summary: 'whether what setup has written is there and can work',
    command: 'setup --check',
    library: null,
    output: 'setup-check',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  mcp: {
    summary: 'the same as tools for an agent, by the Model Context Protocol on stdin and stdout',
    library: null,
    effect: 'changes',
    concerns: 'several',
    syncs: 'as the command that a tool is named for',
  },
  wake: {
    summary: 'wait for mail to an agent that no hook wakes, and ring: in its tmux pane, by a command, a notice, a bell',
    library: null,
    input: 'agent',
    output: 'wake',
    effect: 'looks',
    concerns: 'one',
  },
  explain: {
    summary: 'what an error code means, and what to type then; without a code, all of them',
    library: null,
    output: 'explain',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  backup: {
    summary: 'write all mail of a root that others work on into one file; help housekeeping',
    input: 'tree',
    output: 'backup',
    effect: 'administers',
    concerns: 'all',
    syncs: 'the file, before it has its name, and its folder',
  },
  restore: {
    summary: 'make a root of a backup, where there is none or one without mail',
    library: null,
    input: 'tree',
    output: 'restore',
    effect: 'administers',
    concerns: 'all',
    syncs: 'everything in the new root, before it is in its place',
  },
  schema: {
    summary: 'the JSON Schema of a file or of what --json prints; without a name, their names',
    library: null,
    output: 'schema',
    each: true,
    effect: 'looks',
    concerns: 'none',
  },
  completion: {
    summary: 'a completion script for bash, zsh or fish',
    library: null,
    effect: 'looks',
    concerns: 'none',
  },
  help: {
    summary: 'help on a command, or on a topic: format, guarantees, exit-codes, cursors, scripting, json, settings',
    library: null,
    effect: 'looks',
    concerns: 'none',
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof table;

export const operations: Readonly<Record<OperationName, Operation>> = table;

export const operationNames = Object.keys(table) as OperationName[];

/** `dlq retry`, and of what only an option does `send --dry-run`; `undefined`: only the library has it. */
export function commandOf(name: OperationName): string | undefined {
  const { command } = operations[name];
  return command === undefined ? name.replace('.', ' ') : (command ?? undefined);
}

/** `undefined`: only the command has it. */
export function libraryPathOf(name: OperationName): string | undefined {
  return operations[name].library === null ? undefined : name;
}
