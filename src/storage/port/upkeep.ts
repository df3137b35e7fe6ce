import type { Lock } from './documents.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import type { Actor } from './mail.ts';

/** What was taken out of a log. */
export interface Pruned {
  readonly messages: number;
  readonly bytes: number;
}

/** A UTC day of the archive or of the event log that was packed or removed, or would be. */
export interface Tidied {
  /** `2026-11-20` */
  readonly day: string;
  /** Messages of the archive; of the event log: its files. */
  readonly count: number;
  /** What they take, or, packed, took. */
  readonly bytes: number;
  /** Packed: what they take now. */
  readonly packedBytes?: number;
}

export interface PackOptions {
  /** `2026-11-20` */
  readonly beforeDay: string;
  /** Only say what would be packed. */
  readonly dryRun: boolean;
  /** Under which it is done: once that is lost, nothing is removed any more (STATE_CHANGED). */
  readonly lock?: Lock | undefined;
}

/** Which days to keep. Every given rule has its say; the newest two days of the event log and today's archive stay. */
export interface KeepOptions {
  /** Days that begin before this one go: `2026-11-20`. */
  readonly fromDay?: string;
  /** The oldest go until no more than this is left. */
  readonly maxBytes?: number;
  /** Only say what would go. */
  readonly dryRun: boolean;
}

/** Something `inspect` looked at. */
export interface Finding {
  /** Short and stable: `lease-expired`, `tmp-stale`, `digest`. */
  readonly rule: string;
  readonly level: 'info' | 'warning' | 'problem';
  readonly message: string;
  readonly mailbox?: string;
  /** Repaired in this run. */
  readonly fixed?: boolean;
  /** What to run next. */
  readonly hint?: string;
}

export interface InspectOptions {
  readonly fix: boolean;
  /** The mailboxes' own, for what is moved by a repair; and of those that have none here. */
  readonly policies: ReadonlyMap<string, RetryPolicy>;
  readonly policy: RetryPolicy;
  /** Called now and then with how many things were looked at. */
  readonly onProgress?: (looked: number) => void;
  /** Ends it between two steps or entries. */
  readonly signal?: AbortSignal;
}

export interface BackupOptions {
  /** Called now and then with how many messages are in it so far. */
  readonly onProgress?: (messages: number) => void;
  /** Ends it; there is no backup then. */
  readonly signal?: AbortSignal;
}

export interface BackedUp {
  /** Where it is. */
  readonly file: string;
  /** How many it holds, each mailbox's own. */
  readonly messages: number;
  readonly bytes: number;
  /** What was acknowledged before is in it; milliseconds since 1970. */
  readonly begunAt: number;
}

/** Keeping house, for a storage that does not do it by itself. None of it but `prune` tells events: nothing that anybody waits for has changed. */
export interface Upkeep {
  /** Packs whole days before `beforeDay` (and before today), the oldest first. What is packed stays archived in every respect. */
  packArchive(mailbox: string, options: PackOptions): AsyncIterable<Tidied>;
  /** Removes whole days of the archive for good. */
  pruneArchive(mailbox: string, options: KeepOptions): AsyncIterable<Tidied>;
  /** Removes whole days of the event log for good. Cursors that lie in them go on with what is left. */
  pruneEvents(mailbox: string, options: KeepOptions): AsyncIterable<Tidied>;
  /**
   * What a log has from before a moment is gone for good, and so are its events of whole days before; followed by one
   * `purged` event for all. Safe to repeat. With `dryRun` it is only counted.
   */
  prune(log: string, before: number, options: Actor & { readonly dryRun: boolean }): Promise<Pruned>;
  /** Moves everything that has outlived its time-to-live to the dead-letter queue. @returns how many */
  sweepExpired(mailbox: string, options: { readonly dryRun: boolean }): Promise<number>;
  /** Forgets dedupe keys that are older than the root's `dedupeWindow`, or lie further ahead than that. @returns how many */
  sweepKeys(options: { readonly dryRun: boolean }): Promise<number>;
  /** Checks every rule of the storage's format, one finding at a time; with `fix`, repairs what is safe to repair. */
  inspect(options: InspectOptions): AsyncIterable<Finding>;
  /**
   * Everything that was acknowledged before it began, as one file, which appears when it is whole and synced. Others go on
   * meanwhile. Absent: the storage has no such form.
   * @param file its absolute path @returns `undefined`: the signal came
   */
  backup?(file: string, options: BackupOptions): Promise<BackedUp | undefined>;
}
