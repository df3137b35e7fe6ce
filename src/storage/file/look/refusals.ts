/**
 * What a mailbox has refused, for `status`: <mailbox>/refused.jsonl, a line for each second of a process in which it refused
 * something, `{"at","count","code","reason"}`. Nothing is synced, and a line that is lost costs its count. What is more than a
 * day old is not counted any more, and goes when the file has grown; then what is left becomes a line an hour and code. So
 * however many sends are refused, the file stays small.
 */
import { dayMs, hourMs } from '../../../model/basics/limits.ts';
import { cut } from '../../../model/basics/text.ts';
import { isoTime } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { RefusedCount } from '../../port/look.ts';
import type { Refusal } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { freshFile } from '../disk/folders.ts';
import type { Mailbox } from '../names/layout.ts';

const mostBytes = 64 * 1024;
/** Never read whole, whatever somebody has put there. */
const readBytes = 1024 * 1024;
const mostReason = 200;
const everyMs = 1000;

export interface RefusedLine {
  readonly at: number;
  readonly count: number;
  readonly code: string;
  readonly reason: string;
}

interface Untold {
  readonly mailbox: Mailbox;
  /** When (uptime) this process last wrote a line. */
  writtenAt: number;
  lines: RefusedLine[];
}

const untold = memory(() => new Map<string, Untold>());

export async function noteRefusals(ctx: FileContext, refusals: readonly (Refusal & { at: Mailbox })[]): Promise<void> {
  const now = ctx.clock.now();
  const uptime = ctx.clock.uptime();
  const all = untold.of(ctx);
  const changed = new Set<Untold>();
  for (const { at: mailbox, code, reason } of refusals) {
    let mine = all.get(mailbox.name);
    if (!mine) all.set(mailbox.name, (mine = { mailbox, writtenAt: -Infinity, lines: [] }));
    const same = mine.lines.findIndex((line) => line.code === code);
    const count = (mine.lines[same]?.count ?? 0) + 1;
    if (same >= 0) mine.lines.splice(same, 1);
    mine.lines.push({ at: now, count, code, reason: cut(reason, mostReason) });
    changed.add(mine);
  }
  for (const mine of changed) if (uptime - mine.writtenAt >= everyMs) await write(ctx, mine);
}

/** Before the store is closed. */
export async function writeRefusals(ctx: FileContext): Promise<void> {
  for (const mine of untold.of(ctx).values()) if (mine.lines.length > 0) await write(ctx, mine);
}

/** `undefined`: nothing in the last day. */
export async function refusedIn(ctx: FileContext, mailbox: Mailbox): Promise<RefusedCount | undefined> {
  const lines = await refusedLines(ctx, mailbox);
  const last = lines.at(-1);
  if (!last) return undefined;
  const { at: lastAt, code, reason } = last;
  return { count: lines.reduce((sum, { count }) => sum + count, 0), lastAt, code, reason };
}

async function write(ctx: FileContext, mine: Untold): Promise<void> {
  const { mailbox, lines } = mine;
  mine.lines = [];
  mine.writtenAt = ctx.clock.uptime();
  try {
    // Of a mailbox that is gone there is nothing to tell.
    if (!(await ctx.disk.append(mailbox.refused, refusedText(lines)))) return;
    if (((await ctx.disk.stat(mailbox.refused))?.size ?? 0) > mostBytes) await shorten(ctx, mailbox);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    const what = `What ${mailbox.name} refuses cannot be counted`;
    warnOnce(ctx, `${what}: ${error.message}`, what);
  }
}

async function shorten(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  const byHour = new Map<string, RefusedLine>();
  for (const line of await refusedLines(ctx, mailbox)) {
    const key = `${Math.floor(line.at / hourMs)} ${line.code}`;
    const count = (byHour.get(key)?.count ?? 0) + line.count;
    byHour.delete(key);
    byHour.set(key, { ...line, count });
  }
  const file = freshFile(ctx, mailbox, 'batch');
  if (await ctx.disk.create(file, Buffer.from(refusedText([...byHour.values()])), { sync: false }))
    await ctx.disk.rename(file, mailbox.refused);
}

export function refusedText(lines: readonly RefusedLine[]): string {
  return lines.map((line) => `${JSON.stringify({ ...line, at: isoTime(line.at) })}\n`).join('');
}

/** Those of the last day, the last one last. */
export async function refusedLines(ctx: FileContext, mailbox: Mailbox): Promise<RefusedLine[]> {
  const file = await ctx.disk.read(mailbox.refused, { maxBytes: readBytes });
  if (!file.ok) return [];
  const now = ctx.clock.now();
  return file.bytes
    .toString('utf8')
    .split('\n')
    .flatMap((text) => lineOf(text) ?? [])
    .filter(({ at }) => at > now - dayMs && at <= now)
    .sort((a, b) => a.at - b.at);
}

function lineOf(text: string): RefusedLine | undefined {
  try {
    const { at, count, code, reason } = JSON.parse(text) as Record<string, unknown>;
    const time = typeof at === 'string' ? Date.parse(at) : NaN;
    if (Number.isNaN(time) || typeof code !== 'string' || typeof reason !== 'string') return undefined;
    if (!Number.isSafeInteger(count) || Number(count) < 1) return undefined;
    return { at: time, count: Number(count), code: cut(code, mostReason), reason: cut(reason, mostReason) };
  } catch {
    // Cut short by a full disk, or no line at all.
    return undefined;
  }
}
