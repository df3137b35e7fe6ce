import { dayMs } from '../../../model/basics/limits.ts';
import { isoTime } from '../../../model/clock.ts';
import { isLog } from '../../../model/topic.ts';
import type { Finding, KeepOptions, PackOptions, Pruned, Tidied, Upkeep } from '../../port/upkeep.ts';
import { packLost } from '../../port/refusals.ts';
import { durabilityOf } from '../link/durability.ts';
import type { RedisContext } from './context.ts';
import { bytesIn, list, part, text, texts } from './entry.ts';
import { dayNumber, dayText } from './journal.ts';
import { tellSenders } from './notices.ts';
import { pack } from './packs.ts';
import { usualWindowMs } from './send.ts';

const pageSize = 500;
/** Of the messages of one pack, before they are compressed. */
const packBytes = 1024 * 1024;

interface Archived {
  readonly id: string;
  readonly at: number;
  /** With a line end, as a file would have it. */
  readonly bytes: number;
  readonly isPacked: boolean;
}

interface Day {
  readonly day: string;
  readonly count: number;
  readonly bytes: number;
}

export function upkeepOf(ctx: RedisContext): Upkeep {
  const { link } = ctx;
  return {
    packArchive: (mailbox, options) => packArchive(ctx, mailbox, options),
    pruneArchive: async function* (mailbox, options) {
      const gone = goingDays(await daysOf(archived(ctx, mailbox)), options, dayOf(ctx.now()));
      for (const { day, count, bytes } of gone) {
        if (!options.dryRun) await drop(ctx, mailbox, startOf(day), startOf(day) + dayMs - 1);
        yield { day, count, bytes };
      }
    },
    pruneEvents: (mailbox, options) => pruneEvents(ctx, mailbox, options),
    prune: async (log, before, { by, dryRun }): Promise<Pruned> => {
      let [messages, bytes, newest] = [0, 0, ''];
      for await (const one of archived(ctx, log, 0, before - 1))
        [messages, bytes, newest] = [messages + 1, bytes + one.bytes - 1, one.id];
      if (dryRun || messages === 0) return { messages, bytes };
      await drop(ctx, log, 0, before - 1);
      const reason = `${messages} from before ${isoTime(before)}`;
      await link.run('purged', log, newest, part({ reason, by }));
      const days = pruneEvents(ctx, log, { fromDay: dayOf(before), dryRun: false });
      while (!(await days.next()).done);
      return { messages, bytes };
    },
    sweepExpired: async (mailbox, { dryRun }) => {
      let swept = 0;
      for (;;) {
        const [count, untold] = texts(await link.run('sweepExpired', mailbox, dryRun ? '1' : '', String(pageSize)));
        if (Number(untold) > 0) await tellSenders(ctx);
        swept += Number(count);
        if (dryRun || Number(count) < pageSize) return swept;
      }
    },
    sweepKeys: async ({ dryRun }) => {
      let over = 0;
      for (let cursor = '0'; ;) {
        const [next = '0', count] = texts(
          await link.run('sweepKeys', cursor, dryRun ? '1' : '', String(usualWindowMs)),
        );
        over += Number(count);
        if (next === '0') return over;
        cursor = next;
      }
    },
    inspect: async function* () {
      const finding = await durabilityFinding(ctx);
      if (finding) yield finding;
    },
  };
}

async function durabilityFinding(ctx: RedisContext): Promise<Finding | undefined> {
  const { isFull, why } = await durabilityOf(ctx.link);
  if (isFull || ctx.durability !== 'full') return undefined;
  return {
    rule: 'engine-durability',
    level: 'problem',
    message: `${ctx.link.where} does not keep what this root promises: ${why}.`,
    hint: 'Set appendonly yes, appendfsync always and maxmemory-policy noeviction there: dreamos help engines',
  };
}

const dayOf = (at: number): string => isoTime(at).slice(0, 10);
const startOf = (day: string): number => Date.parse(`${day}T00:00:00.000Z`);

