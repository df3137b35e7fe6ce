import { environmentNames, type SettingKey, settingKeys } from '../../src/core/settings.ts';
import { defaultSettings } from '../../src/model/settings.ts';
import { markdownTable } from './markdown-table.ts';

const texts: Record<SettingKey, string> = {
  lease: 'how long a claim is valid',
  maxAttempts: 'claims before a message goes to the dead-letter queue',
  backoffMin: 'rest after a nack without --delay; doubles with each attempt',
  backoffMax: 'up to this, with jitter',
  durability: 'full: synced before send is done; relaxed: atomic only',
  maxMessageBytes: 'body and data together',
  warnUnreadAfter: 'send warns when a mailbox was not read for this long',
  topicRetention: 'maintain and topics prune delete what was published before',
  maxMessages: 'what a mailbox may hold ready, delayed and inflight',
  maxBytes: 'the same in bytes',
  ttl: 'time-to-live of mail that has none of its own (--ttl)',
  packAfterDays: 'maintain packs archive days that are older',
  archiveDays: 'maintain deletes archive days that are older',
  archiveBytes: 'maintain deletes the oldest archive days beyond this',
  eventDays: 'the same for event logs (the newest two stay)',
  eventBytes: 'the same',
};

/** Every setting, where the environment sets it, its default, and what it is. */
export function settingsTable(): string {
  const rows = settingKeys.map((key) => [key, environmentNames[key], String(defaultSettings[key]), texts[key]]);
  return markdownTable([['key', 'environment', 'default', 'what'], ...rows]);
}
