/** What became of each of many tasks. */
import type { MadeTask } from '../../../contract/tasks.ts';
import { sameAgent } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { priorities } from '../../../model/message.ts';
import type { Entry } from '../../../storage/port/look.ts';
import type { Session } from '../../root/root.ts';
import { giveToBest } from '../assign.ts';
import { type Crew, lookAtCrew } from '../crew.ts';
import { type Placed, placedTasks } from '../list.ts';
import { type Drafts, type Planned, queueOf, type Waits } from './plan.ts';

/** What is ready goes to who can do it, the most urgent first. */
export async function giveAndTell(
  session: Session,
  planned: readonly Planned[],
  drafts: Drafts,
  waits: Waits,
): Promise<MadeTask[]> {
  const placed = new Map((await placedTasks(session)).map((one) => [one.entry.id, one]));
  const made = new Map<string, MadeTask>();
  for (const one of planned) made.set(one.id, madeOf(one, one.there ?? placed.get(one.id), drafts, waits));
  const ready = planned.filter(
    ({ id, there, draft }) => !there && draft.assign !== false && placed.get(id)?.state === 'ready',
  );
  if (ready.length > 0) {
    try {
      await giveAway(session, ready, placed, made);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      session.warn(`The tasks are made; who gets them is decided later: ${error.message}`);
    }
  }
  return planned.map(({ id }) => made.get(id) as MadeTask);
}

async function giveAway(
  session: Session,
  ready: readonly Planned[],
  placed: ReadonlyMap<string, Placed>,
  made: Map<string, MadeTask>,
): Promise<void> {
  const crew = await lookAtCrew(session);
  const rank = ({ draft: { priority = 'normal' } }: Planned): number => priorities.indexOf(priority);
  // What nobody can take now nobody can take who is asked for the same.
  const missing = new Map<string, string | undefined>();
  for (const { id, task, assignee } of ready.toSorted((a, b) => rank(a) - rank(b))) {
    const { requires = [] } = task;
    const asked = requires.join(' ');
    const entry = placed.get(id)?.entry;
    const before = made.get(id);
    if (!entry || !before) continue;
    const wanted = assignee === undefined ? undefined : await giveTo(session, crew, entry, { assignee, requires });
    if (!wanted && !missing.has(asked) && !(await crew.best(requires)))
      missing.set(asked, await crew.missing(requires));
    const given = wanted ?? (missing.has(asked) ? undefined : await giveToBest(session, crew, entry, requires));
    if (given) made.set(id, { ...before, state: 'assigned', mailbox: given.mailbox, assignee: given.mailbox });
    else {
      const why = missing.get(asked);
      if (why !== undefined) made.set(id, { ...before, missing: why });
    }
  }
}

/** @returns `undefined`: he is no agent here, or cannot take it */
async function giveTo(
  session: Session,
  crew: Crew,
  entry: Entry,
  { assignee, requires }: { readonly assignee: string; readonly requires: readonly string[] },
): Promise<Entry | undefined> {
  const others = (await crew.candidates(requires)).filter(({ agent }) => !sameAgent(agent, assignee));
  return giveToBest(session, crew, entry, requires, { without: new Set(others.map(({ agent }) => agent)) });
}

function madeOf(one: Planned, placed: Placed | undefined, drafts: Drafts, waits: Waits): MadeTask {
  const { id, key, draft, there, done } = one;
  const waitsFor = waits.get(id);
  // It is not seen open any more: somebody was fast.
  const state = placed?.state ?? 'done';
  return {
    id,
    ...(key !== undefined && { key }),
    title: draft.title,
    state: done && !there ? 'done' : state,
    mailbox: placed?.entry.mailbox ?? queueOf(drafts, one),
    ...(state === 'blocked' && waitsFor && { waitsFor }),
    ...(there && { duplicate: true as const }),
  };
}

/** What would become of it. */
export function foreseen(one: Planned, drafts: Drafts, waits: Waits): MadeTask {
  const { id, key, draft, there, done } = one;
  const waitsFor = waits.get(id);
  if (there) return madeOf(one, there, drafts, waits);
  return {
    id,
    ...(key !== undefined && { key }),
    title: draft.title,
    state: done ? 'done' : waitsFor ? 'blocked' : 'ready',
    mailbox: queueOf(drafts, one),
    ...(waitsFor && { waitsFor }),
  };
}
