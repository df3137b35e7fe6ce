import { cut } from '../../../model/basics/text.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { parseEntryName } from '../names/entry-name.ts';
import { logEvents } from '../events/event-log.ts';
import { ensureFolder, freshFile, moveInto, namesIn } from '../disk/folders.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { releaseOrderingKey } from './key-heads.ts';
import { isOnItsWay, type Mailbox } from '../names/layout.ts';
import { makeFilePrivate } from '../disk/private.ts';
import { corruptName, isNote, noteOf } from '../names/beside.ts';
import { nameOf, pathBelow, pathIn } from '../names/path.ts';

/**
 * Quarantines what cannot be read, byte for byte, so that it blocks nothing behind it, and says so.
 * Works on anything that has a name: a rename does not open it.
 * @returns `false`: it is gone, or cannot be moved, which is said, too; in both cases the caller goes on without it
 */
export async function quarantine(ctx: FileContext, mailbox: Mailbox, path: string, reason: string): Promise<boolean> {
  // It may quote what is in the file.
  const why = cut(reason, mostWhyCharacters);
  const oldName = nameOf(path);
  const was = pathBelow(mailbox.dir, path);
  const name = corruptName(ctx.clock.now(), ctx.ids.token(), oldName);
  try {
    if (!(await moveInto(ctx, path, mailbox.corrupt, name))) return false;
    if (isOnItsWay(was)) await releaseOrderingKeyOf(ctx, mailbox, oldName);
    await makeFilePrivate(ctx, pathIn(mailbox.corrupt, name));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Under another new name each time: it is said once of what should move.
    const what = `${shown(was)} of ${mailbox.name} should be put aside (${why}), but cannot`;
    warnOnce(ctx, `${what}: ${error.message}`, what);
    return false;
  }
  await report(ctx, mailbox, name, was, why);
  ctx.warn(`${shown(was)} of ${mailbox.name} was put aside as corrupt/${name}: ${why}`);
  return true;
}

/**
 * Quarantines what stands where a folder of ours should be: a link, a file. Not the mailbox itself nor the folders of its
 * states, for somebody may have moved those to another disk on purpose: they are refused, and a person decides.
 */
export async function quarantineObstacle(ctx: FileContext, path: string, kind: string): Promise<boolean> {
  const place = ctx.layout.placeOf(path);
  if (!place || place.parts.length < 2) return false;
  return quarantine(ctx, place.mailbox, path, `it is a ${kind} in the place of a folder`);
}

/** Keeps bytes from elsewhere that cannot be read; the same bytes are kept once. */
export async function quarantineBytes(
  ctx: FileContext,
  mailbox: Mailbox,
  bytes: Uint8Array,
  from: { readonly name: string; readonly why: string },
): Promise<void> {
  const { learnBytes, nameOfBytes } = await import('./known-bytes.ts');
  const known = await nameOfBytes(ctx, mailbox, bytes);
  if (known !== undefined) {
    // Without its note: whoever kept them was killed before it could say so.
    if (!(await ctx.disk.stat(noteOf(pathIn(mailbox.corrupt, known)))))
      await report(ctx, mailbox, known, from.name, from.why);
    return;
  }
  const name = corruptName(ctx.clock.now(), ctx.ids.token(), from.name);
  // Whole or not at all: half of them, left in corrupt/ by a killed process, would not be known again.
  const file = freshFile(ctx, mailbox);
  await ensureFolder(ctx, mailbox.tmp);
  await ctx.disk.create(file, bytes, { sync: true });
  if (!(await moveInto(ctx, file, mailbox.corrupt, name))) {
    throw new DreamosError('disk', 'DISK_FAILED', `${file} vanished while it was being put aside.`, {
      hint: 'Does something clean up tmp/ of this root? Try again.',
    });
  }
  await ctx.disk.syncDir(mailbox.corrupt);
  await report(ctx, mailbox, name, from.name, from.why);
  await learnBytes(ctx, mailbox, bytes, name);
}

/** A message that was on its way will not be delivered any more. */
async function releaseOrderingKeyOf(ctx: FileContext, mailbox: Mailbox, entry: string): Promise<void> {
  const name = parseEntryName(entry);
  if (name) await releaseOrderingKey(ctx, mailbox, name);
}

/** The names in corrupt/, without the notes about them. */
export async function corruptFiles(ctx: FileContext, mailbox: Mailbox): Promise<string[]> {
  return (await namesIn(ctx, mailbox.corrupt)).filter((name) => !isNote(name));
}

async function report(ctx: FileContext, mailbox: Mailbox, name: string, was: string, why: string): Promise<void> {
  const path = pathIn(mailbox.corrupt, name);
  const id = parseEntryName(nameOf(was))?.id ?? was;
  const note = { was, why, at: new Date(ctx.clock.now()).toISOString() };
  try {
    await ctx.disk.create(noteOf(path), Buffer.from(`${JSON.stringify(note)}\n`), { sync: false });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`The note about corrupt/${name} of ${mailbox.name} could not be written: ${error.message}`);
  }
  await logEvents(ctx, mailbox, [{ event: 'corrupt', id, reason: why }]);
}

const mostWhyCharacters = 2000;

/** A name for a person's eyes: some have line ends and worse in them. */
function shown(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : JSON.stringify(name);
}
