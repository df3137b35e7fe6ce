import { join } from 'node:path';
import { agentNamePattern } from '../../../model/agent.ts';
import { logOf, topicOf, topicPattern } from '../../../model/topic.ts';
import type { DocumentName, RevisedDocument, RevisedName } from '../../port/documents.ts';
import { padTime } from './entry-name.ts';
import { checkedDocument, taskDocument } from './task-name.ts';

/**
 * Every path under a root. Nothing outside of names/ builds or takes apart a path or a name; entry-name.ts has the names of
 * messages, beside.ts those of what lies beside them.
 */
export interface Layout {
  readonly root: string;
  readonly format: string;
  readonly ignore: string;
  readonly config: string;
  /** Of settings, what each change has made of them: made with the first one. */
  readonly configFolder: string;
  readonly mailboxes: string;
  readonly outbox: string;
  readonly dedupe: string;
  readonly topics: string;
  /** In which run of the machine events were compared with names. */
  readonly boot: string;
  /** What long cursors stand for; made with the first one. */
  readonly cursors: string;
  /** Of agents' own tools: made with the first session. */
  readonly reach: string;
  readonly sessions: string;
  /** What was done, and the checkpoints of it; made with the first line. */
  readonly audit: string;
  cursor(id: string): string;
  document(name: RootDocument): string;
  lock(name: string): string;
  /** An agent's mailbox, or a topic's log. */
  mailbox(name: string): Mailbox;
  /** The mailbox that a path lies in, and its parts below the mailbox's folder. */
  placeOf(path: string): { readonly mailbox: Mailbox; readonly parts: Folders } | undefined;
  /** A committed send to several mailboxes, and the same while it is being written. */
  committed(id: string): string;
  uncommitted(id: string): string;
  /** The same while it is being taken away: nobody commits it under this name. */
  discarded(id: string): string;
  /** The key of an idempotent send: by its sha256, in one of 256 folders. */
  dedupeKey(sha256: string): string;
}

/** What the root itself remembers. */
export type RootDocument = Exclude<DocumentName, `agents/${string}`>;

export const rootDocuments = [
  'settings',
  'in-force',
  'subscriptions',
  'schedules',
  'reservations',
  'alerts',
  'identity',
  'policy',
  'tokens',
  'server',
] as const satisfies RootDocument[];

export function fileOf(name: RootDocument): string {
  return `${stemOf(name)}.json`;
}

const ofRoot: ReadonlySet<unknown> = new Set(rootDocuments);
const stemOf = (name: string): string => taskDocument(name) ?? (name === 'settings' ? 'config' : name);

/** Whose card a document is; `undefined`: it is one of the root's. */
export function agentOfDocument(name: DocumentName): string | undefined {
  return name.startsWith(ofAgents) ? name.slice(ofAgents.length) : undefined;
}
const ofAgents = 'agents/';

/** Where what is kept of a document lies. */
export function revisionsFolder(layout: Layout, of: RevisedName): string {
  const agent = agentOfDocument(of);
  if (agent !== undefined) return layout.mailbox(agent).cards;
  return join(layout.configFolder, of === 'settings' ? 'history' : of);
}

/** What of the root has versions. */
export const revisedDocuments = ['settings', 'policy'] as const satisfies RevisedDocument[];

export function revisionFile(folder: string, number: number): string {
  return join(folder, `${number}.json`);
}

/** `undefined`: it is another file's name. */
export function parseRevision(name: string): number | undefined {
  return /^[1-9]\d{0,14}\.json$/.test(name) ? Number(name.slice(0, -'.json'.length)) : undefined;
}

export interface Mailbox {
  readonly name: string;
  readonly dir: string;
  readonly card: string;
  /** What each change has made of the card; made with the first one. */
  readonly cards: string;
  readonly tmp: string;
  readonly drop: string;
  readonly ready: string;
  readonly delayed: string;
  readonly inflight: string;
  /** Inboxes of requests; made with the first one. */
  readonly requests: string;
  readonly archive: string;
  readonly dlq: string;
  readonly corrupt: string;
  /** Made when the first message with an ordering key is claimed. */
  readonly keys: string;
  readonly events: string;
  /** What its event logs come to, in numbers; made by whoever asks for some first. */
  readonly metrics: string;
  readonly lastRead: string;
  /** What its agent has said of itself; its mtime is when that was last there. Made with the first word. */
  readonly presence: string;
  /** What was announced to sessions; made with the first one. */
  readonly announced: string;
  /** Processes that claim for as long as they live; made with the first one. */
  readonly consumers: string;
  /** Made with the first send that is refused. */
  readonly refused: string;
}

/** Lane 0 holds what comes back, lane 1 what is new: a sorted walk meets what comes back first. */
export type Lane = 0 | 1;

/** Where a project keeps its root. */
export const placeInProject = join('runtime', 'agent_comms');

/** What format.json is called, which makes a folder a root. */
export const formatName = 'format.json';

/** It keeps git from seeing the mail: `git add -A` would stage it, and `git clean` remove it. */
export const ignoreName = '.gitignore';

/** What git keeps at the top of a worktree: a folder, but a file in a linked one (and in a submodule). */
export function gitOf(dir: string): string {
  return join(dir, '.git');
}

export const mailboxFolders = [
  'tmp',
  'drop',
  'ready',
  'delayed',
  'inflight',
  'archive',
  'dlq',
  'corrupt',
  'events',
] as const;

// Each is 4 KB of paths: who follows thousands would keep them all.
const mostKnown = 500;

