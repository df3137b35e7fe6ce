/** Many tasks that may name each other. */
import type { MadeTask } from '../../../contract/tasks.ts';
import { keyCharacters } from '../../../model/basics/limits.ts';
import { messageInvalid, nearestName } from '../../../model/refusals.ts';
import type { Lock } from '../../../storage/port/documents.ts';
import { actorOf } from '../../root/names.ts';
import type { Session } from '../../root/root.ts';
import type { SendOptions } from '../../send/draft.ts';
import { checkTitle, inOrder, type TaskDraft, taskFields } from '../create.ts';
import { findTask } from '../place/find.ts';
import { makeMany } from './make.ts';
import { named, type Planned } from './plan.ts';
import { idOfSeed, type There, whatIsThere } from './seeds.ts';
import { operation } from '../../root/operation.ts';

/** `dependsOn` and `parent` may name keys of the same batch, before it or behind, or tasks that are there. */
export interface BatchTask extends TaskDraft {
  /** What others of the batch call it. */
  readonly key?: string;
  /** It is made once: its sender's task with this key that is there already is the answer then. */
  readonly dedupeKey?: string;
}

export interface BatchOptions extends SendOptions {
  /** For all that have none of their own, together with the key or the number of each: the batch is made once. */
  readonly dedupeKey?: string;
  /** Checks all, and makes nothing. */
  readonly dryRun?: boolean;
  /** What errors call a task, by its index; else `Task 1`. */
  readonly nameOf?: (index: number) => string;
}

export const createTasks = operation('tasks.createAll', createTasksBody);

async function createTasksBody(
  session: Session,
  drafts: readonly BatchTask[],
  options: BatchOptions = {},
): Promise<MadeTask[]> {
  const { nameOf = (index) => `Task ${index + 1}` } = options;
  const lines: Line[] = [];
  for (const [index, draft] of drafts.entries()) {
    const name = nameOf(index);
    lines.push({ name, index, draft: await named(name, () => checkLine(session, draft)) });
  }
  const byKey = await keysOf(lines);
  checkCircles(lines, byKey);
  const seeds = seedsOf(session, lines, options.dedupeKey);
  await checkSeeds(lines, seeds);
  const make = async (lock?: Lock): Promise<MadeTask[]> => {
    const there = seeds.size === 0 ? undefined : await whatIsThere(session);
    const planned = await planOf(session, lines, { byKey, seeds, there });
    return makeMany(session, planned, { ...options, ...(lock && { lock }) });
  };
  // Two who make the same batch would both find that nothing is there.
  return seeds.size === 0 || options.dryRun ? make() : session.store.documents.withLock('import', make);
}

