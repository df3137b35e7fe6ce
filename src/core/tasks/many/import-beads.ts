import type { MadeTask } from '../../../contract/tasks.ts';
import { isId } from '../../../model/id.ts';
import { messageInvalid } from '../../../model/refusals.ts';
import type { Lock } from '../../../storage/port/documents.ts';
import { actorOf } from '../../root/names.ts';
import type { Session } from '../../root/root.ts';
import type { SendOptions } from '../../send/draft.ts';
import { inOrder, taskFields } from '../create.ts';
import { type BeadsIssue, checkIssue, draftOfIssue, endsOf, isClosed } from './beads.ts';
import { makeMany } from './make.ts';
import { named, type Planned } from './plan.ts';
import { idOfSeed, type There, whatIsThere } from './seeds.ts';
import { operation } from '../../root/operation.ts';

export interface ImportBeadsOptions extends SendOptions {
  /** Also what is closed: it goes to the archive, as done. */
  readonly all?: boolean;
  /** Labels that may be capabilities are what the task requires, too. */
  readonly requiresLabels?: boolean;
  /** Checks all, and makes nothing. */
  readonly dryRun?: boolean;
  /** What errors call an issue, by its index; else `Issue 1`. */
  readonly nameOf?: (index: number) => string;
}

/** @returns one for each, but for what is closed and left out */
export const importBeads = operation('tasks.importBeads', importBeadsBody);

async function importBeadsBody(
  session: Session,
  issues: readonly unknown[],
  options: ImportBeadsOptions = {},
): Promise<MadeTask[]> {
  actorOf(session, 'brings these tasks');
  const { nameOf = (index) => `Issue ${index + 1}` } = options;
  const lines = new Map<string, Line>();
  for (const [index, value] of issues.entries()) {
    const name = nameOf(index);
    const issue = await named(name, () => {
      const checked = checkIssue(value);
      const other = lines.get(checked.id);
      if (other) throw messageInvalid(`${other.name} has the same id, ${checked.id}.`, 'Take one of them out');
      return checked;
    });
    lines.set(issue.id, { name, issue });
  }
  const make = async (lock?: Lock): Promise<MadeTask[]> => {
    const planned = planOf(session, lines, await whatIsThere(session), options);
    return makeMany(session, planned, { ...options, ...(lock && { lock }) });
  };
  // Two who bring the same would both find that nothing is there.
  return options.dryRun ? make() : session.store.documents.withLock('import', make);
}

interface Line {
  readonly name: string;
  readonly issue: BeadsIssue;
}

/** What beads does not give to anybody, and a task has no state for. */
const resting = new Set(['blocked', 'deferred', 'pinned']);

function planOf(
  session: Session,
  lines: ReadonlyMap<string, Line>,
  there: There,
  { all = false, requiresLabels = false }: ImportBeadsOptions,
): Planned[] {
  const now = session.store.now();
  const times = timesOf([...lines.values()], now);
  const idOf = (id: string): string => seeded(times.get(id) ?? now, id);
  const placedOf = (id: string) => there.of(seeded(now, id)) ?? (isId(id) ? there.byId(id) : undefined);
  const made = [...lines.values()].filter(({ issue }) => all || !isClosed(issue));
  const isMade = new Set(made.map(({ issue }) => issue.id));
  const unknown: string[] = [];
  // Whole ids of what there is, or will be.
  const known = (line: Line, ids: readonly string[]): string[] =>
    ids.flatMap((id) => {
      const placed = placedOf(id);
      if (placed) return [placed.entry.id];
      if (isMade.has(id)) return [idOf(id)];
      if (!lines.has(id)) unknown.push(`${line.issue.id} names ${id}`);
      return [];
    });
  checkCircles(made, (id) => isMade.has(id) && !placedOf(id));
  const rest = new Map<string, number>();
  const planned = made.map((line): Planned => {
    const { name, issue } = line;
    const isThere = placedOf(issue.id);
    const draft = draftOfIssue(issue, requiresLabels);
    const dependsOn = isThere ? [] : known(line, endsOf(issue, 'blocks'));
    const [parent] = isThere ? [] : known(line, endsOf(issue, 'parent-child'));
    if (!isThere && resting.has(issue.status ?? '') && dependsOn.length === 0)
      rest.set(issue.status ?? '', (rest.get(issue.status ?? '') ?? 0) + 1);
    return {
      name,
      key: issue.id,
      id: isThere?.entry.id ?? idOf(issue.id),
      draft,
      task: taskFields(draft, dependsOn, parent),
      done: isClosed(issue),
      there: isThere,
      assignee: issue.status === 'in_progress' || issue.status === 'hooked' ? issue.assignee : undefined,
    };
  });
  for (const [status, count] of rest)
    session.warn(
      `${count} of these ${count === 1 ? 'is' : 'are'} ${status} in beads; here nothing holds a task back but other tasks.`,
    );
  if (unknown.length > 0)
    session.warn(`What is named is neither in the file nor here, and not waited for: ${some(unknown)}`);
  return planned;
}

/** When each was made, by what it says, else now; of those that were made at once each a little before the next. */
function timesOf(lines: readonly Line[], now: number): Map<string, number> {
  const made = lines.map(({ issue }) => {
    const at = Date.parse(issue.created_at ?? '');
    return { id: issue.id, at: at <= now ? at : now };
  });
  const times = new Map<string, number>();
  let next = Infinity;
  for (const { id, at } of made.sort((a, b) => a.at - b.at).toReversed()) {
    next = Math.min(at, next - 1);
    times.set(id, next);
  }
  return times;
}

function seeded(atMs: number, id: string): string {
  return idOfSeed(atMs, 'beads', id);
}

/** @throws TASK_CYCLE */
function checkCircles(lines: readonly Line[], counts: (id: string) => boolean): void {
  const edges = (type: string): Map<string, string[]> =>
    new Map(
      lines.flatMap(({ issue }) =>
        counts(issue.id) && !isClosed(issue) ? [[issue.id, endsOf(issue, type).filter(counts)]] : [],
      ),
    );
  inOrder(edges('blocks'));
  inOrder(edges('parent-child'), 'are parts of each other');
}

function some(all: readonly string[]): string {
  return all.length <= 5 ? all.join(', ') : `${all.slice(0, 5).join(', ')} and ${all.length - 5} more`;
}
