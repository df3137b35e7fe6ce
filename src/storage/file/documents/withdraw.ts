/** Taking away a document that holds by being there: the policy. */
import type { FileContext } from '../disk/context.ts';
import { waitingOf } from '../names/beside.ts';
import type { RootDocument } from '../names/layout.ts';
import { folderOf } from '../names/path.ts';
import { forgetDocument, hasVersion } from './documents.ts';

/** @returns `false`: it is another one by now, or gone, and nothing was changed */
export async function withdrawDocument(ctx: FileContext, name: RootDocument, version: string): Promise<boolean> {
  const path = ctx.layout.document(name);
  return ctx.disk.withLock(ctx.layout.lock(name), async () => {
    const done = await removeAsRead(ctx, path, (at) => hasVersion(ctx, at, version));
    forgetDocument(ctx, name);
    return done;
  });
}

/**
 * It is moved aside first, so that what was moved is looked at, and nobody can replace it any more. Another one than was read is
 * put back. Killed in between, what was moved lies beside it as a version that never was in place (disk/replace.ts).
 * @param isAsRead whether what lies at a path is what was read
 */
export async function removeAsRead(
  { disk, ids }: FileContext,
  path: string,
  isAsRead: (path: string) => Promise<boolean>,
): Promise<boolean> {
  if (!(await isAsRead(path))) return false;
  const aside = waitingOf(path, ids.token());
  if (!(await disk.rename(path, aside))) return false;
  const was = await isAsRead(aside);
  if (!was) await disk.link(aside, path);
  await disk.syncDir(folderOf(path));
  await disk.remove(aside);
  return was;
}
