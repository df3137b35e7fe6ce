/** What `dreamos doctor` looks at in packs: every byte of them. A damaged one is reported and stays, for what is left of it. */
import { DreamosError } from '../../../model/errors.ts';
import { unseal } from '../../../model/message.ts';
import type { Lock } from '../../port/documents.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, identityOf, timeTagOf } from '../names/entry-name.ts';
import { inspectMode } from './root.ts';
import { type Mailbox } from '../names/layout.ts';
import { finishPacking, markGone } from '../keep/pack.ts';
import { placesIn, readMember, type Line } from '../places/pack-file.ts';
import { countDoubles, daysOf, type Pack } from '../places/packed.ts';
import { removeEmpty } from '../keep/prune.ts';
import { dayOf } from '../names/slots.ts';
import { markOf } from '../names/pack-name.ts';
import { folderOf, nameOf } from '../names/path.ts';
import { findIn } from '../look/find.ts';
import { history } from '../events/history.ts';

/**
 * @param onLine called for each message that counts as archived in a pack; what it gives is told, too
 * @param isSeen whether this message was met in any state, for which it is asked at the end
 */
export async function* inspectPacks(
  ctx: FileContext,
  mailbox: Mailbox,
  options: InspectOptions,
  onLine: (line: Line) => Iterable<Finding>,
  isSeen: (id: string) => boolean,
): AsyncGenerator<Finding, void, void> {
  const look = (held?: Lock): AsyncIterable<Finding> => inspectAll(ctx, mailbox, { ...options, held }, onLine, isSeen);
  // Besides doctor's own lock: somebody may be packing, or taking a message out of its pack just now.
  const lock = ctx.layout.lock(`maintain.${mailbox.name}`);
  yield* options.fix ? await ctx.disk.withLock(lock, (held) => gather(look(held))) : look();
}

type HeldOptions = InspectOptions & { readonly held: Lock | undefined };

async function gather(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of findings) all.push(finding);
  return all;
}

async function* inspectAll(
  ctx: FileContext,
  mailbox: Mailbox,
  options: HeldOptions,
  onLine: (line: Line) => Iterable<Finding>,
  isSeen: (id: string) => boolean,
): AsyncGenerator<Finding, void, void> {
  yield* inspectUnfinished(ctx, mailbox, options);
  const taken: Taken[] = [];
  for (const { dir, packs } of await daysOf(ctx, mailbox)) {
    const inFolder = new Set(((dir === undefined ? [] : await ctx.disk.list(dir)) ?? []).map(identityOf));
    const inDay = new Set<string>();
    for (const pack of packs) {
      if (options.signal?.aborted) return;
      yield* inspectMode(ctx, pack.path, options.fix);
      const wrong: string[] = [];
      for await (const line of linesOf(ctx, pack, wrong)) {
        const identity = identityOf(line.text);
        if (inFolder.has(identity)) continue;
        if (pack.gone.has(identity)) {
          taken.push({ mark: markOf(pack.path, identity), name: line.name });
          continue;
        }
        if (!inDay.has(identity)) yield* onLine(line);
        else yield await inspectDouble(ctx, pack, line, options.fix);
        inDay.add(identity);
      }
      for (const why of new Set(wrong)) {
        yield {
          rule: 'pack',
          level: 'problem',
          message: `archive/${nameOf(pack.path)}: ${why}. It stays, and what can be read of it is still archived.`,
          hint: `Keep a copy: dreamos archive export ${mailbox.name} > ${mailbox.name}.jsonl; then move ${pack.path} away`,
        };
      }
    }
  }
  for (const one of taken) if (!isSeen(one.name.id)) yield* inspectTaken(ctx, mailbox, one, options.fix);
}

/** What was taken out of a pack. */
interface Taken {
  readonly mark: string;
  readonly name: EntryName;
}

/**
 * Two can hold the mailbox's lock at a time, after a pause: one removes the file of a message that the other has taken out of
 * its pack, and that one dies before it finds out. Where its event says that it was restored, it has been purged since.
 */
async function* inspectTaken(
  ctx: FileContext,
  mailbox: Mailbox,
  { mark, name: { id, time } }: Taken,
  fix: boolean,
): AsyncGenerator<Finding, void, void> {
  if ((await findIn(ctx, mailbox, id)).length > 0 || !(await ctx.disk.stat(mark))) return;
  const events = await history(ctx, id, mailbox.name);
  if (events.some(({ event, at }) => event === 'restored' && Date.parse(at) >= time)) return;
  const fixed = fix && (await ctx.disk.remove(mark));
  if (fixed) await ctx.disk.syncDir(folderOf(mark));
  yield {
    rule: 'pack-hidden',
    level: 'problem',
    message: `${id} is marked as taken out of its pack, and is nowhere else: its restore was cut off.`,
    fixed,
    ...(!fixed && { hint: 'dreamos doctor --fix' }),
  };
}

/** A packing that was cut off: what it has packed lies in the day's folder as well. And what nothing is left of. */
async function* inspectUnfinished(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix, held }: HeldOptions,
): AsyncGenerator<Finding, void, void> {
  let double = 0;
  for (const { dir, packs } of await daysOf(ctx, mailbox)) double += await countDoubles(ctx, dir, packs);
  if (double > 0) {
    const message = `${double} packed messages lie in their day's folder as well: a packing was cut off. They count once.`;
    if (fix) await finishPacking(ctx, mailbox, held);
    yield { rule: 'pack-unfinished', level: 'info', message, fixed: fix, hint: `dreamos maintain ${mailbox.name}` };
  }
  if (fix) await removeEmpty(ctx, mailbox);
}

async function* linesOf(ctx: FileContext, pack: Pack, wrong: string[]): AsyncGenerator<Line, void, void> {
  const places = await placesIn(ctx, pack.path);
  if (!places) return;
  if (places.broken !== undefined) wrong.push(places.broken);
  let count = 0;
  for (const place of places.members) {
    const lines = await readMember(ctx, pack.path, place);
    if ('why' in lines) {
      wrong.push(lines.why);
      continue;
    }
    count += lines.length;
    for (const line of lines) {
      const why = faultOf(pack, line);
      if (why === undefined) yield line;
      else wrong.push(why);
    }
  }
  if (count !== pack.count && wrong.length === 0)
    wrong.push(`it has ${count} messages, and its name says ${pack.count}`);
}

function faultOf(pack: Pack, { name, bytes }: Line): string | undefined {
  if (name.tag !== timeTagOf.archived || dayOf(name.time) !== pack.day) return `${name.id} is not one of that day's`;
  if (name.id < pack.firstId || name.id > pack.lastId) return `${name.id} is not in the range that its name says`;
  try {
    return unseal(bytes).id === name.id ? undefined : `${name.id} lies under another one's name`;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return `${name.id}: ${error.message.replace(/\.$/, '')}`;
  }
}

async function inspectDouble(ctx: FileContext, pack: Pack, line: Line, fix: boolean): Promise<Finding> {
  if (fix) await markGone(ctx, pack.path, identityOf(line.text));
  return {
    rule: 'pack-double',
    level: 'info',
    message: `${line.name.id} is in two packs of ${pack.day}, and counts twice.`,
    fixed: fix,
  };
}
