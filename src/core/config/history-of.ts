import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound } from '../../model/refusals.ts';
import { areSettings, type Settings } from '../../model/settings.ts';
import type { RevisedName } from '../../storage/port/documents.ts';
import { type Kept, rangeText, reader } from '../root/history.ts';
import { lastInForce, versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';

/** What is kept of a document, and how it stands now. */
export interface History extends Kept {
  /** What it says now; `undefined`: it cannot be used. */
  readonly now: Settings | AgentCard | undefined;
}

/** Reads only. @param of a card: it is there */
export async function historyOf(session: Session, of: RevisedName): Promise<History> {
  const last = await lastInForce(session, of);
  const now = await nowIn(session, of);
  return {
    versions: await session.store.documents.revisions(of),
    inForce: now ? await versionInForce(session, of, now, of === 'settings' ? last : 0) : last,
    last,
    now,
    get: reader(session, of),
  };
}

async function nowIn({ store }: Session, of: RevisedName): Promise<Settings | AgentCard | undefined> {
  if (of !== 'settings') return (await store.documents.get(of))?.value as AgentCard;
  try {
    const written = (await store.documents.get('settings'))?.value ?? {};
    return areSettings(written) ? written : undefined;
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'CONFIG_INVALID') return undefined;
    throw error;
  }
}

/** What a version says; 0 is what was before anything was set. @throws VERSION_NOT_FOUND */
export async function versionOf(history: History, version: number, agent?: string): Promise<Settings | AgentCard> {
  if (version === 0 && agent === undefined) return {};
  const { settings, card } = (await history.get(version)) ?? {};
  const what = settings ?? card;
  if (what) return what;
  const whose = agent === undefined ? 'the settings' : `the card of ${agent}`;
  const message = `There is no version ${version} of ${whose}: ${rangeText(history.versions)}.`;
  throw notFound(
    'VERSION_NOT_FOUND',
    message,
    agent === undefined ? 'dreamos config history' : `dreamos config history --agent ${agent}`,
  );
}
