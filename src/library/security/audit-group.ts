/** What the library has for the audit: `mail.audit.verify` is `dreamos audit verify`. */
import type { Maintained } from '../../contract/keep.ts';
import type { AuditAnchor, Audited, AuditVerified } from '../../contract/security/audit.ts';
import type { AuditPruneOptions } from '../../core/audit/keep.ts';
import type { AuditListOptions } from '../../core/audit/list.ts';
import type { AuditVerifyOptions } from '../../core/audit/verify.ts';

/**
 * What was done in a root, and by whom (`dreamos audit --help`): by the setting `audit` what rules and what was refused, or
 * also what becomes of mail. It is noted behind the work, and a call that has done its work never fails for it.
 */
export interface AuditTrail {
  /** The newest first. */
  list(options?: AuditListOptions): AsyncGenerator<Audited, void, undefined>;
  /**
   * Checks all of it against the checkpoints; `state` says how that went, and `findings` what is wrong. What was cut together
   * with its checkpoints is only found with an anchor, or by the age of the newest one, `until`. @throws USAGE
   */
  verify(options?: AuditVerifyOptions): Promise<AuditVerified>;
  /**
   * Makes a checkpoint of what is noted by now, durably, and gives what to keep of it elsewhere, for `verify`.
   * @throws STATE_CHANGED: another process was faster
   */
  anchor(): Promise<AuditAnchor>;
  /**
   * Removes whole days that ended longer ago, but never yesterday's and today's; the checkpoints stay, and say that it was
   * meant. @throws USAGE, STATE_CHANGED
   */
  prune(options: AuditPruneOptions): AsyncGenerator<Maintained, void, undefined>;
}
