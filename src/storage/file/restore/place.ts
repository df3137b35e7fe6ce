/** Putting what a backup holds in its places, durably, in a root that nobody works on yet. */
import { isLog } from '../../../model/topic.ts';
import { reasonState, rebuildReason } from '../claim/reason.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, ensureMailbox } from '../disk/folders.ts';
import { gathered, readTarGz, type TarEntry } from '../disk/foreign/tar-gz.ts';
import { logEvents } from '../events/event-log.ts';
import { isInRoot } from '../names/backup-name.ts';
import { type Mailbox, mailboxFolders } from '../names/layout.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { holdOrderingKeys } from './hold-keys.ts';
import { settlePack } from './packs.ts';
import type { Plan } from './plan.ts';

export interface PlaceOptions {
  readonly onProgress?: ((messages: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const progressEvery = 256;

/** @returns how many messages there are now; `undefined`: the signal came */
export async function place(
  ctx: FileContext,
  file: string,
  plan: Plan,
  { onProgress, signal }: PlaceOptions,
): Promise<number | undefined> {
  const mailboxes = plan.mailboxes.map((name) => ctx.layout.mailbox(name));
  for (const mailbox of mailboxes) await makeFolders(ctx, mailbox);
  let placed = 0;
  for await (const one of readTarGz(file)) {
    if (signal?.aborted) return undefined;
    const before = placed;
    placed += await placeOne(ctx, plan, one);
    if (Math.floor(before / progressEvery) < Math.floor(placed / progressEvery)) onProgress?.(placed);
  }
  for (const { path, text } of plan.reasons) await ctx.disk.create(path, Buffer.from(text), { sync: true });
  for (const path of plan.packs) placed += await settlePack(ctx, plan, path);
  await holdOrderingKeys(ctx, plan.settled.values());
  for (const mailbox of mailboxes) await tellAndExplain(ctx, mailbox, plan);
  await syncFolders(ctx, ctx.layout.root);
  return placed;
}

export async function makeFolders(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  await ensureMailbox(ctx, mailbox.dir);
  const names = isLog(mailbox.name) ? ['archive', 'events'] : mailboxFolders;
  for (const name of names) await ensureFolder(ctx, pathIn(mailbox.dir, name));
}

/** @returns how many messages it is */
async function placeOne(ctx: FileContext, plan: Plan, { name, parts }: TarEntry): Promise<number> {
  const file = plan.files.get(name);
  if (file) {
    await ensureFolder(ctx, folderOf(checked(ctx, file.path)));
    await ctx.disk.createFrom(file.path, parts);
    await ctx.disk.touch(file.path, file.mtimeMs);
    return 0;
  }
  const isWanted = plan.keys.has(name) || plan.entries.has(name);
  const bytes = isWanted ? await gathered(parts) : Buffer.alloc(0);
  for (const { path, mtimeMs } of plan.keys.get(name) ?? []) await create(ctx, path, bytes, mtimeMs);
  const [first, ...more] = plan.entries.get(name) ?? [];
  if (first === undefined) return 0;
  await create(ctx, first, bytes);
  for (const path of more) {
    await ensureFolder(ctx, folderOf(path));
    await ctx.disk.link(first, path);
  }
  return 1 + more.length;
}

function checked({ layout }: FileContext, path: string): string {
  if (!isInRoot(layout.root, path)) throw new Error(`not in the root: ${path}`);
  return path;
}

async function create(ctx: FileContext, path: string, bytes: Uint8Array, mtimeMs?: number): Promise<void> {
  await ensureFolder(ctx, folderOf(checked(ctx, path)));
  await ctx.disk.create(path, bytes, { sync: true });
  if (mtimeMs !== undefined) await ctx.disk.touch(path, mtimeMs);
}

/** That claims have ended; and why the dead are dead, where that was not to be had. */
async function tellAndExplain(ctx: FileContext, mailbox: Mailbox, plan: Plan): Promise<void> {
  const claims = plan.claims.get(mailbox.name) ?? [];
  if (claims.length > 0)
    await logEvents(
      ctx,
      mailbox,
      claims.map(({ id, attempt }) => ({ event: 'lease_expired', id, attempt })),
    );
  for (const name of plan.dead.get(mailbox.name) ?? [])
    if ((await reasonState(ctx, mailbox, name)) === 'missing') await rebuildReason(ctx, mailbox, name);
}

export async function syncFolders(ctx: FileContext, dir: string): Promise<void> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    const path = pathIn(dir, name);
    if ((await ctx.disk.stat(path))?.kind === 'directory') await syncFolders(ctx, path);
  }
  await ctx.disk.syncDir(dir);
}
