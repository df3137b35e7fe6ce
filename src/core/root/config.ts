import { DreamosError } from '../../model/errors.ts';
import { parseDuration } from '../../model/duration.ts';
import {
  defaultSettings,
  environmentName,
  inNumbers,
  settingKeys,
  type Settings,
  type SettingValue,
} from '../../model/settings.ts';
import type { ConfigValue } from '../../contract/system.ts';
import type { Session } from './root.ts';
import { asSettings, forgetSettings, usableSettings, withoutWrong } from './config-file.ts';
import { checkSettingKey, environmentSettings, parseSetting } from './settings.ts';
import { changeDocument } from './documents.ts';

export async function getConfig(session: Session, key?: string): Promise<ConfigValue[]> {
  const keys = key === undefined ? settingKeys : [checkSettingKey(key)];
  const config = inNumbers(await usableSettings(session));
  const environment = environmentSettings(session.env);
  return keys.map((name) => {
    if (environment[name] !== undefined) return { key: name, value: environment[name], source: 'environment' };
    if (config[name] !== undefined) return { key: name, value: config[name], source: 'config' };
    return { key: name, value: defaultSettings[name], source: 'default' };
  });
}

export async function setConfig(session: Session, key: string, value: SettingValue | undefined): Promise<ConfigValue> {
  const name = checkSettingKey(key);
  const parsed = value === undefined || value === '' ? undefined : parseSetting(name, String(value), name);
  await changeDocument(session.store.documents, 'settings', async (written) => {
    const { [name]: _, ...others } = inNumbers(await asSettings(session, written));
    const changed: Settings = parsed === undefined ? others : { ...others, [name]: parsed };
    checkBackoff(withoutWrong(changed));
    return changed;
  });
  forgetSettings(session);
  const [now] = await getConfig(session, name);
  if (!now) throw new Error(`The setting ${name} is gone.`);
  if (now.source === 'environment')
    session.warn(`${environmentName(name)} in the environment comes before config.json.`);
  return now;
}

function checkBackoff({
  backoffMin = defaultSettings.backoffMin,
  backoffMax = defaultSettings.backoffMax,
}: Settings): void {
  if (parseDuration(backoffMin) <= parseDuration(backoffMax)) return;
  throw new DreamosError(
    'invalid',
    'CONFIG_INVALID',
    `backoffMin (${backoffMin}) would be longer than backoffMax (${backoffMax}).`,
    {
      hint: 'Set the one that makes room first.',
    },
  );
}
