import { isoTime } from '../../model/clock.ts';
import { usage } from '../../model/refusals.ts';
import { logOf } from '../../model/topic.ts';
import { listMailboxes, mailboxesOf } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { crewOnce } from '../tasks/crew.ts';
import { createWaitingLook } from '../tasks/place/waiting.ts';
import { bringDueOrWarn, finishSendsOrWarn } from '../wait/due.ts';
import type { ExportDatabase } from './database.ts';
import { addNews, hasNews, type News } from './news.ts';
import { followRenames } from './renames.ts';

export interface ExportedPart {
  /** Only messages that were sent, and events that happened, from then on; milliseconds since 1970. */
  readonly since?: number;
  /** Only what lies, or lay, in this agent's mailbox. */
  readonly agent?: string;
  /** Ends it; nothing was written then. */
  readonly signal?: AbortSignal;
  /** Called now and then with how many messages were looked at. */
  readonly onProgress?: (messages: number) => void;
}

/** Whether the database lacks anything. */
export async function isBehind(session: Session, database: ExportDatabase, options: ExportedPart): Promise<boolean> {
  const news = newsOf(session, database, options);
  for (const name of await placesOf(session, options)) if (await hasNews(news, name)) return true;
  return false;
}

export async function fill(session: Session, database: ExportDatabase, options: ExportedPart): Promise<void> {
  const news = newsOf(session, database, options);
  followRenames(database, await listMailboxes(session));
  await lookIntoEach(session, await placesOf(session, options), async (name) => {
    if (!options.signal?.aborted && (await hasNews(news, name))) await addNews(news, name);
  });
}

function newsOf(session: Session, database: ExportDatabase, options: ExportedPart): News {
  const { since, signal, onProgress } = options;
  if (since !== undefined && !Number.isFinite(new Date(since).getTime()))
    throw usage('`since` is a time in milliseconds since 1970.', 'For example: Date.now() - 7 * 86_400_000');
  let looked = 0;
  return {
    session,
    database,
    looks: { crew: crewOnce(session), unfinished: createWaitingLook(session) },
    since: since === undefined ? '' : isoTime(since),
    signal,
    onLooked: (entries) => onProgress?.((looked += entries)),
  };
}

/** The mailboxes and logs that are meant, with what is due moved, so that what is seen is true. @throws AGENT_NOT_FOUND */
async function placesOf(session: Session, { agent }: ExportedPart): Promise<string[]> {
  await finishSendsOrWarn(session);
  const mailboxes = await mailboxesOf(session, agent);
  for (const name of mailboxes) await bringDueOrWarn(session, name);
  return agent === undefined ? [...mailboxes, ...(await session.store.look.listTopics()).map(logOf)] : mailboxes;
}
