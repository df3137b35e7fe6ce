/**
 * What was announced to which session: <mailbox>/announced/<host>.<session>/<message id>.<which time>, empty files whose
 * modification time is when. Of many hooks that run at the same moment the one that makes the file announces it, so no lock
 * decides, and it is there before anything is said: who dies in between has cost one reminder, and the next one comes.
 */
import type { Announcement, SessionKey } from '../../port/reach.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, removedAgain, removeEmpty } from '../disk/folders.ts';
import { logEvents } from '../events/event-log.ts';
import type { Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { announcedFolder, markName, parseMark } from '../names/reach-name.ts';

type Wanted = Pick<Announcement, 'id' | 'time'>;

export async function announcements(ctx: FileContext, mailbox: Mailbox, key: SessionKey): Promise<Announcement[]> {
  const folder = announcedFolder(mailbox, key);
  const all: Announcement[] = [];
  for (const name of (await ctx.disk.list(folder)) ?? []) {
    const mark = parseMark(name);
    const stat = mark && (await ctx.disk.stat(pathIn(folder, name)));
    if (stat) all.push({ ...mark, at: stat.mtimeMs });
  }
  return all;
}

export async function announcedIn(ctx: FileContext, mailbox: Mailbox): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const folder of (await ctx.disk.list(mailbox.announced)) ?? [])
    for (const name of (await ctx.disk.list(pathIn(mailbox.announced, folder))) ?? []) {
      const mark = parseMark(name);
      if (mark) ids.add(mark.id);
    }
  return ids;
}

export async function announce(
  ctx: FileContext,
  mailbox: Mailbox,
  key: SessionKey,
  wanted: readonly Wanted[],
): Promise<Wanted[]> {
  const mine: Wanted[] = [];
  const now = ctx.clock.now();
  for (const one of wanted) if (await makeMark(ctx, announcedFolder(mailbox, key), one, now)) mine.push(one);
  if (mine.length > 0)
    await logEvents(
      ctx,
      mailbox,
      mine.map(({ id }) => ({ event: 'announced', id, by: mailbox.name, via: key.host, session: key.session })),
    );
  return mine;
}

export async function forget(
  ctx: FileContext,
  mailbox: Mailbox,
  key: SessionKey,
  of?: readonly Announcement[],
): Promise<void> {
  const folder = announcedFolder(mailbox, key);
  const marks = of?.map(({ id, time }) => markName(id, time)) ?? (await ctx.disk.list(folder));
  if (!marks) return;
  for (const name of marks) if (parseMark(name)) await ctx.disk.remove(pathIn(folder, name));
  if (of === undefined) await removeEmpty(ctx, folder);
}

export async function makeMark(ctx: FileContext, folder: string, { id, time }: Wanted, now: number): Promise<boolean> {
  const path = pathIn(folder, markName(id, time));
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, folder);
    const made = await ctx.disk.makeFile(path);
    if (made === 'made') await ctx.disk.touch(path, now);
    if (made !== 'missing') return made === 'made';
    forgetFolder(ctx, folder);
  }
  throw removedAgain(folder);
}
