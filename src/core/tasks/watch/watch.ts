/** What happens to tasks: the events of the messages that they are. */
import type { WatchedEvent } from '../../../model/event.ts';
import { DreamosError } from '../../../model/errors.ts';
import { watch } from '../../follow/watch.ts';
import type { FollowOptions } from '../../follow/follow.ts';
import { findNow } from '../../look/find.ts';
import type { Session } from '../../root/root.ts';
import { findTask, type FoundTask } from '../place/find.ts';
import { eachOf } from '../../root/operation.ts';

/** So many ids are known as a task's, or as none; what is asked for again costs one look. */
const mostKnown = 10_000;

/** @param idOrEnd only of this task, until it is over @returns how it ended; `undefined`: its time or the signal came first */
export const watchTasks = eachOf('tasks.watch', watchTasksBody, { lasting: 'looks' });

async function* watchTasksBody(
  session: Session,
  idOrEnd: string | undefined,
  options: FollowOptions = {},
): AsyncGenerator<WatchedEvent, FoundTask | undefined, undefined> {
  // Before the first look, so that no end falls between both.
  const since = options.since ?? (await session.store.journal.cursor(undefined, 'now'));
  const only = idOrEnd === undefined ? undefined : await findTask(session, idOrEnd);
  if (only && isOver(only) && options.since === undefined) return only;
  // Who goes on from where he was hears of what led to its end, which he may know already.
  const waitMs = only && isOver(only) ? 0 : options.waitMs;
  const known = new Map<string, boolean>();
  for await (const event of watch(session, { ...options, since, ...(waitMs !== undefined && { waitMs }) })) {
    if (only ? event.id !== only.entry.id : !(await isTask(session, event, known))) continue;
    yield event;
    if (!only || !ends.has(event.event)) continue;
    const now = await findTask(session, only.entry.id);
    if (isOver(now)) return now;
  }
  return only && isOver(only) ? only : undefined;
}

const ends: ReadonlySet<string> = new Set(['acked', 'dead', 'cancelled']);

function isOver({ state }: FoundTask): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** Others may send messages of this type, so its message decides. */
async function isTask(session: Session, { event, id, mailbox, type }: WatchedEvent, known: Map<string, boolean>) {
  const before = known.get(id);
  if (before !== undefined) return before;
  const arrives = event === 'delivered' || event === 'scheduled' || event === 'published';
  const is = (!arrives || type === 'task') && (await lies(session, id, mailbox));
  if (known.size >= mostKnown) known.delete(known.keys().next().value ?? '');
  known.set(id, is);
  return is;
}

async function lies(session: Session, id: string, mailbox: string): Promise<boolean> {
  try {
    const here = await session.store.look.find(id, mailbox);
    const entries = here.length > 0 ? here : await findNow(session, id);
    return entries.some(({ task }) => task);
  } catch (error) {
    // Its mailbox has gone.
    if (error instanceof DreamosError && error.kind === 'not-found') return false;
    throw error;
  }
}
