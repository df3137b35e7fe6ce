/** The one way to write config.json: a version is kept first (core/root/revisions.ts). */
import { DreamosError } from '../../model/errors.ts';
import { type SettingKey, type Settings, wrongSettings } from '../../model/settings.ts';
import { asSettings, forgetSettings } from '../root/config-file.ts';
import { underLock } from '../root/documents.ts';
import {
  isSame,
  keepFound,
  keepNext,
  lastInForce,
  noteInForce,
  type Revision,
  versionInForce,
} from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { checkCommands } from './commands.ts';
import { tellChange } from './told.ts';

export interface ConfigChangeOptions {
  /** Why, for the history. */
  readonly note?: string;
  /** Only if this version is in force. */
  readonly ifVersion?: number;
}

interface RewriteOptions extends ConfigChangeOptions {
  /** Also what cannot be read is replaced; what it was is kept with the version. */
  readonly whole?: boolean;
  /** Only if the file is still the one of which the store has said this. */
  readonly ifUnchanged?: { readonly version: string | undefined };
  /** The settings that are changed by their names: of these he is told also what was so before. */
  readonly named?: readonly SettingKey[];
}

export interface Rewritten {
  readonly version: number;
  /** `false`: that was so already. */
  readonly isNew: boolean;
}

interface Done extends Rewritten {
  readonly before: Settings;
  readonly after: Settings;
}

interface Found {
  readonly settings: Settings;
  readonly version: string | undefined;
  /** What cannot be used, as a text. */
  readonly unusable?: string;
}

/**
 * Under a lock from the beginning, so that a version is undone by nothing but a kill.
 * @param make from what is written there to what is to be, checked; it does nothing else
 * It tells what there is to be told of the change.
 * @returns the version in force; the one before, if that says the same @throws STATE_CHANGED; FORBIDDEN: it names commands
 */
export async function rewriteSettings(
  session: Session,
  make: (written: Settings) => Settings,
  options: RewriteOptions,
): Promise<Rewritten> {
  const once = (): Promise<Done | undefined> => rewriteOnce(session, make, options);
  const { before, after, ...done } = await underLock(session.store.documents, 'settings', 'The settings are', once);
  forgetSettings(session);
  await tellChange(session, before, after, options.named);
  return done;
}

async function rewriteOnce(
  session: Session,
  make: (written: Settings) => Settings,
  { note, ifVersion, whole = false, ifUnchanged }: RewriteOptions,
): Promise<Done | undefined> {
  const { documents } = session.store;
  // A note that somebody has spoilt is refused before anything is changed.
  await documents.get('in-force');
  const last = await lastInForce(session, 'settings');
  const found = await findSettings(session, whole);
  if (ifUnchanged && found.version !== ifUnchanged.version) throw changedMeanwhile();
  const base = await baseOf(session, found, last);
  if (base === undefined) return undefined;
  if (ifVersion !== undefined && (found.unusable !== undefined || base !== ifVersion))
    throw otherVersion(base, ifVersion);
  const settings = make(found.settings);
  const inForce = found.unusable === undefined ? found.settings : await documents.lastGoodSettings();
  checkCommands(session, inForce ?? {}, settings);
  if (found.unusable === undefined && isSame(settings, found.settings)) {
    // Whoever has put it there may have been killed before he noted it.
    await noteInForce(session, base);
    return { version: base, isNew: false, before: found.settings, after: settings };
  }
  const replaced = found.unusable !== undefined && { replaced: found.unusable };
  const said: Pick<Revision, 'base' | 'note' | 'replaced'> = { base, ...(note !== undefined && { note }), ...replaced };
  const version = await keepNext(session, 'settings', settings, said);
  if (version === undefined) return undefined;
  if (!(await documents.put('settings', settings, found.version))) return undefined;
  await noteInForce(session, version);
  return { version, isNew: true, before: found.settings, after: settings };
}

async function findSettings(session: Session, whole: boolean): Promise<Found> {
  const { documents } = session.store;
  try {
    const document = await documents.get('settings');
    const settings = await asSettings(session, document?.value);
    const version = document?.version;
    if (wrongSettings(settings).length === 0) return { settings, version };
    return { settings, version, unusable: (await documents.text('settings'))?.text ?? '' };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    if (!whole) throw await withWayBack(session, error);
    const { text, version } = (await documents.text('settings')) ?? { text: '', version: undefined };
    return { settings: {}, version, unusable: text };
  }
}

/** Names the version that holds meanwhile, if there is one. */
async function withWayBack(session: Session, error: DreamosError): Promise<DreamosError> {
  const last = await lastInForce(session, 'settings');
  if (last === 0) return error;
  const { kind, code, message } = error;
  const hint = `Mend it there; or back to version ${last}, which is in force: dreamos config rollback ${last}`;
  return new DreamosError(kind, code, message, { hint, cause: error });
}

/** What is in force, kept by now, if somebody has written it by hand. `undefined`: somebody else was faster. */
async function baseOf(session: Session, { settings, unusable }: Found, last: number): Promise<number | undefined> {
  if (unusable !== undefined) return last;
  return (
    (await versionInForce(session, 'settings', settings, last)) ?? (await keepFound(session, 'settings', settings))
  );
}

/** Which version is in force; `undefined`: what holds is kept in none yet, or cannot be used. */
export async function settingsVersion(session: Session): Promise<number | undefined> {
  const last = await lastInForce(session, 'settings');
  const { settings, unusable } = await findSettings(session, true);
  return unusable === undefined ? versionInForce(session, 'settings', settings, last) : undefined;
}

/**
 * Keeps what somebody has written into config.json by hand, as a version.
 * @returns its number; `undefined`: nothing had to be kept, or it cannot be used
 */
export async function keepHandEdit(session: Session, { dryRun = false } = {}): Promise<number | undefined> {
  const { documents } = session.store;
  const look = async (): Promise<Settings | undefined> => {
    const last = await lastInForce(session, 'settings');
    const { settings, unusable } = await findSettings(session, true);
    if (unusable !== undefined) return undefined;
    return (await versionInForce(session, 'settings', settings, last)) === undefined ? settings : undefined;
  };
  // Mostly there is nothing, and nobody needs a lock for that.
  if (!(await look())) return undefined;
  if (dryRun) return ((await documents.revisions('settings')).at(-1) ?? 0) + 1;
  return documents.withLock('change.settings', async () => {
    const settings = await look();
    return settings && keepFound(session, 'settings', settings);
  });
}

function otherVersion(now: number, wanted: number): DreamosError {
  const message = `Version ${wanted} of the settings is not in force any more: it is version ${now}. Nothing was changed.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, {
    hint: wanted < now ? `What has changed: dreamos config diff ${wanted} ${now}` : 'dreamos config history',
  });
}

function changedMeanwhile(): DreamosError {
  const message = 'Somebody else has changed the settings meanwhile. Nothing was changed.';
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: 'Who and what: dreamos config history' });
}
