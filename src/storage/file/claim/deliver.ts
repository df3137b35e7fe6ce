/** What is delayed or rests becomes ready, because its time has come or because somebody says so; or its time becomes another one. */
import type { Entry } from '../../port/look.ts';
import type { DeliverOptions } from '../../port/mail.ts';
import { answerAwaited, stateChanged } from '../../port/refusals.ts';
import { isoTime } from '../../../model/clock.ts';
import type { FileContext } from '../disk/context.ts';
import { moveInto } from '../disk/folders.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { pathOf, toEntry } from '../names/found.ts';
import { type Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { slotOf, isAnswer } from '../names/slots.ts';
import { moveToReady } from '../places/filling.ts';
import { putInInbox } from '../places/inbox.ts';
import { readIfGood } from '../places/read-entry.ts';

interface Delayed {
  readonly path: string;
  readonly name: EntryName;
}

export async function deliver(ctx: FileContext, entry: Entry, { by, dueAt }: DeliverOptions): Promise<Entry> {
  const mailbox = ctx.layout.mailbox(entry.mailbox);
  const place = entry.state === 'delayed' ? pathOf(mailbox, entry) : undefined;
  if (!place) throw stateChanged(entry);
  if (isAnswer(mailbox, place.path)) throw answerAwaited(entry);
  const moved =
    dueAt === undefined ? await bringReady(ctx, mailbox, place, by) : await moveTo(ctx, mailbox, place, dueAt, by);
  if (!moved) throw stateChanged(entry);
  return moved;
}

/** One rename: into ready/, or into the inbox of the request that it answers. @returns `undefined`: it is gone from there */
export async function bringReady(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, name }: Delayed,
  by?: string,
): Promise<Entry | undefined> {
  const message = await readIfGood(ctx, path, name, mailbox.name);
  const at = ctx.clock.now();
  const request = message?.replyTo;
  const waited = request ? await putInInbox(ctx, mailbox, request, name, (to) => ctx.disk.rename(path, to)) : undefined;
  const ready: EntryName = { ...name, tag: 't', time: at, since: undefined };
  const dir = waited?.dir ?? (await moveToReady(ctx, path, mailbox, 0, ready));
  if (dir === undefined) return undefined;
  const now = waited?.name ?? ready;
  await logEvents(ctx, mailbox, [{ ...arrival('delivered', name.id, message), ...attemptOf(name), by }], at);
  const state = waited ? 'delayed' : 'ready';
  return toEntry(mailbox, { state, path: pathIn(dir, formatEntryName(now)), name: now });
}

/** The time was its user's choice, so no clock that was set back ends it. */
async function moveTo(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, name }: Delayed,
  time: number,
  by: string | undefined,
): Promise<Entry | undefined> {
  const message = await readIfGood(ctx, path, name, mailbox.name);
  const later: EntryName = { ...name, time, since: undefined };
  const slot = slotOf(mailbox.delayed, time);
  const text = formatEntryName(later);
  const target = pathIn(slot, text);
  // A rename to its own name would succeed even if it were gone.
  const moved = path === target ? await ctx.disk.stat(path) : await moveInto(ctx, path, slot, text);
  if (!moved) return undefined;
  const reason = `to be delivered at ${isoTime(time)}`;
  await logEvents(ctx, mailbox, [{ ...arrival('scheduled', name.id, message), ...attemptOf(name), by, reason }]);
  return toEntry(mailbox, { state: 'delayed', path: target, name: later });
}

function attemptOf({ attempt }: EntryName): { attempt?: number } {
  return attempt > 0 ? { attempt } : {};
}
