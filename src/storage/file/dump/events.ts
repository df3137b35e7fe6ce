/** All events in the order of their times, as one who follows all mailboxes is told them; a log's own order stays as it is. */
import type { MailEvent } from '../../../model/event.ts';
import type { DumpEvent } from '../../port/dump/records.ts';
import type { FileContext } from '../disk/context.ts';
import { everyName } from '../documents/topics.ts';
import { loggedDays, newLines, parseLine } from '../events/log-lines.ts';
import type { Mailbox } from '../names/layout.ts';
import { eventLog } from '../names/slots.ts';

/** So much is read of a log at a time: thousands of logs are read side by side. */
const partBytes = 8 * 1024;

interface Head {
  readonly order: string;
  readonly record: DumpEvent;
  readonly rest: AsyncGenerator<Omit<Head, 'rest'>, void, void>;
}

/** @param logged of recent logs, by their paths, how much of each there was at the beginning: the rest is of later */
export async function* eventRecords(
  ctx: FileContext,
  logged: ReadonlyMap<string, number>,
): AsyncGenerator<DumpEvent, void, void> {
  const heads: Head[] = [];
  const put = async (rest: Head['rest']): Promise<void> => {
    const { value } = await rest.next();
    if (!value) return;
    // Behind those of the same time: of two logs the first stays the first.
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((heads[middle]?.order ?? '') <= value.order) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, { ...value, rest });
  };
  for (const name of await everyName(ctx)) await put(logOf(ctx, ctx.layout.mailbox(name), logged));
  for (let head = heads.shift(); head; head = heads.shift()) {
    yield head.record;
    await put(head.rest);
  }
}

async function* logOf(
  ctx: FileContext,
  mailbox: Mailbox,
  logged: ReadonlyMap<string, number>,
): AsyncGenerator<Omit<Head, 'rest'>, void, void> {
  let order = '';
  for (const day of await loggedDays(ctx, mailbox)) {
    const until = logged.get(eventLog(mailbox, day)) ?? Infinity;
    for await (const event of eventsOf(ctx, mailbox, day, until)) {
      if (event.at > order) order = event.at;
      const { key: _, ...told } = { ...event, mailbox: mailbox.name };
      yield { order, record: { kind: 'event', ...(event.at.slice(0, 10) !== day && { day }), event: told } };
    }
  }
}

async function* eventsOf(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
  until: number,
): AsyncGenerator<MailEvent, void, void> {
  for (let from = { bytes: 0 }; ;) {
    const { lines, at, more } = await newLines(ctx, mailbox, day, from, [], false, partBytes);
    for (const { line, at: place } of lines) {
      if (place.bytes > until) return;
      const event = parseLine(line);
      if (event) yield event;
    }
    if (!more || at.bytes <= from.bytes) return;
    from = at;
  }
}
