import { sameAgent } from '../../../model/agent.ts';
import { isoTime } from '../../../model/clock.ts';
import { priorities } from '../../../model/message.ts';
import { openStates, type TaskState, taskStates } from '../../../model/state.ts';
import { findSurely } from '../../look/find.ts';
import type { Session } from '../../root/root.ts';
import { readTask, type TaskDocument } from '../place/document.ts';
import { findTask, type FoundTask } from '../place/find.ts';
import { placedTasks } from '../list.ts';
import { assigneeOf } from '../view.ts';
import { type BeadsDependency, type BeadsIssue, isClosed, issueIn } from './beads.ts';
import { eachOf } from '../../root/operation.ts';

export interface ExportBeadsOptions {
  /** Also what is done and cancelled. */
  readonly all?: boolean;
}

/**
 * One that came from beads is as it was there, but for what has become of it here; what was made here gets our ids. The oldest
 * first.
 */
export const exportBeads = eachOf('tasks.exportBeads', exportBeadsBody);

async function* exportBeadsBody(
  session: Session,
  { all = false }: ExportBeadsOptions = {},
): AsyncGenerator<BeadsIssue, void, undefined> {
  const placed = await placedTasks(session, { states: all ? taskStates : [...openStates, 'failed'] });
  const names = new Map<string, string>();
  const read = async ({ entry, state }: (typeof placed)[number]): Promise<FoundTask> => {
    const message = await session.store.look.read(entry);
    // Moved on since it was listed.
    const found = message ? { entry, message, state } : await findTask(session, entry.id);
    names.set(entry.id, issueIn(found.message.data)?.id ?? entry.id);
    return found;
  };
  const nameOf = async (id: string): Promise<string> => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const [entry] = await findSurely(session, id);
    const message = entry && (await session.store.look.read(entry));
    const name = issueIn(message?.data)?.id ?? id;
    names.set(id, name);
    return name;
  };
  for (const one of placed.sort((a, b) => (a.entry.id < b.entry.id ? -1 : 1))) {
    const found = await read(one);
    const document = await readTask(session, found.entry.id);
    const kept = issueIn(found.message.data);
    const now = await changes(session, found, document);
    yield kept ? asItIs(found, kept, now) : { ...(await ours(found, nameOf)), ...now };
  }
}

function asItIs(found: FoundTask, kept: BeadsIssue, now: Changes): BeadsIssue {
  if (!isAsItCame(found, kept)) return merged(kept, now);
  const { assignee } = now;
  return assignee === undefined || sameAgent(assignee, kept.assignee ?? '') ? kept : { ...kept, assignee };
}

function isAsItCame({ entry, state }: FoundTask, issue: BeadsIssue): boolean {
  if (isClosed(issue)) return state === 'done';
  return entry.attempt === 0 && (openStates as readonly TaskState[]).includes(state);
}

/** What was closed is not any more, if it was retried. */
function merged(kept: BeadsIssue, now: Changes): BeadsIssue {
  const { closed_at: _, close_reason: __, ...open } = kept;
  return { ...(now.status === 'closed' ? kept : open), ...now };
}

type Changes = Pick<BeadsIssue, 'status' | 'assignee' | 'updated_at' | 'closed_at' | 'close_reason'>;

async function changes(
  session: Session,
  { entry, message, state }: FoundTask,
  { progress, result }: TaskDocument,
): Promise<Changes> {
  const isOver = state === 'done' || state === 'cancelled';
  const endedAt = entry.ackedAt ?? entry.deadAt;
  const assignee = await assigneeOf(session, entry, state);
  const reason = state === 'cancelled' ? 'cancelled' : result?.attempt === entry.attempt ? result.text : undefined;
  return {
    status: isOver ? 'closed' : state === 'active' ? 'in_progress' : 'open',
    ...(assignee !== undefined && { assignee }),
    updated_at: endedAt === undefined ? (progress?.at ?? message.createdAt) : isoTime(endedAt),
    ...(isOver && endedAt !== undefined && { closed_at: isoTime(endedAt) }),
    ...(isOver && reason !== undefined && { close_reason: reason }),
  };
}

/** The numbers of beads. Its 4 is low, too. */
function numberOf({ priority }: FoundTask['entry']): number {
  return priorities.indexOf(priority);
}

async function ours({ entry, message }: FoundTask, nameOf: (id: string) => Promise<string>): Promise<BeadsIssue> {
  const { requires = [], dependsOn = [], parent, deadline } = message.task ?? {};
  const { createdAt, from, subject, body, tags, data } = message;
  const dependency = async (id: string, type: string): Promise<BeadsDependency> => ({
    issue_id: entry.id,
    depends_on_id: await nameOf(id),
    type,
    created_at: createdAt,
    created_by: from,
  });
  const dependencies: BeadsDependency[] = [];
  for (const id of dependsOn) dependencies.push(await dependency(id, 'blocks'));
  if (parent !== undefined) dependencies.push(await dependency(parent, 'parent-child'));
  return {
    id: entry.id,
    title: subject,
    ...(body !== subject && { description: body }),
    priority: numberOf(entry),
    issue_type: 'task',
    created_at: createdAt,
    created_by: from,
    ...(deadline !== undefined && { due_at: deadline }),
    ...(tags.length > 0 && { labels: [...tags] }),
    ...(dependencies.length > 0 && { dependencies }),
    // Not of beads, which passes over it.
    ...(requires.length > 0 && { requires }),
    ...(data !== null && { data }),
  };
}
