/**
 * Cursors as they are given out. A position of a few logs is said by the cursor itself. A longer one is kept in
 * cursors/<id>.jsonl, which grows by a line with every event that is told, and the cursor says how many of its bytes count.
 * One process writes a file; whoever goes on from another's begins a new one. What is written is neither synced nor mail:
 * a file that lost its end is an earlier place, and one that is gone the oldest, so that events come again and none is missed.
 */
import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { cursorInvalid } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, isRealFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import {
  type Days,
  formatCursor,
  formatKept,
  keptHead,
  keptRows,
  type LogPlace,
  parseCursor,
  parseKept,
  type Position,
} from '../names/cursor.ts';
import { pathIn } from '../names/path.ts';
import { dayOf } from '../names/slots.ts';

/** Files are kept for so long after the last line, and so many of them, of so many bytes: those that were written last. */
const keptMs = 30 * dayMs;
const mostKept = 10_000;
const mostBytes = 512 * 1024 * 1024;
const sweptEvery = 100;
/** A file that has grown by so much is followed by a new one. */
const growthBytes = 1024 * 1024;

/** A position, and how it is given out. */
export interface Place {
  readonly position: Position;
  cursor: string;
  /** The file that goes on with it, which this process has begun. */
  file?: { readonly id: string; bytes: number; readonly fullAt: number } | undefined;
}

/** The last places of this process by their cursors, so that who follows reads no file again. */
const places = memory(() => new Map<string, Place>());
// Of each of the streams that a server has; those of one that has ended are the first to go.
const mostRemembered = 128;

/**
 * What a cursor stands for; until it is remembered again it is the caller's alone.
 * @returns `fresh`: it comes from elsewhere, and what it stands on may have changed since @throws CURSOR_INVALID
 */
export async function placeOf(
  ctx: FileContext,
  cursor: string,
  warnings: string[],
): Promise<{ readonly place: Place; readonly fresh: boolean }> {
  const known = places.of(ctx);
  const place = known.get(cursor);
  if (!place) return { place: { position: await positionOf(ctx, cursor, warnings), cursor }, fresh: true };
  known.delete(cursor);
  // Swept away, or not as it was left: what is appended there leads nowhere.
  const { file } = place;
  if (file && (await ctx.disk.stat(ctx.layout.cursor(file.id)))?.size !== file.bytes) place.file = undefined;
  return { place, fresh: false };
}

async function positionOf(ctx: FileContext, cursor: string, warnings: string[]): Promise<Position> {
  const kept = parseCursor(cursor);
  if (kept instanceof Map) return kept;
  const { id, bytes } = kept;
  const path = ctx.layout.cursor(id);
  const isReal = await isRealFolder(ctx, ctx.layout.cursors);
  const length = isReal ? Math.min(bytes, (await ctx.disk.stat(path))?.size ?? 0) : 0;
  if (length > mostBytes) throw cursorInvalid(cursor);
  const file = await ctx.disk.read(path, { range: { offset: 0, length }, maxBytes: mostBytes });
  const position = file.ok ? parseKept(id, file.bytes.toString()) : undefined;
  if (position && length === bytes) return position;
  warnings.push(
    position
      ? `What the cursor ${cursor} stands for has lost its end; some events come again.`
      : `What the cursor ${cursor} stands for is not kept any more; beginning with the oldest events.`,
  );
  return position ?? new Map();
}

export function remember(ctx: FileContext, place: Place): void {
  const known = places.of(ctx);
  known.set(place.cursor, place);
  if (known.size > mostRemembered) known.delete([...known.keys()][0] ?? '');
}

/** The first cursor of a position. */
export async function begin(ctx: FileContext, position: Position): Promise<string> {
  const place = { position, cursor: '' };
  const steps = new Steps(ctx, place);
  steps.begin();
  await steps.write();
  remember(ctx, place);
  return place.cursor;
}

