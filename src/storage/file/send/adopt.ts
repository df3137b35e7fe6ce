import { DreamosError } from '../../../model/errors.ts';
import { idFrom, isId } from '../../../model/id.ts';
import { priorities, type Message } from '../../../model/message.ts';
import { sha256 } from '../../../model/sha256.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { orderOf, type EntryName } from '../names/entry-name.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { putInInbox } from '../places/inbox.ts';
import type { Mailbox } from '../names/layout.ts';
import { makeFilePrivate } from '../disk/private.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { completeHandedIn, handedInDigest, maxFileBytes, parseHandedIn } from '../places/read-entry.ts';
import { moveToReady } from '../places/filling.ts';

// A script that writes into drop/ instead of renaming into it is given this long to finish.
const graceMs = 2000;
const adoptedAtOnce = 100;

export interface Adopted {
  readonly moved: number;
  readonly nextAt?: number | undefined;
}

/** Adopts what scripts have handed in, oldest first: one rename from drop/ into ready/. */
export async function adopt(ctx: FileContext, mailbox: Mailbox): Promise<Adopted> {
  const names = ((await ctx.disk.list(mailbox.drop)) ?? []).filter(
    (name) => name.endsWith('.json') && !name.startsWith('.'),
  );
  let moved = 0;
  let nextAt: number | undefined;
  for (const file of await oldestFirst(ctx, mailbox, names)) {
    if (moved >= adoptedAtOnce) return { moved, nextAt: ctx.clock.now() };
    const result = await adoptOrLeave(ctx, mailbox, file);
    if (result === 'left') continue;
    if (result === 'not-yet') nextAt = Math.min(nextAt ?? Infinity, file.mtimeMs + graceMs);
    else moved++;
  }
  return { moved, nextAt };
}

async function oldestFirst(
  ctx: FileContext,
  mailbox: Mailbox,
  names: readonly string[],
): Promise<{ path: string; mtimeMs: number }[]> {
  const files: { path: string; mtimeMs: number }[] = [];
  for (const name of [...names].sort()) {
    const path = `${mailbox.drop}/${name}`;
    const stat = await ctx.disk.stat(path);
    if (stat) files.push({ path, mtimeMs: stat.mtimeMs });
  }
  return files.sort((a, b) => a.mtimeMs - b.mtimeMs);
}

/** A file that cannot be read or moved, perhaps another user's, must not keep everybody from the mail behind it. */
async function adoptOrLeave(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, mtimeMs }: { path: string; mtimeMs: number },
): Promise<'done' | 'not-yet' | 'left'> {
  try {
    return await adoptFile(ctx, mailbox, path, mtimeMs);
  } catch (error) {
    if (!(error instanceof DreamosError))
      return putAside(ctx, mailbox, path, mtimeMs, `unexpectedly: ${String(error)}`);
    warnOnce(ctx, `A file in drop/ of ${mailbox.name} cannot be adopted: ${error.message}`);
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
  const file = await ctx.disk.read(path, { maxBytes: maxFileBytes });
  if (!file.ok) {
    // What cannot be put aside does not count as moved: whoever moves until nothing is due would never end.
    return !file.missing && (await quarantine(ctx, mailbox, path, file.why)) ? 'done' : 'left';
  }
  let message: Message;
  try {
    message = completeHandedIn(file.bytes, { id: idOf(file.bytes, path, mtimeMs), mailbox: mailbox.name, mtimeMs });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return putAside(ctx, mailbox, path, mtimeMs, error.message);
  }
  const at = ctx.clock.now();
  const name: EntryName = {
    tag: 't',
    time: at,
    id: message.id,
    rank: priorities.indexOf(message.priority),
    attempt: 0,
    expiresAt: message.expiresAt === null ? undefined : Date.parse(message.expiresAt),
    handedIn: handedInDigest(file.bytes),
    order: orderOf(message),
  };
  const adopted =
    (await putInInbox(ctx, mailbox, message, name, (target) => ctx.disk.rename(path, target))) ??
    (await moveToReady(ctx, path, mailbox, 1, name));
  if (adopted !== undefined) await logEvents(ctx, mailbox, [arrival('delivered', message.id, message)], at);
  return 'done';
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
  return (await quarantine(ctx, mailbox, path, why)) ? 'done' : 'left';
}

/** The file's own id, or one made of its time, its name and its bytes: whoever adopts it comes to the same. */
function idOf(bytes: Buffer, path: string, mtimeMs: number): string {
  const { id } = parseHandedIn(bytes);
  if (typeof id === 'string' && isId(id)) return id;
  return idFrom(mtimeMs, Buffer.from(sha256(Buffer.concat([Buffer.from(`${path}\0`), bytes])), 'hex'));
}
