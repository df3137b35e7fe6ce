import type { AlertNow, AlertTested, Silenced } from '../contract/numbers/alerts.ts';
import type { CheckAlertsOptions, SilenceOptions, TestAlertOptions } from '../core/alerts/alerts.ts';

/** Who is told when numbers are not as they should be (`dreamos help alerting`). Every function throws CONFIG_INVALID for rules that cannot be used. */
export interface Alerts {
  /**
   * Every rule, in each mailbox in which it holds or has resolved within a day, as it is now. It notes nothing and tells
   * nobody. A mailbox in disorder is a warning, and its alerts stay as they were.
   */
  list(): Promise<AlertNow[]>;
  /**
   * Looks, notes what has changed, and tells what is to be told: of many who check at once each message arrives once, and each
   * command is run by one. A command is run by `run`; without it, it waits for a check that has one. What could not be told is
   * a warning, and the `trouble` of its alert.
   * @returns as `list`
   */
  check(options?: CheckAlertsOptions): Promise<AlertNow[]>;
  /**
   * What a rule sees and would do. With `act` its message is sent and its command run, by `run`, both marked as a test. Nothing
   * is noted of it.
   */
  test(name: string, options?: TestAlertOptions): Promise<AlertTested>;
  /** Tells nothing of an alert, or of all, for `forMs` from now on; 0 ends it. Durable when it resolves. @throws USAGE */
  silence(name: string | undefined, options: SilenceOptions): Promise<Silenced>;
}
