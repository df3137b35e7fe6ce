import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError, type ErrorCode } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { moveInto } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { makeFilePrivate } from '../disk/private.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { formatEntryName } from '../names/entry-name.ts';
import { isHandedInName, type Mailbox } from '../names/layout.ts';
import { quarantine } from '../places/corrupt.ts';
import { moveToReady } from '../places/filling.ts';
import { handedInDigest, readHandedIn } from '../places/handed-in.ts';
import { putInInbox } from '../places/inbox.ts';
import { type HandedInFile, sendHandedIn } from './adopt-keyed.ts';
import { firstName } from './outbox.ts';
import type { Outgoing } from '../../port/mail.ts';
import { slotOf } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

// A script that writes into drop/ instead of renaming into it is given this long to finish.
const graceMs = 2000;
const adoptedAtOnce = 100;

interface InDrop {
  readonly path: string;
  readonly mtimeMs: number;
}

/**
 * By mailbox: what was listed and is not adopted yet. Who wants all of thousands comes back for each hundred, and to list
 * them anew each time would take longer than to adopt them. What is handed in meanwhile is newer, and comes behind them.
 */
const listed = memory(() => new Map<string, readonly InDrop[]>());

export interface Adopted {
  readonly moved: number;
  /** What was seen, and is left to the next call. */
  readonly left?: number;
  readonly nextAt?: number | undefined;
}

/** What the file says cannot be sent, now or later; any other error is the disk's. */
const refused = new Set<ErrorCode>(['CORRUPT', 'DEDUPE_MISMATCH']);

/**
 * Adopts what scripts have handed in, oldest first: one rename from drop/ into ready/ or delayed/. What has a dedupe key is
 * sent under it (adopt-keyed.ts).
 */
export async function adopt(ctx: FileContext, mailbox: Mailbox): Promise<Adopted> {
  const known = listed.of(ctx);
  const before = known.get(mailbox.name);
  known.delete(mailbox.name);
  let moved = 0;
  let nextAt: number | undefined;
  for (const list of before ? [() => before, oldestFirst] : [oldestFirst]) {
    const files = await list(ctx, mailbox);
    for (const [i, file] of files.entries()) {
      if (moved >= adoptedAtOnce) {
        const left = files.slice(i);
        known.set(mailbox.name, left);
        return { moved, left: left.length, nextAt: ctx.clock.now() };
      }
      const result = await adoptOrLeave(ctx, mailbox, file);
      if (result === 'left') continue;
      if (result === 'not-yet') nextAt = Math.min(nextAt ?? Infinity, file.mtimeMs + graceMs);
      else moved++;
    }
  }
  return { moved, nextAt };
}

async function oldestFirst(ctx: FileContext, mailbox: Mailbox): Promise<readonly InDrop[]> {
  const files: InDrop[] = [];
  const names = ((await ctx.disk.list(mailbox.drop)) ?? []).filter(isHandedInName);
  for (const name of names.sort()) {
    const path = pathIn(mailbox.drop, name);
    const stat = await ctx.disk.stat(path);
    if (stat) files.push({ path, mtimeMs: stat.mtimeMs });
  }
  return files.sort((a, b) => a.mtimeMs - b.mtimeMs);
}

/** A file that cannot be read or moved, perhaps another user's, must not keep everybody from the mail behind it. */
async function adoptOrLeave(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, mtimeMs }: InDrop,
): Promise<'done' | 'not-yet' | 'left'> {
  try {
    return await adoptFile(ctx, mailbox, path, mtimeMs);
  } catch (error) {
    if (!(error instanceof DreamosError))
      return putAside(ctx, mailbox, path, mtimeMs, `unexpectedly: ${String(error)}`);
    // What it fails at may be another step each time.
    warnOnce(ctx, `A file in drop/ of ${mailbox.name} cannot be adopted: ${error.message}`, `adopt ${path}`);
    return 'left';
  }
}

async function adoptFile(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  mtimeMs: number,
): Promise<'done' | 'not-yet' | 'left'> {
  await makeFilePrivate(ctx, path);
  const file = await ctx.disk.read(path, { maxBytes: mostFileBytes });
  if (!file.ok) {
    if (file.missing) return 'left';
    // It may have come up short because its writer was just beginning anew; what is no file has no writer.
    const stat = await ctx.disk.stat(path);
    return putAside(ctx, mailbox, path, stat?.kind === 'file' ? stat.mtimeMs : 0, file.why);
  }
  const at = ctx.clock.now();
  // Since it was listed another one may have come under its name.
  const writtenAt = file.mtimeMs ?? mtimeMs;
  try {
    const about = { path, mailbox: mailbox.name, mtimeMs: writtenAt, nowMs: at };
    const { message, dueAt } = readHandedIn(file.bytes, about);
    const outgoing = { message, mailboxes: [mailbox.name], ...(dueAt !== undefined && dueAt > at && { dueAt }) };
    if (message.dedupeKey !== null) await sendHandedIn(ctx, mailbox, { path, bytes: file.bytes }, outgoing);
    else if (await moveHandedIn(ctx, mailbox, { path, bytes: file.bytes }, outgoing)) {
      const event = outgoing.dueAt === undefined ? 'delivered' : 'scheduled';
      await logEvents(ctx, mailbox, [arrival(event, message.id, message)], at);
      if ((message.replaceKey ?? null) !== null)
        await (await import('./replace.ts')).replaceOlder(ctx, mailbox, message);
    }
    return 'done';
  } catch (error) {
    if (!(error instanceof DreamosError) || !refused.has(error.code)) throw error;
    return putAside(ctx, mailbox, path, writtenAt, error.message);
  }
}

async function moveHandedIn(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, bytes }: HandedInFile,
  outgoing: Outgoing,
): Promise<boolean> {
  // For by when it is to be answered its name has no room.
  const name = { ...firstName(ctx, outgoing, mailbox.name), dueBy: undefined, handedIn: handedInDigest(bytes) };
  if (name.tag === 'u') return moveInto(ctx, path, slotOf(mailbox.delayed, name.time), formatEntryName(name));
  const { replyTo } = outgoing.message;
  if (replyTo && (await putInInbox(ctx, mailbox, replyTo, name, (to) => ctx.disk.rename(path, to)))) return true;
  return (await moveToReady(ctx, path, mailbox, 1, name)) !== undefined;
}

/** What is no message, once its writer has had the time to finish it. */
async function putAside(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  mtimeMs: number,
  why: string,
): Promise<'done' | 'not-yet' | 'left'> {
  // On both sides: a time that lies further ahead was set by hand, or by another clock, and would be waited for in vain.
  if (Math.abs(ctx.clock.now() - mtimeMs) < graceMs) return 'not-yet';
  // What cannot be put aside does not count as moved: whoever moves until nothing is due would never end.
  return (await quarantine(ctx, mailbox, path, why)) ? 'done' : 'left';
}
