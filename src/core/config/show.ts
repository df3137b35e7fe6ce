import type { ConfigValue } from '../../contract/system.ts';
import type { AgentCard } from '../../model/agent.ts';
import { defaultSettings, environmentName, inNumbers, type SettingKey, settingKeys } from '../../model/settings.ts';
import type { RevisedName } from '../../storage/port/documents.ts';
import { resolveAgent } from '../agents/agents.ts';
import { usableSettings } from '../root/config-file.ts';
import { isSame, type Revision, said } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { checkSettingKey, environmentSettings } from '../root/settings.ts';
import { type History, historyOf } from './history-of.ts';
import { operation } from '../root/operation.ts';

export interface ConfigShowOptions {
  /** For this agent: what its card says comes before config.json. */
  readonly agent?: string;
  /** Also in which file, with which version, by whom and when. */
  readonly origin?: boolean;
}

export const getConfig = operation('config.get', getConfigBody);

async function getConfigBody(session: Session, key?: string): Promise<ConfigValue[]> {
  return showConfig(session, key === undefined ? [] : [key]);
}

/** What holds, of these settings or of all, in the order of the table. */
export const showConfig = operation('config.show', showConfigBody);

async function showConfigBody(
  session: Session,
  keys: readonly string[] = [],
  { agent, origin = false }: ConfigShowOptions = {},
): Promise<ConfigValue[]> {
  const names = keys.length === 0 ? settingKeys : keys.map(checkSettingKey);
  const card = agent === undefined ? undefined : await resolveAgent(session, agent);
  const config = inNumbers(await usableSettings(session));
  const own = inNumbers(card?.settings ?? {});
  const environment = environmentSettings(session.env);
  const shown = names.map((name): ConfigValue => {
    if (environment[name] !== undefined) return { key: name, value: environment[name], source: 'environment' };
    if (own[name] !== undefined) return { key: name, value: own[name], source: 'card' };
    if (config[name] !== undefined) return { key: name, value: config[name], source: 'config' };
    return { key: name, value: defaultSettings[name], source: 'default' };
  });
  return origin ? withOrigins(session, shown, card) : shown;
}

async function withOrigins(session: Session, shown: readonly ConfigValue[], card?: AgentCard): Promise<ConfigValue[]> {
  const settings = await historyOf(session, 'settings');
  const ofCard = card && (await historyOf(session, `agents/${card.name}`));
  const all: ConfigValue[] = [];
  for (const one of shown) {
    const { key, source } = one;
    if (source === 'default') all.push(one);
    else if (source === 'environment') all.push({ ...one, where: environmentName(key) });
    else if (source === 'card' && card && ofCard) all.push(await ofFile(session, one, `agents/${card.name}`, ofCard));
    else all.push(await ofFile(session, one, 'settings', settings));
  }
  return all;
}

async function ofFile(session: Session, one: ConfigValue, of: RevisedName, history: History): Promise<ConfigValue> {
  const field = of === 'settings' ? [one.key] : ['settings', one.key];
  const { document } = await session.store.documents.locate(of, field);
  const setter = await setterOf(history, (revision) => settingIn(revision, one.key));
  if (!setter) return { ...one, where: document };
  const { version, at, by = null } = setter;
  return { ...one, where: document, version, at, by };
}

/** The version with which it became what it is. `undefined`: what is in force is kept nowhere. */
async function setterOf(
  { inForce, get }: History,
  value: (revision: Revision) => unknown,
): Promise<Revision | undefined> {
  let setter = inForce === undefined ? undefined : await get(inForce);
  for (;;) {
    const before = setter && (await get(setter.base));
    if (!setter || !before || !isSame(value(before), value(setter))) return setter;
    setter = before;
  }
}

function settingIn(revision: Revision, key: SettingKey): unknown {
  const { settings = revision.card?.settings ?? {} } = revision;
  return said(revision) === undefined ? undefined : inNumbers(settings)[key];
}
