import { sameAgent } from '../../../model/agent.ts';
import { dayMs } from '../../../model/basics/limits.ts';
import { isoTime } from '../../../model/clock.ts';
import type { WatchedEvent } from '../../../model/event.ts';
import { isLog, topicMatches, topicOf } from '../../../model/topic.ts';
import type { EventBatch, Journal, LogPart, Scope } from '../../port/journal.ts';
import { cursorInvalid, cursorOfAnother, cursorOfAnotherStorage, prunedBehind } from '../../port/refusals.ts';
import type { RedisContext } from './context.ts';
import { eventIn, list, text, texts } from './entry.ts';

const mostEvents = 500;
const mostCounted = 100_000;
/** Of a day's log in one part. */
const partSize = 2000;

export const dayNumber = (day: string): string => String(Date.parse(`${day}T00:00:00.000Z`) / dayMs);
export const dayText = (number: string): string => isoTime(Number(number) * dayMs).slice(0, 10);

export function journalOf(ctx: RedisContext): Journal {
  const { link, bell } = ctx;
  return {
    // There is one counter, so a cursor is a number, whatever mailboxes are asked for; and says whose.
    cursor: async (_of, at) => `r${at === 'start' ? '0' : String(await link.run('seq'))}.${link.mark}`,
    readEvents: (of, cursor) => readEvents(ctx, of, cursor),
    history: async (id, mailbox = '') => list(await link.run('history', id, mailbox)).map((event) => eventIn(event)),
    recent: async (since, least) =>
      list(await link.run('recent', String(since), String(least))).map((event) => eventIn(event)),
    claims: async (mailbox, attempts) => {
      const asked = [...attempts].flatMap(([id, attempt]) => [id, String(attempt)]);
      const told = list(await link.run('claims', mailbox, ...asked)).map((event) => eventIn(event));
      return new Map(told.map((event) => [event.id, event]));
    },
    tally: async (mailbox, since) => {
      const told = texts(await link.run('tally', mailbox, String(since), String(mostCounted)));
      return new Map(told.flatMap((kind, i) => (i % 2 === 0 ? [[kind, Number(told[i + 1])] as const] : [])));
    },
    logs: async (mailbox) => {
      const known = pairs(texts(await link.run('days', mailbox)));
      const days = [...known.keys()].flatMap((name) => (name.startsWith('from') ? [name.slice(4)] : []));
      const end = (day: string): number =>
        Number((known.get('day') === day ? known.get('seq') : known.get(`to${day}`)) ?? 0);
      return new Map(
        days
          .sort((a, b) => Number(a) - Number(b))
          .map((day) => [dayText(day), { bytes: end(day), check: known.get(`from${day}`) ?? '' }]),
      );
    },
    prunedThrough: async (mailbox) => {
      const day = String(await link.run('prunedDay', mailbox));
      return day === '' ? undefined : dayText(day);
    },
    readLog: async function* (mailbox, day, from) {
      for (let mark = from; ;) {
        const part = await readPart(ctx, mailbox, day, mark);
        if (!part || (part.events.length === 0 && part.mark.bytes === (mark?.bytes ?? 0))) return;
        if (part.events.length > 0 || part.anew) yield part;
        mark = part.mark;
      }
    },
    watch: async (of, hint) => {
      const close = await bell.listen((what) => {
        if (what === undefined) hint();
        else if (!/^[=!]/.test(what) && concerns(of, what)) hint(new Set([what]));
      });
      return { close: async () => close() };
    },
  };
}

function pairs(flat: readonly string[]): Map<string, string> {
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ''] as const] : [])));
}

async function readEvents({ link }: RedisContext, of: Scope, cursor: string): Promise<EventBatch> {
  // Those of before have no mark.
  const [, from, mark = link.mark] = /^r(\d{1,15})(?:\.([\w-]{1,6}))?$/.exec(cursor) ?? [];
  if (/^(?:c[12]|k1)\./.test(cursor)) throw cursorOfAnotherStorage(cursor, 'files');
  if (from === undefined) throw cursorInvalid(cursor);
  if (mark !== link.mark) throw cursorOfAnother(cursor);
  let upTo = '';
  let names: readonly string[] = ['*'];
  if (of !== undefined && 'topics' in of) {
    // First which logs have news: a topic that is new since is heard of by the next call, behind this one's end.
    const [end, logs] = list(await link.run('news', from));
    upTo = text(end);
    names = texts(logs).filter((log) => concerns(of, log));
  } else if (of !== undefined) {
    names = of;
  }
  const [end, pruned, more, told] = list(await link.run('events', from, upTo, String(mostEvents), ...names));
  const events = list(told).map((one): WatchedEvent => {
    const event = eventIn(one);
    return { ...event, cursor: `r${event.seq}.${link.mark}` };
  });
  const gone = texts(pruned);
  return {
    events,
    cursor: `r${text(end)}.${link.mark}`,
    more: new Set(texts(more)),
    warnings: gone.length > 0 ? [prunedBehind(gone)] : [],
  };
}

async function readPart(
  { link }: RedisContext,
  mailbox: string,
  day: string,
  from: { readonly bytes: number; readonly check?: string } = { bytes: 0 },
): Promise<LogPart | undefined> {
  const read = async (behind: number) =>
    list(await link.run('part', mailbox, dayNumber(day), String(behind), String(partSize)));
  let [first, at, told] = await read(from.bytes);
  if (first === undefined) return undefined;
  const isSame = from.bytes === 0 || from.check === text(first);
  if (!isSame) [first, at, told] = await read(0);
  const events = list(told).map((event) => {
    const { seq: _seq, ...rest } = eventIn(event);
    return rest;
  });
  const mark = { bytes: Math.max(Number(text(at)), isSame ? from.bytes : 0), check: text(first) };
  return { events, broken: 0, mark, ...(!isSame && { anew: true }) };
}

function concerns(of: Scope, mailbox: string): boolean {
  if (of === undefined) return !isLog(mailbox);
  if (!('topics' in of)) return of.some((name) => sameAgent(name, mailbox));
  const topic = topicOf(mailbox);
  return topic !== undefined && of.topics.some((pattern) => topicMatches(pattern, topic));
}
