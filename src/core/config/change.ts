import type { ConfigValue, ConfigVersion } from '../../contract/system.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { inNumbers, type SettingKey, type Settings, type SettingValue } from '../../model/settings.ts';
import { resolveAgent } from '../agents/agents.ts';
import { changeDocument } from '../root/documents.ts';
import { keepCard, versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { checkSettings, checkSettingKey, parseSetting } from '../root/settings.ts';
import { historyOf, versionOf } from './history-of.ts';
import { toldVersion } from './history.ts';
import { type ConfigChangeOptions, rewriteSettings } from './rewrite.ts';
import { checkWhole } from './rules.ts';
import { showConfig } from './show.ts';
import { operation } from '../root/operation.ts';

/** Settings by their names, as values or as a person types them; `null` or `''`: the default holds again. */
export type ConfigChanges = Readonly<Partial<Record<SettingKey, SettingValue | Settings[SettingKey] | null>>>;

/** As one version. @returns what holds of these settings now, with the version that is in force */
export const changeConfig = operation('config.change', changeConfigBody);

async function changeConfigBody(
  session: Session,
  changes: ConfigChanges,
  options: ConfigChangeOptions = {},
): Promise<ConfigValue[]> {
  const parsed = Object.entries(changes).map(([key, value]) => {
    const name = checkSettingKey(key);
    const isUnset = value === undefined || value === null || value === '';
    return [name, isUnset ? undefined : parseSetting(name, value, name)] as const;
  });
  if (parsed.length === 0) throw usage('No setting is named.', 'For example: dreamos config set lease=30m');
  const names = parsed.map(([name]) => name);
  const make = (written: Settings): Settings => {
    const all = Object.entries({ ...inNumbers(written), ...Object.fromEntries(parsed) });
    const changed = Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Settings;
    checkWhole(changed, names);
    return changed;
  };
  const { version, isNew } = await rewriteSettings(session, make, { ...options, named: names });
  const now = await showConfig(session, names);
  return now.map((one) => ({ ...one, version, ...(!isNew && { unchanged: true as const }) }));
}

/** @param value `undefined`: the default holds again */
export const setConfig = operation('config.set', setConfigBody);

async function setConfigBody(
  session: Session,
  key: string,
  value: unknown,
  options: ConfigChangeOptions = {},
): Promise<ConfigValue> {
  const [now] = await changeConfig(session, { [key]: value }, options);
  if (!now) throw new Error(`The setting ${key} is gone.`);
  return now;
}

export const unsetConfig = operation('config.unset', unsetConfigBody);

function unsetConfigBody(
  session: Session,
  keys: readonly string[],
  options: ConfigChangeOptions = {},
): Promise<ConfigValue[]> {
  return changeConfig(session, Object.fromEntries(keys.map((key) => [key, null])), options);
}

export interface ConfigRollbackOptions extends ConfigChangeOptions {
  /** The card of this agent, instead of the settings. */
  readonly agent?: string;
}

/** What an earlier version said, as a new version; 0: nothing is set. */
export const rollbackConfig = operation('config.rollback', rollbackConfigBody);

async function rollbackConfigBody(
  session: Session,
  version: number,
  { agent, note = `rollback to ${version}`, ...options }: ConfigRollbackOptions = {},
): Promise<ConfigVersion> {
  if (agent !== undefined) return rollbackCard(session, agent, version, { note, ...options });
  const settings = (await versionOf(await historyOf(session, 'settings'), version)) as Settings;
  checkWhole(settings);
  const { version: now } = await rewriteSettings(session, () => settings, { note, ...options, whole: true });
  if (now === 0) throw usage('Nothing was ever set.', 'dreamos config history');
  return toldVersion(session, 'settings', now);
}

/** Who it is, and whether it works, is no matter of what its card said once. */
const staying = [
  'name',
  'createdAt',
  'formerNames',
  'retiredAt',
  'deletedAt',
  'pausedAt',
  'pausedBy',
  'kind',
  'queue',
  // An older version would bring back a key that was revoked.
  'keys',
] as const satisfies (keyof AgentCard)[];

async function rollbackCard(
  session: Session,
  agent: string,
  version: number,
  { note, ifVersion }: ConfigChangeOptions,
): Promise<ConfigVersion> {
  const { name } = await resolveAgent(session, agent);
  const of = `agents/${name}` as const;
  const kept = (await versionOf(await historyOf(session, of), version, name)) as AgentCard;
  checkSettings(kept.settings ?? {}, `version ${version} of the card of ${name}`);
  const change = async (found: unknown): Promise<AgentCard> => {
    const now = (found as AgentCard | undefined) ?? (await resolveAgent(session, agent));
    const inForce = await versionInForce(session, of, now);
    if (ifVersion !== undefined && inForce !== ifVersion) throw otherCard(name, ifVersion);
    const own = staying.flatMap((field) => (now[field] === undefined ? [] : [[field, now[field]]]));
    const said = Object.entries(kept).filter(([field]) => !(staying as readonly string[]).includes(field));
    return Object.fromEntries([...own, ...said]);
  };
  const after = await changeDocument(session.store.documents, of, change, (_, before, card) =>
    keepCard(session, of, before as AgentCard, card, note === undefined ? {} : { note }),
  );
  const now = await versionInForce(session, of, after);
  if (!now) throw new Error(`The card of ${name} is kept in no version.`);
  return toldVersion(session, of, now);
}

function otherCard(name: string, wanted: number): DreamosError {
  const message = `Version ${wanted} of the card of ${name} is not in force any more. Nothing was changed.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos config history --agent ${name}` });
}
