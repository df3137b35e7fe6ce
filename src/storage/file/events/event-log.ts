import { cut } from '../../../model/basics/text.ts';
import { isoTime } from '../../../model/clock.ts';
import type { EventKind, MailEvent } from '../../../model/event.ts';
import type { Message } from '../../../model/message.ts';
import { MailboxGone } from '../../port/refusals.ts';
import { calledNow } from '../documents/renamed.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, isChecked } from '../disk/folders.ts';
import { troubleIsOver, warnOnce } from '../disk/warn-once.ts';
import { type Mailbox } from '../names/layout.ts';
import { dayOf, eventLog } from '../names/slots.ts';

export type LogEntry = Omit<MailEvent, 'at' | 'mailbox' | 'event'> & { readonly event: EventKind };

/**
 * Tells what has happened: one line an event, all in one write (O_APPEND), after the change itself. The log tells and does
 * not decide, so a log that cannot be written is a warning, and nobody waits for the disk.
 * @param at of what others may act on before its line is written: the time before the change, so that theirs is not older.
 * The line is in the log of the day on which it is written all the same: nobody looks for news in yesterday's, over midnight
 * @returns whether it was written
 */
export async function logEvents(
  ctx: FileContext,
  mailbox: Mailbox,
  events: readonly LogEntry[],
  at = ctx.clock.now(),
): Promise<boolean> {
  // A mailbox's name needs no escapes in JSON.
  const start = `{"at":"${isoTime(at)}","mailbox":"${mailbox.name}",`;
  let text = '';
  for (const event of events) text += `${start}${lineOf(event).slice(1)}\n`;
  const what = `The event log of ${mailbox.name} could not be written`;
  try {
    const path = eventLog(mailbox, dayOf(ctx.clock.now()));
    // Also a guard: through a link in its place the line would land outside of the root.
    if (!isChecked(ctx, mailbox.events)) await ensureFolder(ctx, mailbox.events);
    let written = await ctx.disk.append(path, text);
    if (!written) {
      forgetFolder(ctx, mailbox.events);
      await ensureFolder(ctx, mailbox.events);
      written = await ctx.disk.append(path, text);
    }
    if (written) troubleIsOver(ctx, what);
    return written;
  } catch (error) {
    // Renamed right behind the change that is told.
    const [now] = error instanceof MailboxGone ? await calledNow(ctx, mailbox.name) : [];
    if (now) return logEvents(ctx, now, events, at);
    // On a full disk each of many moves meets it again.
    warnOnce(ctx, `${what}: ${(error as Error).message}`, what);
    return false;
  }
}

// Who reads a log takes a line of a mebibyte for none of ours. A line has a dozen texts, and a character six bytes at most.
const mostLineCharacters = 64 * 1024;
const mostTextCharacters = 4096;

/** An older message's thread, or what is wrong with a file, may be of any length; what is told of it is not. */
function lineOf(event: LogEntry): string {
  const line = JSON.stringify(event);
  if (line.length <= mostLineCharacters) return line;
  const short = ([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? cut(value, mostTextCharacters) : value,
  ];
  return JSON.stringify(Object.fromEntries(Object.entries(event).map(short)));
}

/** What `delivered` and its like say of a message, so that a doorbell can ring rightly. @param message if it can be read */
export function arrival(
  event: 'delivered' | 'scheduled' | 'published',
  id: string,
  message: Message | undefined,
): LogEntry {
  if (!message) return { event, id };
  return {
    event,
    id,
    from: message.from,
    type: message.type,
    priority: message.priority,
    subject: message.subject,
    thread: message.thread,
    replyTo: message.replyTo,
  };
}
