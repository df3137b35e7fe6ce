import type { FileContext } from '../disk/context.ts';
import { pathInBackup } from '../names/backup-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { daysOf, type Pack } from '../places/packed.ts';
import type { Collection } from './collection.ts';
import { wholeOf, withFile } from './source.ts';

async function packsOf(ctx: FileContext, mailbox: Mailbox): Promise<readonly Pack[]> {
  return (await daysOf(ctx, mailbox)).flatMap(({ packs }) => packs);
}

/** What has been taken out of packs by now. */
export async function noteGone(ctx: FileContext, collection: Collection, mailbox: Mailbox): Promise<void> {
  for (const { path, gone } of await packsOf(ctx, mailbox)) {
    collection.packed -= gone.size;
    if (gone.size > 0) collection.line({ kind: 'gone', pack: pathInBackup(ctx.layout, path), identities: [...gone] });
  }
}

/** Packs never change, so each is taken as it is. @returns how many are new */
export async function addPacks(ctx: FileContext, collection: Collection, mailbox: Mailbox): Promise<number> {
  let found = 0;
  for (const { path, count } of await packsOf(ctx, mailbox)) {
    if (collection.hasFile(path)) continue;
    await withFile(ctx, path, async (file) => {
      await collection.file(path, wholeOf(path, file), file.mtimeMs);
      collection.packed += count;
      found++;
    });
  }
  return found;
}
