import type { AgentCard } from '../../model/agent.ts';
import { type Clock, lastedMs } from '../../model/clock.ts';
import type { EventKind, MailEvent } from '../../model/event.ts';
import type { Ids } from '../../model/id.ts';
import { type Message, priorities, type Priority, unseal } from '../../model/message.ts';
import { isLate } from '../../model/metrics/late.ts';
import type { Settings } from '../../model/settings.ts';
import { type State, unfinished } from '../../model/state.ts';
import { spendFrom, type Spent } from '../port/allowance.ts';
import type { DocumentName } from '../port/documents.ts';
import type { DeadReason, Entry, Load } from '../port/look.ts';
import type { Actor, Refusal } from '../port/mail.ts';
import type { PresenceRecord } from '../port/presence.ts';
import type { Announcement, HostSession } from '../port/reach.ts';

export interface Deps {
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A message in a mailbox. `version` grows with every change of state, so that an entry listed before is known as stale. */
export interface Held {
  mailbox: string;
  readonly id: string;
  readonly priority: Priority;
  /** Sealed, and read anew for every reader: nobody can change what another one sees. */
  readonly bytes: Buffer;
  /** The order of arrival; what comes back keeps its own. */
  order: number;
  readonly orderingKey: string | undefined;
  /** It goes by no ordering key, whatever it says: where it was dumped, it was claimed from an inbox. */
  readonly unordered?: boolean;
  readonly sentAt: number;
  readonly isTask: boolean;
  /** Claims that were used (acked, nacked), as opposed to taken back. */
  readonly usedTokens: Set<string>;
  version: number;
  state: State;
  comesBack: boolean;
  /** Claimed, and not settled for good since: no other message of its ordering key is delivered. */
  holdsOrderingKey: boolean;
  readonly dueBy: number | undefined;
  expiresAt: number | undefined;
  attempt: number;
  token: string;
  dueAt: number;
  readySince: number;
  /** inflight: since when it is claimed. */
  claimedAt: number | undefined;
  /** delayed: since when it rests, given back for no longer than the longest backoff. */
  restsSince: number | undefined;
  /** delayed: the request whose inbox it waits in. */
  inbox: string | undefined;
  leaseUntil: number;
  /** Of the current claim, instead of the mailbox's own. */
  maxAttempts: number | undefined;
  ackedAt: number;
  /** archived: and never acked. */
  withdrawn: boolean;
  dead: DeadReason | undefined;
}

export interface Remembered {
  readonly message: Message;
  readonly mailboxes: readonly string[];
  readonly at: number;
}

/** A document, with how often it was put. */
export interface Kept<T> {
  readonly value: T;
  readonly version: number;
}

/** Of agents' own tools, and of who is there. */
interface Reached {
  readonly sessions: Map<string, HostSession>;
  readonly places: Map<string, string>;
  readonly announced: (Announcement & { mailbox: string; readonly to: string })[];
  readonly notes: string[];
  /** By name in lower case. */
  readonly present: Map<string, PresenceRecord & { readonly seenAt: number }>;
}

/** Everything that several handles ("processes") share. */
export interface Mail {
  /** By name in lower case. */
  readonly agents: Map<string, Kept<AgentCard>>;
  readonly mailboxes: Map<string, Map<string, Held>>;
  readonly lastReads: Map<string, number>;
  readonly dedupe: Map<string, Remembered>;
  /** By name in lower case: what was refused, and when. */
  readonly refused: Map<string, (Refusal & { readonly at: number })[]>;
  /** By name in lower case: when what its agent may send is whole again (port/allowance.ts). */
  readonly allowances: Map<string, number>;
  /** What nobody could read, by mailbox and by the digest of its bytes. */
  readonly corrupt: Map<string, Map<string, Uint8Array>>;
  /** Those that have a log. */
  readonly topics: Set<string>;
  readonly log: MailEvent[];
  /** Events that are no longer told. They keep their places, which are what cursors say. */
  readonly pruned: Set<MailEvent>;
  /** By mailbox: what is kept of its numbers. */
  readonly rollups: Map<string, Map<string, string>>;
  readonly listeners: Set<(mailbox: string) => void>;
  readonly documentListeners: Set<(name: DocumentName) => void>;
  readonly locks: Map<string, Promise<unknown>>;
  /** By mailbox: until when each request's inbox is open. */
  readonly inboxes: Map<string, Map<string, number>>;
  readonly documents: Map<string, Kept<unknown>>;
  /** By agent in lower case; of the settings by no name. */
  readonly revisions: Map<string, Map<number, object>>;
  /** As they were when all of them could last be used. */
  goodSettings: Settings | undefined;
  readonly reached: Reached;
  /** By a day or `checkpoints`; and by the number of a checkpoint. */
  readonly audit: { readonly logs: Map<string, Buffer>; readonly keys: Map<number, string> };
  arrivals: number;
}

export function createMail(): Mail {
  return {
    agents: new Map(),
    mailboxes: new Map(),
    lastReads: new Map(),
    refused: new Map(),
    allowances: new Map(),
    dedupe: new Map(),
    corrupt: new Map(),
    topics: new Set(),
    log: [],
    pruned: new Set(),
    rollups: new Map(),
    listeners: new Set(),
    documentListeners: new Set(),
    locks: new Map(),
    inboxes: new Map(),
    documents: new Map(),
    revisions: new Map(),
    goodSettings: undefined,
    reached: createReached(),
    audit: { logs: new Map(), keys: new Map() },
    arrivals: 0,
  };
}

function createReached(): Reached {
  return { sessions: new Map(), places: new Map(), announced: [], notes: [], present: new Map() };
}

export function mailboxOf(mail: Mail, name: string): Map<string, Held> {
  const key = name.toLowerCase();
  const box = mail.mailboxes.get(key) ?? new Map<string, Held>();
  mail.mailboxes.set(key, box);
  return box;
}

export function messageOf(held: Held): Message {
  return unseal(held.bytes);
}

/** Every change ends here: the entry listed before is now stale, and the log and the watchers hear of it. */
export function changed(mail: Mail, held: Held, at: number, event: EventKind, more: Partial<MailEvent> = {}): void {
  held.version++;
  if (held.state === 'ready') held.readySince = at;
  const heldMs = held.claimedAt === undefined || held.state === 'inflight' ? undefined : lastedMs(held.claimedAt, at);
  if (held.state !== 'inflight') held.claimedAt = undefined;
  const late = event === 'acked' || event === 'dead' ? isLate(held, at) : undefined;
  const isTaskEnd = held.isTask && (event === 'acked' || event === 'dead' || event === 'cancelled');
  const { mailbox, id } = held;
  const known = {
    ...more,
    ...(heldMs !== undefined && { heldMs }),
    ...(late !== undefined && { late }),
    ...(isTaskEnd && { task: true as const }),
  };
  tell(mail, { at: new Date(at).toISOString(), mailbox, event, id, ...known });
}

export function tell(mail: Mail, event: MailEvent): void {
  mail.log.push(event);
  for (const listener of mail.listeners) listener(event.mailbox);
}

export function inState(mail: Mail, mailbox: string, state: State): Held[] {
  const all = [...mailboxOf(mail, mailbox).values()].filter((held) => held.state === state);
  return all.sort((a, b) => compare(placeOf(a), placeOf(b)));
}

/** What of a list, or of a reversed one, comes behind the place of an entry, which may be gone. */
export function behindPlace(all: readonly Held[], after: string | undefined, isReversed = false): readonly Held[] {
  if (after === undefined) return all;
  const place = after.split(',').map(Number);
  return all.filter((held) => (isReversed ? -1 : 1) * compare(placeOf(held), place) > 0);
}

/** Where it stands in the list of its state; when it is ready, by priority, then what comes back before what is new, then the oldest first. */
function placeOf(held: Held): number[] {
  const { state, order, dueAt, leaseUntil, ackedAt, dead } = held;
  if (state === 'delayed') return [dueAt, order];
  if (state === 'inflight') return [leaseUntil, order];
  if (state === 'archived') return [-ackedAt, -order];
  if (state === 'dead') return [-(dead?.deadAt ?? 0), -order];
  return [priorities.indexOf(held.priority), held.comesBack ? 0 : 1, order];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, one] of a.entries()) if (one !== b[i]) return one - (b[i] ?? 0);
  return 0;
}

