/** What is kept of the numbers that event logs come to. Nothing is synced: what a power cut takes is made again. */
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, isRealFolder, namesIn } from '../disk/folders.ts';
import { waitingOf } from '../names/beside.ts';
import { isDay, parseRollup, rollupFile } from '../names/slots.ts';

/** A busy day has 1440 minutes of some kilobytes at most. */
const mostBytes = 64 * 1024 * 1024;

export async function rollupDays(ctx: FileContext, name: string): Promise<string[]> {
  const { metrics } = ctx.layout.mailbox(name);
  return (await namesIn(ctx, metrics)).flatMap((file) => parseRollup(file) ?? []).filter(isDay);
}

export async function readRollup(
  ctx: FileContext,
  name: string,
  of: string,
  firstBytes?: number,
): Promise<string | undefined> {
  const mailbox = ctx.layout.mailbox(name);
  if (!(await isRealFolder(ctx, mailbox.metrics))) return undefined;
  const path = rollupFile(mailbox, of);
  if (firstBytes === undefined) {
    const file = await ctx.disk.read(path, { maxBytes: mostBytes });
    return file.ok ? file.bytes.toString() : undefined;
  }
  const file = await ctx.disk.open(path);
  if (!file.ok) return undefined;
  try {
    return (await file.read(0, Math.min(firstBytes, file.size))).toString();
  } finally {
    await file.close();
  }
}

export async function writeRollup(ctx: FileContext, name: string, of: string, text: string): Promise<void> {
  const mailbox = ctx.layout.mailbox(name);
  const path = rollupFile(mailbox, of);
  const next = waitingOf(path, ctx.ids.token());
  const bytes = Buffer.from(text);
  for (let tries = 2; tries > 0; tries--) {
    await ensureFolder(ctx, mailbox.metrics);
    try {
      if ((await ctx.disk.create(next, bytes, { sync: false })) && (await ctx.disk.rename(next, path))) return;
    } catch (error) {
      await ctx.disk.remove(next);
      throw error;
    }
    forgetFolder(ctx, mailbox.metrics);
  }
  throw new DreamosError(
    'disk',
    'DISK_FAILED',
    `${path} could not be written: its folder is removed again and again.`,
    {
      hint: 'Run `dreamos doctor`.',
    },
  );
}
