import { mostFileBytes } from '../../../model/basics/limits.ts';
import type { FileContext } from '../disk/context.ts';
import { unsealed } from '../places/read-entry.ts';
import { isDedupeFolder, isDedupeKey } from '../names/key-name.ts';
import { parseOutboxFolder } from '../names/outbox-name.ts';
import { pathIn } from '../names/path.ts';
import type { Collection } from './collection.ts';

/**
 * Before the mail, because a key is made before its send is committed. One whose send may not have been then is `unsure`:
 * it was being prepared at the beginning, or the key is as young as the backup.
 */
export async function addDedupeKeys(ctx: FileContext, collection: Collection): Promise<void> {
  const prepared = new Set<string>();
  for (const name of (await ctx.disk.list(ctx.layout.outbox)) ?? []) {
    const folder = parseOutboxFolder(name);
    if (folder && !folder.committed) prepared.add(folder.id);
  }
  for (const folder of ((await ctx.disk.list(ctx.layout.dedupe)) ?? []).filter(isDedupeFolder)) {
    const dir = pathIn(ctx.layout.dedupe, folder);
    for (const name of (await ctx.disk.list(dir)) ?? []) {
      if (!isDedupeKey(folder, name)) continue;
      const file = await ctx.disk.read(pathIn(dir, name), { maxBytes: mostFileBytes });
      const id = file.ok ? unsealed(file.bytes)?.id : undefined;
      // What cannot be read is no key: doctor says so, and a repeat is refused.
      if (!file.ok || id === undefined) continue;
      const { mtimeMs = collection.begunAt } = file;
      const unsure = prepared.has(id) || !collection.isFromBefore(mtimeMs);
      const body = await collection.body(id, file.bytes);
      collection.line({ kind: 'key', sha256: name, id, body, mtimeMs, unsure });
    }
  }
}
