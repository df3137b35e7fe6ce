/** Looks at what is kept of changes; they write nothing, also where somebody has edited a file by hand. */
import type { ConfigDifference, ConfigVersion } from '../../contract/system.ts';
import type { AgentCard } from '../../model/agent.ts';
import type { Settings } from '../../model/settings.ts';
import type { RevisedName } from '../../storage/port/documents.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { readSettings } from '../root/config-file.ts';
import { toldOne, toldVersions } from '../root/history.ts';
import { type Revision, said } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { differencesOf } from './differences.ts';
import { type History, historyOf, versionOf } from './history-of.ts';
import { operation } from '../root/operation.ts';

export interface ConfigHistoryOptions {
  /** Of this agent's card, instead of the settings. */
  readonly agent?: string;
  /** Only so many, the newest. */
  readonly limit?: number;
}

/** The newest first. */
export const configHistory = operation('config.history', configHistoryBody);

async function configHistoryBody(
  session: Session,
  { agent, limit = Infinity }: ConfigHistoryOptions = {},
): Promise<ConfigVersion[]> {
  const of = await whose(session, agent);
  const history = await historyOf(session, of);
  await tellByHand(session, of, history);
  return toldVersions(session, history, changes, limit);
}

/** As it is told after a change. */
export async function toldVersion(session: Session, of: RevisedName, version: number): Promise<ConfigVersion> {
  return toldOne(await historyOf(session, of), of, version, changes);
}

function changes(before: Revision | undefined, after: Revision): ConfigDifference[] {
  return differencesOf(before ? sure(before) : nothing(after), sure(after));
}

const sure = (revision: Revision): Settings | AgentCard => said(revision) as Settings | AgentCard;

/** A card's first version changes nothing that is known. */
function nothing(revision: Revision): Settings | AgentCard {
  return revision.settings ? {} : sure(revision);
}

/**
 * From one version to another; without the second to what is in force; without both from what was in force before that. Where
 * somebody has edited a file by hand, and it is not kept yet, what is in force is what the file says.
 */
export const configDiff = operation('config.diff', configDiffBody);

async function configDiffBody(
  session: Session,
  from?: number,
  to?: number,
  { agent }: Pick<ConfigHistoryOptions, 'agent'> = {},
): Promise<ConfigDifference[]> {
  const of = await whose(session, agent);
  const history = await historyOf(session, of);
  await tellByHand(session, of, history);
  const { now, inForce = history.last } = history;
  const end = to === undefined ? (now ?? (await versionOf(history, inForce))) : await versionOf(history, to, agent);
  const since = from ?? (history.inForce === undefined ? inForce : ((await history.get(inForce))?.base ?? 0));
  // Before its first version nothing is known of a card.
  if (since === 0 && from === undefined && agent !== undefined) return [];
  return differencesOf(await versionOf(history, since, agent), end);
}

async function whose(session: Session, agent: string | undefined): Promise<RevisedName> {
  return agent === undefined ? 'settings' : `agents/${(await resolveMailbox(session, agent)).name}`;
}

/** For who looks: what is in force is kept in no version, and what keeps it. */
export async function tellByHand(session: Session, of: RevisedName, history: History): Promise<void> {
  if (history.now && (history.inForce !== undefined || (of !== 'settings' && history.versions.length === 0))) return;
  const { last } = history;
  const since = last === 0 ? '' : ` since version ${last}`;
  const { document } = await session.store.documents.locate(of, []);
  if (history.now === undefined) {
    const why = await readSettings(session).then(
      () => '',
      ({ message }: Error) => message,
    );
    session.warn(
      `${why} ${last === 0 ? 'Nothing is kept that could hold instead.' : 'What was in force before it holds.'}`,
    );
  } else if (of === 'settings') {
    session.warn(
      `${document} was edited by hand${since}: in force, and kept as a version by the next dreamos maintain.`,
    );
  } else session.warn(`${document} was edited by hand${since}: in force, and kept as a version by its next change.`);
}
