/**
 * Takes an archived message out of the packs that hold it, so that it lies in its day's folder like any other and can be
 * moved by one rename. First its bytes, durable, in the folder, where they count before those in a pack; then a mark that it
 * is gone from the pack. Cut off in between, it is archived once, and the next packing or restoring goes on from there.
 * For whoever holds the mailbox's lock.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { Lock } from '../../port/documents.ts';
import { restoreLost } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, formatEntryName, identityOf } from '../names/entry-name.ts';
import { ensureFolder, freshFile, moveInto } from '../disk/folders.ts';
import type { Mailbox } from '../names/layout.ts';
import { markGone } from './pack.ts';
import { type Line } from '../places/pack-file.ts';
import { corrupt, daysOf, lineAt, packNames, type Pack } from '../places/packed.ts';
import { archiveFolder, dayOf } from '../names/slots.ts';
import { markOf } from '../names/pack-name.ts';
import { folderOf, pathIn } from '../names/path.ts';

/** An archived message that one rename can move. */
interface Plain {
  readonly path: string;
  readonly name: EntryName;
  /** For whoever could not move it: whatever has become of the file, the packed one counts again. */
  putBack(): Promise<void>;
}

/** @returns `undefined`: it is not archived any more */
export async function takeOut(
  ctx: FileContext,
  mailbox: Mailbox,
  archived: { readonly path: string; readonly name: EntryName },
  lock?: Lock,
): Promise<Plain | undefined> {
  const identity = identityOf(formatEntryName(archived.name));
  const day = (await daysOf(ctx, mailbox)).find((one) => one.day === dayOf(archived.name.time));
  const held = day ? await holding(ctx, day.packs, archived.name.id, identity) : [];
  const packed = await lineAt(ctx, archived.path);
  // Nothing is packed: the caller's rename decides whether it is still there.
  if (packed === undefined && held.length === 0) return { ...archived, putBack: async () => undefined };
  const plain = packed === undefined ? archived : await putIntoFolder(ctx, mailbox, packed);
  if (!plain) return undefined;
  // Only for what is there: marked as gone and in no folder, it would be lost.
  if (!(await ctx.disk.stat(plain.path))) return undefined;
  // Also for one who was cut off here: a mark that outlives the file's name in a power cut would lose the message.
  await ctx.disk.syncDir(folderOf(plain.path));
  await ctx.disk.syncDir(mailbox.archive);
  // Who packs beside this takes the file for a double, and removes it: with the mark, it would be nowhere.
  if (lock?.isHeld() === false) throw restoreLost(archived.name.id, mailbox.name);
  for (const pack of held) await markGone(ctx, pack, identity);
  const putBack = async (): Promise<void> => {
    for (const pack of held) await ctx.disk.remove(markOf(pack, identity));
  };
  return { ...plain, putBack };
}

async function holding(ctx: FileContext, packs: readonly Pack[], id: string, identity: string): Promise<string[]> {
  const held: string[] = [];
  for (const pack of packs) {
    if (id < pack.firstId || id > pack.lastId) continue;
    for await (const { name } of packNames(ctx, pack, { id })) if (identityOf(name) === identity) held.push(pack.path);
  }
  return held;
}

async function putIntoFolder(
  ctx: FileContext,
  mailbox: Mailbox,
  line: Line | 'missing' | { readonly why: string },
): Promise<{ path: string; name: EntryName } | undefined> {
  if (line === 'missing') return undefined;
  if ('why' in line) throw corrupt(line.why);
  // Alone in its file, and sealed.
  const name: EntryName = { ...line.name, range: undefined, handedIn: undefined };
  const dir = archiveFolder(mailbox, name.time);
  const file = freshFile(ctx, mailbox);
  await ensureFolder(ctx, mailbox.tmp);
  await ctx.disk.create(file, Buffer.concat([line.bytes, Buffer.from('\n')]), { sync: true });
  const text = formatEntryName(name);
  if (!(await moveInto(ctx, file, dir, text))) {
    throw new DreamosError(
      'disk',
      'DISK_FAILED',
      `${file} vanished while it was being restored; it is still archived.`,
      {
        hint: 'Does something clean up tmp/ of this root? Try again.',
      },
    );
  }
  return { path: pathIn(dir, text), name };
}
