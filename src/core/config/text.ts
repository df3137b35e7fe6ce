/** Settings as the text that a person writes. */
import type { ConfigValid, ConfigVersion } from '../../contract/system.ts';
import { mostDocumentLevels } from '../../model/basics/limits.ts';
import { placeInJson, placeText } from '../../model/basics/json-place.ts';
import { DreamosError } from '../../model/errors.ts';
import { settingKeys, type Settings } from '../../model/settings.ts';
import type { Session } from '../root/root.ts';
import { toldVersion } from './history.ts';
import { rewriteSettings } from './rewrite.ts';
import { faultsIn } from './rules.ts';
import { operation } from '../root/operation.ts';

/** A text, and the store's word for the file as it is. */
export interface Editable {
  readonly text: string;
  readonly version: string | undefined;
}

/** What config.json says, be it usable or not. */
export const editableConfig = operation('config.edit', editableConfigBody, undefined, 'editableConfig');

async function editableConfigBody({ store }: Session): Promise<Editable> {
  return (await store.documents.text('settings')) ?? { text: '{}\n', version: undefined };
}

/** Puts a whole text in force, as one version. @throws CONFIG_INVALID, STATE_CHANGED */
export const replaceConfig = operation('config.edit', replaceConfigBody);

async function replaceConfigBody(
  session: Session,
  text: string,
  { before, name = 'The text', note }: { readonly before: Editable; readonly name?: string; readonly note?: string },
): Promise<ConfigVersion | undefined> {
  const settings = settingsIn(text, name);
  const options = { whole: true, ifUnchanged: { version: before.version }, ...(note !== undefined && { note }) };
  const { version } = await rewriteSettings(session, () => settings, options);
  return version === 0 ? undefined : toldVersion(session, 'settings', version);
}

/**
 * Whether a text can be used as settings; without one, whether config.json can.
 * @param name what it is called in the error @throws CONFIG_INVALID naming all that is wrong, and where
 */
export const validateConfig = operation('config.validate', validateConfigBody);

async function validateConfigBody(session: Session, text?: string, name = 'The text'): Promise<ConfigValid> {
  const { document } = await session.store.documents.locate('settings', []);
  const file = text === undefined ? document : name;
  const settings = settingsIn(text ?? (await editableConfig(session)).text, file);
  const unknown = Object.keys(settings).filter((key) => !(settingKeys as readonly string[]).includes(key));
  const known = Object.keys(settings).length - unknown.length;
  return { file, valid: true, settings: known, ...(unknown.length > 0 && { unknown }) };
}

function settingsIn(text: string, file: string): Settings {
  const place = placeInJson(text, [], mostDocumentLevels);
  if (place.fault !== undefined) throw new ConfigUnusable(file, [`${placeText(place)}: ${place.fault}`]);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigUnusable(file, ['it is no object']);
  const faults = faultsIn(value);
  if (faults.length === 0) return value;
  const at = (path: readonly PropertyKey[]): string => placeText(placeInJson(text, path, mostDocumentLevels));
  throw new ConfigUnusable(
    file,
    faults.map(({ path, fault, hint }) => `${at(path)}: ${fault}${hint === undefined ? '' : ` (${hint})`}`),
  );
}

/** With all that is wrong, each with its place. */
export class ConfigUnusable extends DreamosError {
  readonly file: string;
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super('invalid', 'CONFIG_INVALID', `${file} cannot be used: ${faults.join('; ')}.`, { hint: ConfigUnusable.next });
    this.file = file;
    this.faults = faults;
  }

  static readonly next = 'What each setting may be: dreamos help settings';
}
