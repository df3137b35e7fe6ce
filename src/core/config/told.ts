/** What whoever has changed settings is told, in whatever way he has: it is in force by then, and none of it is a failure. */
import { environmentName, type SettingKey, settingKeys, type Settings } from '../../model/settings.ts';
import { DreamosError } from '../../model/errors.ts';
import { unknownReceivers } from '../agents/receivers.ts';
import { isSame } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { showConfig } from './show.ts';

/** @param named the settings that he has named; without them those that are not as they were */
export async function tellChange(
  session: Session,
  before: Settings,
  after: Settings,
  named?: readonly SettingKey[],
): Promise<void> {
  const keys = named ?? settingKeys.filter((key) => !isSame(before[key], after[key]));
  if (keys.length === 0) return;
  try {
    await tellOf(session, after, keys);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(error.message);
  }
}

async function tellOf(session: Session, after: Settings, keys: readonly SettingKey[]): Promise<void> {
  for (const { key, source } of await showConfig(session, keys))
    if (source === 'environment') session.warn(`${environmentName(key)} in the environment comes before config.json.`);
  const { alerts = [], signatures = 'off' } = after;
  if (keys.includes('signatures') && signatures !== 'off')
    await (await import('../identity/keyless.ts')).tellUnsigned(session, signatures);
  for (const { name, to } of keys.includes('alerts') ? await unknownReceivers(session, alerts) : [])
    session.warn(`The alert ${name} is to be told to ${to}, but there is no such agent.`);
}