export function keyOf(held: Held, version = held.version): string {
  return `${held.id}#${version}@${placeOf(held).join(',')}`;
}

export function toEntry(held: Held): Entry {
  return {
    key: keyOf(held),
    mailbox: held.mailbox,
    id: held.id,
    state: held.state,
    priority: held.priority,
    attempt: held.attempt,
    ...(held.isTask && { task: true }),
    ...(held.expiresAt !== undefined && { expiresAt: held.expiresAt }),
    ...(held.state === 'delayed' && { dueAt: held.dueAt }),
    ...(held.state === 'inflight' && { receipt: receiptOf(held), leaseUntil: held.leaseUntil }),
    ...(held.state === 'inflight' && held.maxAttempts !== undefined && { maxAttempts: held.maxAttempts }),
    ...(held.state === 'archived' && { ackedAt: held.ackedAt, ...(held.withdrawn && { withdrawn: true }) }),
    ...(held.state === 'dead' && held.dead && { deadAt: held.dead.deadAt }),
  };
}

export function receiptOf(held: Held): string {
  return `${held.mailbox}:${held.id}:${held.token}`;
}

export function loadOf(mail: Mail, mailbox: string): Load {
  const held = unfinished.flatMap((state) => inState(mail, mailbox, state));
  return { messages: held.length, bytes: held.reduce((sum, { bytes }) => sum + bytes.length + 1, 0) };
}

export function spend(mail: Mail, mailbox: string, perMinute: number, count: number, now: number): Spent {
  const key = mailbox.toLowerCase();
  const { fullAtUs, ...spent } = spendFrom(mail.allowances.get(key) ?? 0, now, perMinute, count);
  if (count !== 0) mail.allowances.set(key, fullAtUs);
  return spent;
}

export function actorOf({ by }: Actor): { by?: string } {
  return by === undefined ? {} : { by };
}

/** Of a claim, and of what ends it. */
export function claimerOf({ by, label }: Actor): { by?: string; label?: string } {
  return { ...actorOf({ by }), ...(label !== undefined && { label }) };
}