interface Line {
  readonly name: string;
  readonly index: number;
  readonly draft: BatchTask;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const aText = { is: isText, what: 'a text' };
const texts = { is: isTexts, what: 'a list of texts' };
const aKey = {
  is: (value: unknown): boolean => isText(value) && value !== '' && (value as string).length <= keyCharacters,
  what: `a text of 1 to ${keyCharacters} characters`,
};
const anything = { is: (): boolean => true, what: '' };

/** What `anything` is said of is checked as of every message. */
const fields: { readonly [Name in keyof Required<BatchTask>]: { is(value: unknown): boolean; readonly what: string } } =
  {
    title: aText,
    body: aText,
    requires: texts,
    dependsOn: texts,
    parent: aText,
    deadline: {
      is: (value) => isText(value) || typeof value === 'number',
      what: 'a time such as "2030-11-21T09:00Z", or milliseconds since 1970',
    },
    priority: anything,
    tags: anything,
    data: anything,
    thread: anything,
    durability: anything,
    from: anything,
    assign: { is: (value) => typeof value === 'boolean', what: 'true or false' },
    key: aKey,
    dedupeKey: aKey,
  };

/** @throws MESSAGE_INVALID, USAGE */
function checkLine(session: Session, value: BatchTask): BatchTask {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw messageInvalid('This is no task, but something else.', 'Write {"title":"…"}');
  for (const [name, given] of Object.entries(value) as [string, unknown][]) {
    const field = Object.hasOwn(fields, name) ? fields[name as keyof BatchTask] : undefined;
    if (!field) throw unknownField(name);
    if (given !== null && given !== undefined && !field.is(given))
      throw messageInvalid(`"${name}" has to be ${field.what}.`);
  }
  const draft = Object.fromEntries(
    Object.entries(value).filter(([, given]) => (given ?? null) !== null),
  ) as unknown as BatchTask;
  actorOf(session, 'wants this task', draft.from);
  checkTitle(draft);
  return draft;
}

function unknownField(name: string): Error {
  const known = Object.keys(fields);
  const nearest = nearestName(name, known);
  return messageInvalid(
    `${JSON.stringify(name.slice(0, 70))} is not a field of a task.`,
    nearest === undefined ? `One of: ${known.join(', ')}` : `Did you mean "${nearest}"?`,
  );
}

async function keysOf(lines: readonly Line[]): Promise<Map<string, Line>> {
  const byKey = new Map<string, Line>();
  for (const line of lines) {
    const { key } = line.draft;
    if (key === undefined) continue;
    const other = byKey.get(key);
    if (other) await named(line.name, () => same('key', other));
    byKey.set(key, line);
  }
  return byKey;
}

function same(what: string, { name }: Line): never {
  throw messageInvalid(`${name} has the same ${what}.`, 'Give each its own');
}

/** What is there already waits for nothing that is made now, so a circle is one of keys. @throws TASK_CYCLE */
function checkCircles(lines: readonly Line[], byKey: ReadonlyMap<string, Line>): void {
  const edges = (of: (draft: BatchTask) => readonly string[]): Map<string, string[]> =>
    new Map(
      lines.flatMap(({ draft }) =>
        draft.key === undefined ? [] : [[draft.key, of(draft).filter((one) => byKey.has(one))]],
      ),
    );
  inOrder(edges(({ dependsOn = [] }) => dependsOn));
  inOrder(
    edges(({ parent }) => (parent === undefined ? [] : [parent])),
    'are parts of each other',
  );
}

/** By index, of those that are made once. */
function seedsOf(session: Session, lines: readonly Line[], ofBatch: string | undefined): Map<number, string[]> {
  const seeds = new Map<number, string[]>();
  for (const { index, draft } of lines) {
    const { dedupeKey, key, from = session.acting ?? '' } = draft;
    if (dedupeKey !== undefined) seeds.set(index, [from.toLowerCase(), dedupeKey]);
    else if (ofBatch !== undefined)
      seeds.set(index, [from.toLowerCase(), ofBatch, key ?? '', key === undefined ? `${index}` : '']);
  }
  return seeds;
}

async function checkSeeds(lines: readonly Line[], seeds: ReadonlyMap<number, readonly string[]>): Promise<void> {
  const first = new Map<string, Line>();
  for (const line of lines) {
    const seed = seeds.get(line.index)?.join('\0');
    if (seed === undefined) continue;
    const other = first.get(seed);
    if (other) await named(line.name, () => same('dedupe key', other));
    first.set(seed, line);
  }
}

async function planOf(
  session: Session,
  lines: readonly Line[],
  {
    byKey,
    seeds,
    there,
  }: {
    readonly byKey: ReadonlyMap<string, Line>;
    readonly seeds: ReadonlyMap<number, readonly string[]>;
    readonly there: There | undefined;
  },
): Promise<Planned[]> {
  const now = session.store.now();
  // In the order of their lines, as if they had been made one after the other until now.
  const ids = lines.map(({ index }) => {
    const seed = seeds.get(index);
    const id = seed ? idOfSeed(now - lines.length + index, ...seed) : session.ids.next(now);
    return seed ? (there?.of(id)?.entry.id ?? id) : id;
  });
  if (there) await takeKnownParents(session, lines, { ids, byKey, there });
  const found = new Map<string, string>();
  const idOf = async (text: string): Promise<string> => {
    const line = byKey.get(text);
    if (line) return ids[line.index] as string;
    const id = found.get(text) ?? (await findTask(session, text)).entry.id;
    found.set(text, id);
    return id;
  };
  const planned: Planned[] = [];
  for (const { index, name, draft } of lines) {
    const { key, dedupeKey: _, ...task } = draft;
    const id = ids[index] as string;
    const isThere = seeds.has(index) ? there?.byId(id) : undefined;
    const said = await named(name, async () => {
      const dependsOn: string[] = [];
      for (const text of isThere ? [] : (draft.dependsOn ?? [])) dependsOn.push(await idOf(text));
      const parent = draft.parent === undefined || isThere ? undefined : await idOf(draft.parent);
      return taskFields(draft, [...new Set(dependsOn)], parent);
    });
    planned.push({ name, key, id, draft: task, task: said, there: isThere });
  }
  return planned;
}

/** Of one that was made before its parent, by who died then, the parent gets the id by which it knows it. */
async function takeKnownParents(
  session: Session,
  lines: readonly Line[],
  { ids, byKey, there }: { readonly ids: string[]; readonly byKey: ReadonlyMap<string, Line>; readonly there: There },
): Promise<void> {
  for (const { index, draft } of lines) {
    const parent = draft.parent === undefined ? undefined : byKey.get(draft.parent);
    const placed = there.byId(ids[index] as string);
    if (!parent || !placed || there.byId(ids[parent.index] as string)) continue;
    const message = await session.store.look.read(placed.entry);
    if (message?.task?.parent !== undefined) ids[parent.index] = message.task.parent;
  }
}
