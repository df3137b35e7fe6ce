/**
 * What is kept of what was done in a root: logs that are only appended to, and the keys that sign what they come to. What they
 * say is the core's. Nothing but `sync` and `makeKey` waits for the disk.
 */

/** Of a UTC day (`2026-11-20`), or that of the checkpoints. */
export type AuditLog = string;

export const checkpointLog = 'checkpoints';

export interface Audit {
  /** The days that have a log, ascending. */
  days(): Promise<string[]>;
  /** In bytes; 0: there is none. */
  size(log: AuditLog): Promise<number>;
  /** Whole lines at its end, in one write, without a lock. They begin a line of their own, also behind one that is cut short. */
  append(log: AuditLog, lines: string): Promise<void>;
  /** What is in it by now is on disk, with its name. */
  sync(log: AuditLog): Promise<void>;
  /** Its bytes from one place to another, in parts; fewer where it ends before. @throws DISK_FAILED: it is no file */
  read(log: AuditLog, from: number, to: number): AsyncGenerator<Uint8Array, void, void>;
  /** Takes a day's log away; a power cut may bring it back. `false`: there is none. */
  remove(day: string): Promise<boolean>;
  /** The numbers of the checkpoints whose keys there are, ascending. */
  keys(): Promise<number[]>;
  /** `undefined`: there is none, or what is there cannot be read. */
  key(checkpoint: number): Promise<string | undefined>;
  /** Keeps one, durably, for nobody but its owner to read. `false`: there is one, and nothing was changed. */
  makeKey(checkpoint: number, text: string): Promise<boolean>;
  removeKey(checkpoint: number): Promise<void>;
}
