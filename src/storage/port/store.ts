/**
 * The storage port: what the core needs of a place that keeps mail, in nine roles, in the words of the design and without
 * paths. Files are the first implementation (file/store.ts), memory the second (memory/store.ts); test/storage/contract is
 * the suite that every implementation has to pass, as far as its capabilities go.
 *
 * The rules an implementation keeps:
 * - A message is in exactly one state in a mailbox, and every change of state is atomic: of two callers that want the
 *   same change one succeeds, and the other is told.
 * - Every change is followed by its event, seen by `readEvents`.
 * - What a caller says (filters, limits, policies, patterns) is data: a storage may be another machine.
 * - Times are milliseconds since 1970 by the store's clock, `now()`.
 * - A topic's log is a mailbox whose name is `#` and the topic (model/topic.ts). It is there as soon as something is sent to
 *   it, and has no card. What is sent to it is archived in it at once, whatever its due time, followed by a `published`
 *   event; no other state exists there. Whoever asks for all mailboxes never means logs.
 */
import type { Audit } from './audit.ts';
import type { Documents } from './documents.ts';
import type { DumpOptions, TakeRecord } from './dump/loading.ts';
import type { Journal } from './journal.ts';
import type { Look } from './look.ts';
import type { Mail } from './mail.ts';
import type { Presence } from './presence.ts';
import type { Reach } from './reach.ts';
import type { Rollups } from './rollups.ts';
import type { Upkeep } from './upkeep.ts';

/** What a storage can, and how surely. */
export interface Capabilities {
  /** The most that a send can promise; `none`: mail ends with the process. A send answers what was asked for, up to this. */
  readonly durability: 'full' | 'relaxed' | 'none';
  /** Whether a send to several mailboxes is one commit: all of them get it, or nobody. */
  readonly atomicFanOut: boolean;
  /** Whose clock ends a lease: the one that was handed in, which a test may move, or the storage's own. */
  readonly leases: 'given clock' | 'own clock';
  /** `indexed`: a claim with a filter does not read what it passes over. */
  readonly filters: 'indexed' | 'scanned';
  /** How surely messages of one ordering key are one at a time: always, or but for what a power cut takes back. */
  readonly ordering: 'always' | 'until a power cut';
  /** `indexed`: finding an id does not list every mailbox. */
  readonly search: 'indexed' | 'scanned';
  /** `partial`: a process that dies between a change and its event leaves the event out. */
  readonly journal: 'complete' | 'partial';
}

/** In bytes. */
export interface Space {
  readonly bytes: number;
  /** Of them those that this user may still write. */
  readonly freeBytes: number;
}

export interface Store {
  /** What keeps the mail, as a root's format.json calls it. */
  readonly engine?: string;
  readonly capabilities: Capabilities;
  /** The time by which leases, delays and times-to-live end; milliseconds since 1970. */
  now(): number;
  readonly documents: Documents;
  readonly mail: Mail;
  readonly look: Look;
  readonly journal: Journal;
  readonly rollups: Rollups;
  readonly reach: Reach;
  readonly presence: Presence;
  readonly audit: Audit;
  /** Absent: the storage keeps house by itself. */
  readonly upkeep?: Upkeep;
  /**
   * Gives all that is kept, for another storage to take, in the order of dump/records.ts. What was acknowledged before is in it,
   * each message once; what others do meanwhile may be in it. Sends that are begun are finished first, and what is handed in is
   * adopted. Absent: the storage has no such form.
   * @returns `false`: the signal came
   */
  dump?(take: TakeRecord, options?: DumpOptions): Promise<boolean>;
  /** Which process this is, among all that use the same mail. */
  self(): Promise<{
    readonly pid: number;
    readonly host: string;
    /** The number of the user it acts as, where the platform has such. */
    readonly user?: number;
  }>;
  /** Whether what keeps the mail still exists. Absent: as long as the store is open. */
  isThere?(): Promise<boolean>;
  /** What there is room for where the mail is kept. Absent: that is not known. */
  space?(): Promise<Space>;
  close(): Promise<void>;
}