/** What was archived in [from, till], the oldest first. */
async function* archived(
  { link }: RedisContext,
  mailbox: string,
  from = 0,
  till = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<Archived, void, void> {
  for (let [score, after] = [String(from), '']; ;) {
    const flat = texts(await link.run('archived', mailbox, score, String(till), after, String(pageSize)));
    for (let i = 0; i < flat.length; i += 4) {
      const [id = '', at, bytes, packed] = flat.slice(i, i + 4);
      yield { id, at: Number(at), bytes: Number(bytes) + 1, isPacked: packed !== '' };
      [score, after] = [String(at), id];
    }
    if (flat.length < pageSize * 4) return;
  }
}

async function daysOf(all: AsyncIterable<Archived>): Promise<Day[]> {
  const days = new Map<string, Day>();
  for await (const { at, bytes } of all) {
    const day = dayOf(at);
    const before = days.get(day) ?? { day, count: 0, bytes: 0 };
    days.set(day, { day, count: before.count + 1, bytes: before.bytes + bytes });
  }
  return [...days.values()];
}

/** @param stays this day and all behind it @returns the oldest first */
function goingDays(days: readonly Day[], { fromDay = '', maxBytes = Infinity }: KeepOptions, stays: string): Day[] {
  let kept = 0;
  const going = days
    .toSorted((a, b) => (a.day < b.day ? 1 : -1))
    .filter(({ day, bytes }) => {
      kept += bytes;
      return day < stays && (day < fromDay || kept > maxBytes);
    });
  return going.reverse();
}

async function drop(ctx: RedisContext, mailbox: string, from: number, till: number): Promise<void> {
  for (let ids: string[] = []; ; ids = []) {
    for await (const { id } of archived(ctx, mailbox, from, till)) if (ids.push(id) === pageSize) break;
    if (ids.length === 0) return;
    await ctx.link.run('dropArchived', mailbox, ...ids);
  }
}

async function* packArchive(
  ctx: RedisContext,
  mailbox: string,
  { beforeDay, dryRun, lock }: PackOptions,
): AsyncGenerator<Tidied, void, void> {
  // A topic's log is read all the time.
  if (isLog(mailbox)) return;
  const today = dayOf(ctx.now());
  const until = startOf(beforeDay < today ? beforeDay : today);
  const days = new Map<string, Archived[]>();
  for await (const one of archived(ctx, mailbox, 0, until - 1)) {
    if (one.isPacked) continue;
    const day = dayOf(one.at);
    const those = days.get(day);
    if (those) those.push(one);
    else days.set(day, [one]);
  }
  for (const [day, those] of days) {
    const bytes = those.reduce((sum, one) => sum + one.bytes, 0);
    if (dryRun) {
      yield { day, count: those.length, bytes };
      continue;
    }
    let packedBytes = 0;
    for (const some of inPacks(those)) {
      if (lock && !lock.isHeld()) throw packLost(mailbox);
      packedBytes += await packSome(ctx, mailbox, some);
    }
    yield { day, count: those.length, bytes, packedBytes };
  }
}

function* inPacks(all: readonly Archived[]): Generator<string[], void, void> {
  let [ids, bytes]: [string[], number] = [[], 0];
  for (const one of all) {
    if (bytes + one.bytes > packBytes && ids.length > 0) {
      yield ids;
      [ids, bytes] = [[], 0];
    }
    ids.push(one.id);
    bytes += one.bytes;
  }
  if (ids.length > 0) yield ids;
}

/** What has changed meanwhile stays as it is. @returns how large the pack is */
async function packSome({ link }: RedisContext, mailbox: string, ids: readonly string[]): Promise<number> {
  const found = list(await link.run('bodies', mailbox, ...ids));
  const messages = found.flatMap((id, i) => {
    const bytes = i % 2 === 0 ? bytesIn(found[i + 1]) : undefined;
    return bytes ? [{ id: text(id), bytes }] : [];
  });
  if (messages.length === 0) return 0;
  const packed = await pack(messages);
  await link.run('pack', mailbox, packed, ...messages.map(({ id }) => id));
  return packed.length;
}

async function* pruneEvents(
  ctx: RedisContext,
  mailbox: string,
  options: KeepOptions,
): AsyncGenerator<Tidied, void, void> {
  const { link } = ctx;
  const known = texts(await link.run('days', mailbox)).filter((name, i) => i % 2 === 0 && name.startsWith('from'));
  const days: Day[] = [];
  for (const name of known) {
    const number = name.slice(4);
    const bytes = Number(await link.run('eventBytes', mailbox, number));
    days.push({ day: dayText(number), count: 1, bytes });
  }
  for (const { day, count, bytes } of goingDays(days, options, dayOf(ctx.now() - dayMs))) {
    if (!options.dryRun) while (Number(await link.run('dropEvents', mailbox, dayNumber(day), String(pageSize))) > 0);
    yield { day, count, bytes };
  }
}
