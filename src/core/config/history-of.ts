import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound } from '../../model/refusals.ts';
import { areSettings, type Settings } from '../../model/settings.ts';
import type { RevisedName } from '../../storage/port/documents.ts';
import { lastInForce, type Revision, revisionOf, versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';

/** What is kept of a document, and how it stands now. */
export interface History {
  readonly versions: readonly number[];
  /** The document says what this version says; it cannot be used, and this holds; `undefined`: it was edited by hand since. */
  readonly inForce: number | undefined;
  /** The newest that is known to have been in force; 0: none. */
  readonly last: number;
  /** What it says now; `undefined`: it cannot be used. */
  readonly now: Settings | AgentCard | undefined;
  /** Each is read once. */
  get(version: number): Promise<Revision | undefined>;
}

/** Reads only. @param of a card: it is there */
export async function historyOf(session: Session, of: RevisedName): Promise<History> {
  const { documents } = session.store;
  const known = new Map<number, Promise<Revision | undefined>>();
  const last = await lastInForce(session, of);
  const now = await nowIn(session, of);
  return {
    versions: await documents.revisions(of),
    inForce: now ? await versionInForce(session, of, now, of === 'settings' ? last : 0) : last,
    last,
    now,
    get(version) {
      const found = known.get(version) ?? revisionOf(session, of, version);
      known.set(version, found);
      return found;
    },
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
  const range = history.versions.length === 0 ? 'none is kept' : `there are ${list(history.versions)}`;
  const message = `There is no version ${version} of ${whose}: ${range}.`;
  throw notFound(
    'VERSION_NOT_FOUND',
    message,
    agent === undefined ? 'dreamos config history' : `dreamos config history --agent ${agent}`,
  );
}

function list(versions: readonly number[]): string {
  const last = versions.at(-1);
  return versions.length === 1 ? `only ${last}` : `${versions[0]} to ${last}`;
}