export function layoutOf(root: string): Layout {
  const mailboxes = join(root, 'agent_mailboxes');
  const outbox = join(root, 'outbox');
  const dedupe = join(root, 'dedupe');
  const topics = join(root, 'topics');
  const cursors = join(root, 'cursors');
  const reach = join(root, 'reach');
  const known = new Map<string, Mailbox>();
  return {
    root,
    format: join(root, formatName),
    ignore: join(root, ignoreName),
    config: join(root, 'config.json'),
    configFolder: join(root, 'config'),
    mailboxes,
    outbox,
    dedupe,
    topics,
    boot: join(root, 'boot.json'),
    cursors,
    reach,
    sessions: join(reach, 'sessions'),
    audit: join(root, 'audit'),
    cursor: (id) => `${cursors}/${id}.jsonl`,
    document: (name) => join(root, fileOf(checkedDocument(name, ofRoot))),
    // Of a document's kind there may be no folder.
    lock: (name) => join(root, name.startsWith('change.') ? name.replaceAll('/', '.') : stemOf(name)),
    mailbox(name) {
      let mailbox = known.get(name);
      if (!mailbox) {
        mailbox = mailboxAt(name, mailboxes, topics);
        if (known.size >= mostKnown) known.clear();
        known.set(name, mailbox);
      }
      return mailbox;
    },
    placeOf(path) {
      const inTopics = path.startsWith(`${topics}/`);
      if (!inTopics && !path.startsWith(`${mailboxes}/`)) return undefined;
      const [folder = '', ...parts] = path.slice((inTopics ? topics : mailboxes).length + 1).split('/');
      const name = inTopics ? logOf(folder) : folder;
      return isMailboxName(name) ? { mailbox: this.mailbox(name), parts } : undefined;
    },
    committed: (id) => `${outbox}/${id}`,
    uncommitted: (id) => `${outbox}/${id}.new`,
    discarded: (id) => `${outbox}/${id}.gone`,
    dedupeKey: (sha256) => join(dedupe, sha256.slice(0, 2), sha256),
  };
}

/** An agent's name, or a log's. */
export function isMailboxName(name: string): boolean {
  const topic = topicOf(name);
  return topic === undefined ? agentNamePattern.test(name) : topicPattern.test(topic);
}

function mailboxAt(name: string, mailboxes: string, topics: string): Mailbox {
  // The last guard: whatever was checked before, no name ever leaves agent_mailboxes/ and topics/.
  if (!isMailboxName(name)) throw new Error(`not the name of a mailbox: ${JSON.stringify(name)}`);
  const topic = topicOf(name);
  const dir = topic === undefined ? join(mailboxes, name) : join(topics, topic);
  return {
    name,
    dir,
    card: `${dir}/agent.json`,
    cards: `${dir}/cards`,
    tmp: `${dir}/tmp`,
    drop: `${dir}/drop`,
    ready: `${dir}/ready`,
    delayed: `${dir}/delayed`,
    inflight: `${dir}/inflight`,
    requests: `${dir}/requests`,
    archive: `${dir}/archive`,
    dlq: `${dir}/dlq`,
    corrupt: `${dir}/corrupt`,
    keys: `${dir}/keys`,
    events: `${dir}/events`,
    metrics: `${dir}/metrics`,
    lastRead: `${dir}/last-read`,
    presence: `${dir}/presence.json`,
    announced: `${dir}/announced`,
    consumers: `${dir}/consumers`,
    refused: `${dir}/refused.jsonl`,
  };
}

/** A folder path below a state's folder, as its parts. */
type Folders = readonly string[];

export function laneOf(mailbox: Mailbox, rank: number, lane: Lane): string {
  return `${mailbox.ready}/${rankFolder(rank)}/${lane}`;
}

/** The folder of a priority, which holds its lanes. */
export function rankFolder(rank: number): string {
  return `p${rank}`;
}

export function isRankFolder(name: string): boolean {
  return /^p[0-3]$/.test(name);
}

export function isLaneFolder(name: string): boolean {
  return /^[01]$/.test(name);
}

/** Whether it is a mailbox's delayed/. */
export function isDelayed(folder: string): boolean {
  return folder.endsWith('/delayed');
}

/** Whether a path in a mailbox, from the mailbox's folder on, is that of a message which is still to be delivered. */
export function isOnItsWay(below: string): boolean {
  return /^(?:ready|delayed|inflight)\//.test(below);
}

/** What is written in tmp/ before it gets its name elsewhere: a message, several in one file, a part of a packed day. */
export function tmpFile(mailbox: Mailbox, id: string, what: keyof typeof tmpEndings = 'message'): string {
  return `${mailbox.tmp}/${id}${tmpEndings[what]}`;
}
const tmpEndings = { message: '.json', batch: '.jsonl', pack: '.jsonl.gz' } as const;

/** A file in drop/ that dreamos itself hands in. */
export function dropFile(mailbox: Mailbox, id: string): string {
  return `${mailbox.drop}/${id}.json`;
}

/** Whether a file in drop/ is handed in: what is still being written has another ending, or a dot in front. */
export function isHandedInName(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}

/** The name of a bucket or of a folder of buckets: its time sorts it, the random part makes sure that no name comes twice. */
export function bucketName(timeMs: number, random: string): string {
  return `${padTime(timeMs)}-${random}`;
}

/** The time in a bucket's name; `undefined`: not a bucket. */
export function parseBucket(name: string): number | undefined {
  return /^\d{13}-[0-9A-HJKMNP-TV-Z]{10}$/.test(name) ? Number(name.slice(0, 13)) : undefined;
}
