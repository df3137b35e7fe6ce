/** What the library has for settings: `mail.config.set` is `dreamos config set`. */
import type { ConfigDifference, ConfigValid, ConfigValue, ConfigVersion } from '../contract/system.ts';
import type { ConfigChanges, ConfigRollbackOptions } from '../core/config/change.ts';
import type { ConfigHistoryOptions } from '../core/config/history.ts';
import type { ConfigChangeOptions } from '../core/config/rewrite.ts';
import type { ConfigShowOptions } from '../core/config/show.ts';
import type { SettingKey, Settings, SettingValue } from '../model/settings.ts';

/**
 * The root's settings (`dreamos help settings`). Each change is a version: it is kept, synced, before it is in force, and is in
 * force, synced, when the call returns; what runs goes by it within a moment. Changing throws CONFIG_INVALID for what cannot be
 * used, STATE_CHANGED where the version that is given as `ifVersion` is not in force any more, and changes nothing then.
 */
export interface Config {
  /** Each setting, or one, with where its value comes from. @throws CONFIG_INVALID */
  get(key?: SettingKey): Promise<ConfigValue[]>;
  /**
   * Of these settings, or of all, what holds, also for an agent; with `origin` where it is said, by whom and since when.
   * @throws CONFIG_INVALID, AGENT_NOT_FOUND
   */
  show(keys?: readonly SettingKey[], options?: ConfigShowOptions): Promise<ConfigValue[]>;
  /** Writes one setting; `undefined` removes it, so that the default holds again. */
  set(
    key: SettingKey,
    value: SettingValue | Settings[SettingKey] | undefined,
    options?: ConfigChangeOptions,
  ): Promise<ConfigValue>;
  /** Writes several as one version; `null` removes one. @returns what holds of them now */
  change(changes: ConfigChanges, options?: ConfigChangeOptions): Promise<ConfigValue[]>;
  /** Removes several as one version. */
  unset(keys: readonly SettingKey[], options?: ConfigChangeOptions): Promise<ConfigValue[]>;
  /** Whether a text is JSON that can be used as settings; without one, whether config.json is. @throws CONFIG_INVALID */
  validate(text?: string): Promise<ConfigValid>;
  /**
   * From one version to another; without the second one to what is in force, without both from what was in force before that.
   * 0: nothing is set. @throws VERSION_NOT_FOUND, AGENT_NOT_FOUND
   */
  diff(from?: number, to?: number, options?: Pick<ConfigHistoryOptions, 'agent'>): Promise<ConfigDifference[]>;
  /** What is kept of changes, the newest first: of the settings, or of an agent's card. @throws AGENT_NOT_FOUND */
  history(options?: ConfigHistoryOptions): Promise<ConfigVersion[]>;
  /**
   * Makes a new version of what an earlier one said. Of a card the name and the kind, and whether the agent is paused or has
   * retired, stay as they are. @throws VERSION_NOT_FOUND, AGENT_NOT_FOUND
   */
  rollback(version: number, options?: ConfigRollbackOptions): Promise<ConfigVersion>;
}
