/**
 * What is kept of a mailbox's numbers: texts of the core, a day (`2026-11-20`) or `index`. They are derived from its event log:
 * one that is lost, or is an older one, is made again from it, so nothing is synced. They go with their mailbox where it is
 * renamed, and stay when the log of their day is pruned.
 */
export interface Rollups {
  /** The days that are kept, in any order. */
  days(mailbox: string): Promise<string[]>;
  /** `undefined`: there is none, or what is there is no file of ours. @param firstBytes only so much of its beginning */
  read(mailbox: string, name: string, firstBytes?: number): Promise<string | undefined>;
  /** As one step: who reads meanwhile has it whole, this one or the one before. */
  write(mailbox: string, name: string, text: string): Promise<void>;
}
