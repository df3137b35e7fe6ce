import { underWayMs } from './kept.ts';
import { olderThan } from './leftovers.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { State } from '../../../model/state.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { reasonState, rebuildReason } from '../claim/reason.ts';
import { parseEntryName, timeTagOf } from '../names/entry-name.ts';
import { inspectMode } from './root.ts';
import { isLaneFolder, isRankFolder, type Mailbox, parseBucket } from '../names/layout.ts';
import { readEntry } from '../places/read-entry.ts';
import { isDay, parseHour, parseSlot, parseInbox } from '../names/slots.ts';
import { parseGone, parsePack } from '../names/pack-name.ts';
import { documentOfKept, entryOfReason, isReason, reasonLeftover } from '../names/beside.ts';
import { nameOf, pathBelow, pathIn } from '../names/path.ts';

const progressEvery = 256;

const hour = (name: string): boolean => parseHour(name) !== undefined;
const slot = (name: string): boolean => parseSlot(0, name) !== undefined;
const bucket = (name: string): boolean => parseBucket(name) !== undefined;

/** What the folders of a state are called, from the top down, and where they are. */
const shapes: readonly {
  state: State;
  dir: (mailbox: Mailbox) => string;
  levels: readonly ((name: string) => boolean)[];
  passed?: (name: string) => boolean;
}[] = [
  {
    state: 'ready',
    dir: ({ ready }) => ready,
    levels: [isRankFolder, isLaneFolder, bucket, bucket],
  },
  { state: 'delayed', dir: ({ delayed }) => delayed, levels: [hour, slot] },
  { state: 'delayed', dir: ({ requests }) => requests, levels: [(name) => parseInbox(name) !== undefined] },
  { state: 'inflight', dir: ({ inflight }) => inflight, levels: [hour, slot] },
  { state: 'dead', dir: ({ dlq }) => dlq, levels: [] },
  // Packs, and the marks of what is gone from them, have a look of their own.
  { state: 'archived', dir: ({ archive }) => archive, levels: [isDay], passed: (name) => packOf(name) !== undefined },
];

/** Every message in every state: its name, its place, its bytes; and whatever else lies there. */
export async function* inspectEntries(
  ctx: FileContext,
  mailbox: Mailbox,
  options: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  const seen = new Map<string, State>();
  let looked = 0;
  for (const { state, dir, levels, passed } of shapes) {
    for await (const { path, leaf } of walk(ctx, dir(mailbox), levels, passed)) {
      if (options.signal?.aborted) return;
      if (++looked % progressEvery === 0) options.onProgress?.(looked);
      const wrong = leaf ? await faultOf(ctx, mailbox, state, path) : 'it is nothing of dreamos';
      if (wrong === 'moved on') continue;
      if (wrong !== undefined) {
        const fixed = options.fix && (await quarantine(ctx, mailbox, path, wrong));
        yield problem('entry', `${pathBelow(mailbox.dir, path)}: ${wrong}.`, fixed);
        continue;
      }
      yield* inspectMode(ctx, path, options.fix);
      if (state === 'dead') yield* inspectReason(ctx, mailbox, path, options);
      if (isReason(path)) continue;
      yield* inspectDouble(path, state, seen);
    }
  }
  if ((await ctx.disk.list(mailbox.archive))?.some((name) => packOf(name) !== undefined) === true) {
    const { inspectPacks } = await import('./packs.ts');
    const onLine = ({ text }: { readonly text: string }): Iterable<Finding> => {
      if (++looked % progressEvery === 0) options.onProgress?.(looked);
      return inspectDouble(text, 'archived', seen);
    };
    yield* inspectPacks(ctx, mailbox, options, onLine, (id) => seen.has(id));
  }
  options.onProgress?.(looked);
}

function packOf(name: string): string | undefined {
  return parseGone(name) ?? (parsePack(name) ? name : undefined);
}

async function* walk(
  ctx: FileContext,
  dir: string,
  levels: readonly ((name: string) => boolean)[],
  passed?: (name: string) => boolean,
): AsyncGenerator<{ path: string; leaf: boolean }, void, void> {
  const [level, ...below] = levels;
  for (const name of ((await ctx.disk.list(dir)) ?? []).sort()) {
    const path = pathIn(dir, name);
    if (passed?.(name)) continue;
    if (!level) yield { path, leaf: true };
    else if (level(name) && (await ctx.disk.stat(path))?.kind === 'directory') yield* walk(ctx, path, below);
    else yield { path, leaf: false };
  }
}

/** What is wrong with the file of an entry; `undefined`: nothing. */
async function faultOf(ctx: FileContext, mailbox: Mailbox, state: State, path: string): Promise<string | undefined> {
  const text = nameOf(path);
  const isBeside = isReason(documentOfKept(text) ?? text) || reasonLeftover(text) !== undefined;
  if (state === 'dead' && isBeside) return undefined;
  const name = parseEntryName(text);
  if (!name) return 'its name is not one that dreamos makes';
  if (name.tag !== timeTagOf[state]) return `its name is not one of a message that is ${state}`;
  try {
    if (!(await readEntry(ctx, path, name, mailbox.name))) return 'moved on';
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    return error.message.replace(/\.$/, '');
  }
  return undefined;
}

async function* inspectReason(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  { fix }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  if (!isReason(path)) {
    const name = parseEntryName(nameOf(path));
    const state = name ? await reasonState(ctx, mailbox, name) : 'good';
    if (!name || state === 'good') return;
    if (fix) await rebuildReason(ctx, mailbox, name);
    yield problem('reason', `The reason file of the dead message ${name.id} is ${state}.`, fix);
  } else if (!(await ctx.disk.stat(entryOfReason(path)))) {
    // A moment ago it may be a dead-lettering that is under way.
    if (!(await olderThan(ctx, path, underWayMs))) return;
    if (fix) await ctx.disk.remove(path);
    yield {
      rule: 'reason',
      level: 'info',
      message: `${path} is about a message that is not dead (any more).`,
      fixed: fix,
    };
  }
}

function* inspectDouble(path: string, state: State, seen: Map<string, State>): Generator<Finding, void, void> {
  const id = parseEntryName(nameOf(path))?.id;
  // A leftover, or a reason that is being written.
  if (id === undefined) return;
  const other = seen.get(id);
  seen.set(id, state);
  if (other === undefined) return;
  yield {
    rule: 'double',
    level: 'warning',
    message: `${id} was seen twice, ${other} and ${state}: it moved during this look, or a script handed the same id in twice.`,
    hint: `dreamos show ${id}`,
  };
}

function problem(rule: string, message: string, fixed: boolean): Finding {
  return { rule, level: 'problem', message, fixed };
}
