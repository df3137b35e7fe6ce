/** The part of the library's face that keeps a root in order, and takes mail in and out of it. */
import type { BackedUp, Exported, Finding, ImportResult, Maintained } from '../contract/keep.ts';
import type { ImportOptions } from '../core/import/result.ts';
import type { DoctorOptions } from '../core/keep/doctor.ts';
import type { MaintainOptions } from '../core/keep/maintain.ts';
import type { TableExportOptions } from '../core/export/export.ts';
import type { BackupOptions } from '../storage/port/upkeep.ts';

export interface Housekeeping {
  /**
   * What is wrong and what to run next: first the storage's own rules, then the settings, then mail that nobody looks
   * after. A repair keeps other repairs out, so its findings come when it is over.
   */
  doctor(options?: DoctorOptions): AsyncGenerator<Finding, void, undefined>;
  /**
   * Does what the settings ask for: nothing in a root that needs nothing. A step that fails does not keep the others; the
   * first failure is thrown at the end.
   * @throws AGENT_NOT_FOUND
   */
  maintain(options?: MaintainOptions): AsyncGenerator<Maintained, void, undefined>;
  /**
   * Brings in older mailboxes, and other tools' mail; their tree is only read. One result for each message, and one for
   * each file that holds none, in the order of the files' paths; with `deliver`, those that become ready at the end,
   * oldest first. Each is durable when it is handed over. A second run brings nothing twice.
   * @throws SOURCE_NOT_FOUND, NAME_INVALID; USAGE for an unknown format; STATE_CHANGED when it was paused for so long that
   * another may import: a second run brings the rest
   */
  import(folder: string, options?: ImportOptions): AsyncGenerator<ImportResult, void, undefined>;
  /**
   * Writes all mail, with agents, settings, subscriptions, schedules, reservations and events, into one file, a .tar.gz, while others
   * go on.
   * What was acknowledged before it began is in it, each message once. The file appears when it is whole and synced; `restore`
   * makes a root of it.
   * @returns `undefined`: the signal came, and there is no file
   * @throws ALREADY_EXISTS when there is such a file; SOURCE_NOT_FOUND for a folder that is not there; USAGE for a place in the
   * root, or a storage that has no backups; STATE_CHANGED when a message was somewhere else at every look
   */
  backup(file: string, options?: BackupOptions): Promise<BackedUp | undefined>;
  /**
   * Writes mail as tables for other programs (`dreamos help tables`), while others go on. Into a database a second export brings
   * what is new. Its next version takes its place whole and synced, or it stays as it was.
   * @param path absolute; of `csv` without `table` a folder, which is made @returns `undefined`: the signal came
   * @throws EXPORT_REFUSED for a file that export has not made of this root, or that others change; ALREADY_EXISTS for a text;
   * STATE_CHANGED when others were faster again and again; SOURCE_NOT_FOUND, AGENT_NOT_FOUND, USAGE, DISK_FAILED
   */
  export(path: string, options?: TableExportOptions): Promise<Exported | undefined>;
}
