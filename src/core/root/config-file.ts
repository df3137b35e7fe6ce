/** config.json, which people also edit by hand. */
import { DreamosError } from '../../model/errors.ts';
import {
  defaultSettings,
  isJsonSetting,
  misspeltSettings,
  settingFault,
  type SettingKey,
  type Settings,
  wrongSettings,
} from '../../model/settings.ts';
import { documentInvalid, misspelt } from '../../storage/port/refusals.ts';
import { createLooks } from './looks.ts';
import type { Session } from './root.ts';

interface Loaded {
  readonly settings: Settings;
  /** What should be known of the file; the same list as long as the file is the same. */
  readonly remarks: readonly string[];
}

const looks = createLooks(load);

/**
 * config.json, looked at now and then for all sessions of a root. While somebody has an invalid one there, what was last
 * read of it stays in force, for a new process what its last revision says: that ends nobody's work, and nothing is decided by
 * settings that are guessed.
 * @throws CONFIG_INVALID: nobody knows of any that could be used
 */
export function rootSettings(session: Session): Promise<Settings> {
  return looks.now(session).then(({ settings, remarks }) => {
    tellNew(session, remarks);
    return settings;
  });
}

/** As `rootSettings`, for who does nothing by them himself. @returns none, where nobody knows of any that could be used */
export async function settingsUntold(session: Session): Promise<Settings> {
  return (await knownSettings(session)) ?? {};
}

/** As `settingsUntold`. @returns `undefined`: nobody knows of any that could be used */
export async function knownSettings(session: Session): Promise<Settings | undefined> {
  try {
    return (await looks.now(session)).settings;
  } catch (error) {
    if (error instanceof DreamosError) return undefined;
    throw error;
  }
}

/** Whether the audit notes mail: at once, where the settings were looked at a moment ago, since each ack asks. */
export function auditsMail(session: Session): boolean | Promise<boolean> {
  const { settings } = looks.known(session) ?? {};
  if (settings) return settings.audit === 'all';
  return rootSettings(session).then(({ audit }) => audit === 'all');
}

/** After a change of config.json by this process. */
export function forgetSettings(session: Session): void {
  looks.forget(session);
}

async function load(session: Session): Promise<Loaded> {
  try {
    const settings = await readSettings(session);
    return { settings, remarks: await misspeltIn(session, settings) };
  } catch (error) {
    const settings = error instanceof DreamosError ? await session.store.documents.lastGoodSettings() : undefined;
    if (settings === undefined) throw error;
    const { message } = error as DreamosError;
    return { settings: { ...settings }, remarks: [`${message} ${staysInForce}`] };
  }
}

const staysInForce = 'What it said before stays in force.';

const told = new WeakMap<Session['warn'], readonly string[]>();

/** Warns of what was not said of the file as it is now. */
export function tellNew({ warn }: Session, remarks: readonly string[]): void {
  const known = told.get(warn) ?? [];
  if (remarks.length === 0 && known.length === 0) return;
  told.set(warn, remarks);
  for (const remark of remarks) if (!known.includes(remark)) warn(remark);
}

/** config.json as it is now. @throws CONFIG_INVALID naming file, line, column and setting, and what mends it */
export async function readSettings(session: Session): Promise<Settings> {
  const settings = await writtenSettings(session);
  const [wrong] = wrongSettings(settings);
  // Of its own, because what is made of it is remembered with it.
  if (wrong === undefined) return { ...settings };
  throw documentInvalid(
    await session.store.documents.locate('settings', [wrong]),
    settingFault(wrong, settings[wrong]),
    `Mend it there; or: dreamos config set ${mending(wrongSettings(settings))}`,
  );
}

/** What can be typed behind `config set` to make defaults hold again. */
function mending([first, ...more]: readonly SettingKey[]): string {
  if (first === undefined) return '';
  const say = (key: SettingKey, between: string): string =>
    `${key}${between}${isJsonSetting(key) ? "''" : String(defaultSettings[key])}`;
  return more.length === 0 ? say(first, ' ') : [first, ...more].map((key) => say(key, '=')).join(' ');
}

async function writtenSettings(session: Session): Promise<Settings> {
  return asSettings(session, (await session.store.documents.get('settings'))?.value);
}

/** What is written there, with all that is wrong. @throws CONFIG_INVALID: it is no object */
export async function asSettings({ store }: Session, written: unknown): Promise<Settings> {
  if (written === undefined) return {};
  if (typeof written === 'object' && written !== null && !Array.isArray(written)) return written;
  throw documentInvalid(await store.documents.locate('settings', []), 'it is no object');
}

/** For who only looks: what holds while config.json is not as it should be, which is told; else what of it can be used. */
export async function usableSettings(session: Session): Promise<Settings> {
  try {
    const settings = await readSettings(session);
    for (const remark of await misspeltIn(session, settings)) session.warn(remark);
    return settings;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    const before = await session.store.documents.lastGoodSettings();
    session.warn([error.message, ...(before ? [staysInForce] : []), error.hint].join(' '));
    if (before) return before;
    return withoutWrong(await writtenSettings(session).catch(() => ({})));
  }
}

/** The settings among them that can be used. */
function withoutWrong(settings: Settings): Settings {
  const wrong: readonly string[] = wrongSettings(settings);
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !wrong.includes(key)));
}

/** What is written in config.json, means nothing, and most likely should. */
export function misspeltIn({ store }: Session, settings: Settings): Promise<string[]> {
  return Promise.all(
    misspeltSettings(settings).map(async (one) => misspelt(await store.documents.locate('settings', [one.name]), one)),
  );
}
