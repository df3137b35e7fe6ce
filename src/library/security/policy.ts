/** What the library has for policies: `mail.policy.set` is `dreamos policy set`. */
import type { ConfigDifference, ConfigVersion } from '../../contract/system.ts';
import type { PolicyChecked, PolicyShown, PolicyTested } from '../../contract/security/policy.ts';
import type { PolicyQuestion } from '../../core/policy/check.ts';
import type { PolicyHistoryOptions } from '../../core/policy/history.ts';
import type { PolicyChangeOptions } from '../../core/policy/put.ts';
import type { Policy } from '../../model/security/policy.ts';

/**
 * Who may what in a root (`dreamos help policies`). Where there is a policy, every operation of who acts is asked first and throws
 * FORBIDDEN; looks over several mailboxes show those that he may look into.
 */
export interface Policies {
  /** What holds, and since when. @throws CONFIG_INVALID: its file cannot be used, and nothing is known that could hold instead */
  show(): Promise<PolicyShown>;
  /**
   * Puts a policy in force, as a version: it is kept, synced, before it is in force, and is in force, synced, when the call returns.
   * What runs goes by it within a moment. @throws CONFIG_INVALID also where one of its own tests fails, or neither who sets
   * it nor anybody who is registered could change it again; STATE_CHANGED: the version that is given as `ifVersion` is not in force
   * any more. Nothing was changed then
   */
  set(policy: Policy, options?: PolicyChangeOptions): Promise<PolicyShown>;
  /** Takes it away, as a version, also one that cannot be used: everybody may everything. @throws STATE_CHANGED as `set` */
  remove(options?: PolicyChangeOptions): Promise<PolicyShown>;
  /**
   * Rule by rule, from one version to another; without the second one to what is in force, without both from what was in force
   * before that. 0: there is none. @throws VERSION_NOT_FOUND
   */
  diff(from?: number, to?: number): Promise<ConfigDifference[]>;
  /** What is kept of changes, the newest first. */
  history(options?: PolicyHistoryOptions): Promise<ConfigVersion[]>;
  /**
   * Makes a new version of what an earlier one said, which is refused as by `set`; 0, or one with which it was removed: none.
   * @throws VERSION_NOT_FOUND, CONFIG_INVALID, STATE_CHANGED
   */
  rollback(version: number, options?: PolicyChangeOptions): Promise<ConfigVersion>;
  /**
   * Whether somebody, by default who acts, may do something, and which rule says so.
   * @param verb a command's words, the path of a function of the library, or an action @throws USAGE for what is none
   */
  check(verb: string, question?: PolicyQuestion): Promise<PolicyChecked>;
  /** What the own tests of a policy come to. It need not be in force. @throws CONFIG_INVALID as `set`, but for a test that fails */
  test(policy: Policy): Promise<PolicyTested>;
}