/** Moves a place forward, and gives out a cursor behind each step. What must be written is written at the end, at once. */
export class Steps {
  #unwritten = '';

  constructor(
    private readonly ctx: FileContext,
    private readonly place: Place,
  ) {
    if (place.file && place.file.bytes > place.file.fullAt) place.file = undefined;
  }

  /** @returns the cursor right behind this place in a log; good as soon as it is written */
  to(mailbox: string, day: string, at: LogPlace): string {
    const { place } = this;
    const { position } = place;
    const days: Days = position.get(mailbox) ?? new Map();
    days.set(day, at);
    keepTwo(days, dayOf(this.ctx.clock.now()));
    position.set(mailbox, days);
    // Later days have been read: who goes on does not ask for this one any more.
    if (!days.has(day)) return place.cursor;
    return (place.cursor = place.file
      ? this.#grow(place.file, keptRows(new Map([[mailbox, new Map([[day, at]])]])))
      : this.#said());
  }

  /** @returns the cursor of the place as it is now */
  #said(): string {
    const { ctx, place } = this;
    const said = formatCursor(place.position);
    if (said !== undefined) return said;
    const id = ctx.ids.next(ctx.clock.now());
    const text = keptHead(id) + keptRows(place.position);
    place.file = { id, bytes: 0, fullAt: text.length + growthBytes };
    return this.#grow(place.file, text);
  }

  #grow(file: NonNullable<Place['file']>, text: string): string {
    // Names and days are ASCII.
    file.bytes += text.length;
    this.#unwritten += text;
    return formatKept(file);
  }

  begin(): void {
    this.place.cursor = this.#said();
  }

  async write(): Promise<void> {
    const { ctx, place } = this;
    const { file } = place;
    if (file && this.#unwritten !== '' && !(await written(ctx, file, this.#unwritten))) place.file = undefined;
  }
}

/** Days to come are kept beside them: a clock that was ahead has left them, and they must not hide today. */
function keepTwo(days: Days, today: string): void {
  const past = [...days.keys()].filter((day) => day <= today).sort();
  for (const day of past.slice(0, -2)) days.delete(day);
}

/** @returns `false` when the root cannot be written, or is full: that is no reason to stop who only looks */
async function written(ctx: FileContext, file: { id: string; bytes: number }, text: string): Promise<boolean> {
  const path = ctx.layout.cursor(file.id);
  try {
    if (file.bytes > text.length) {
      if (await ctx.disk.append(path, text)) return true;
    } else {
      await ensureFolder(ctx, ctx.layout.cursors);
      await sweep(ctx);
      if (await ctx.disk.create(path, Buffer.from(text), { sync: false })) return true;
      forgetFolder(ctx, ctx.layout.cursors);
      await ensureFolder(ctx, ctx.layout.cursors);
      if (await ctx.disk.create(path, Buffer.from(text), { sync: false })) return true;
    }
    throw new DreamosError('disk', 'DISK_FAILED', `${ctx.layout.cursors} is not there.`);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(
      ctx,
      `Cursors cannot be kept: ${error.message} Who goes on from one of these begins with the oldest events.`,
    );
    return false;
  }
}

async function sweep(ctx: FileContext): Promise<void> {
  const names = (await ctx.disk.list(ctx.layout.cursors)) ?? [];
  // There is one more of them each time.
  if (names.length % sweptEvery !== sweptEvery - 1) return;
  const files: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of names) {
    const path = pathIn(ctx.layout.cursors, name);
    const stat = await ctx.disk.stat(path);
    if (stat?.kind === 'file') files.push({ path, ...stat });
  }
  files.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let bytes = 0;
  for (const [i, { path, size, mtimeMs }] of files.entries()) {
    bytes += size;
    const isOld = ctx.clock.now() - mtimeMs > keptMs;
    if (isOld || i >= mostKept || bytes > mostBytes) await ctx.disk.remove(path);
  }
}
