/** Looking into the archive where some of its days are packed. What lies in a day's folder counts before the same in a pack. */
import { DreamosError } from '../../../model/errors.ts';
import { type Message, unseal } from '../../../model/message.ts';
import type { ArchiveRange } from '../../port/look.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, formatEntryName, identityOf, parseEntryName, timeTagOf, timeIn } from '../names/entry-name.ts';
import { type Mailbox } from '../names/layout.ts';
import { placesIn, readMember, type Line, type MemberPlace } from './pack-file.ts';
import { warnOnce } from '../disk/warn-once.ts';
import type { Found } from '../names/found.ts';
import { dayOf, isDay } from '../names/slots.ts';
import { goneOf, isMark, mayBeOfDay, memberIn, type PackName, parsePack, parsePackedPath } from '../names/pack-name.ts';
import { nameOf, pathIn } from '../names/path.ts';

export interface Pack extends PackName {
  readonly path: string;
  /** Of what was taken out of it (identityOf). */
  readonly gone: ReadonlySet<string>;
}

/** A UTC day of the archive. */
export interface ArchiveDay {
  readonly day: string;
  /** Its folder, if it has one. */
  readonly dir: string | undefined;
  /** By name, so that of two that hold the same message everybody takes the same for the first. */
  readonly packs: readonly Pack[];
}

export interface NamesOptions {
  /** Only what may be this message. */
  readonly id?: string | undefined;
  readonly oldestFirst?: boolean;
  /** Only days in [fromDay, toDay]. */
  readonly fromDay?: string | undefined;
  readonly toDay?: string | undefined;
}

interface Place {
  readonly dir: string;
  readonly name: string;
}

/** The names of what is archived, each message once, the newest first. A packed one's `dir` is its pack and its part. */
export async function* archivedNames(
  ctx: FileContext,
  mailbox: Mailbox,
  options: NamesOptions = {},
): AsyncGenerator<Place, void, void> {
  const { oldestFirst = false, fromDay = '', toDay = '9999-99-99', id } = options;
  const days = await daysOf(ctx, mailbox);
  for (const day of oldestFirst ? days : days.reverse()) {
    if (day.day < fromDay || day.day > toDay) continue;
    const inFolder = day.dir === undefined ? [] : await folderNames(ctx, day.dir, oldestFirst);
    // After the folder, because whoever packs it does so in the other order.
    const { packs } = day.dir === undefined ? day : await dayOfArchive(ctx, mailbox, day.day);
    const holding = packs.filter((pack) => id === undefined || (id >= pack.firstId && id <= pack.lastId));
    const packed = holding.map((pack) => packNames(ctx, pack, { id, oldestFirst }));
    yield* merged([streamOf(inFolder), ...packed], oldestFirst);
  }
}

/** What was archived in [since, until), the oldest first. */
export async function* listArchived(
  ctx: FileContext,
  mailbox: Mailbox,
  { since = 0, until = Infinity, after }: ArchiveRange,
): AsyncGenerator<Found, void, void> {
  const last = nameOf(after ?? '');
  const from = Math.max(since, timeIn(last));
  const range = { fromDay: dayOf(from), toDay: dayOf(until), oldestFirst: true };
  for await (const { dir, name: text } of archivedNames(ctx, mailbox, range)) {
    if (identityOf(text) <= last) continue;
    const name = parseEntryName(text);
    if (name?.tag !== timeTagOf.archived || name.time < since || name.time >= until) continue;
    yield { state: 'archived', path: pathIn(dir, text), name };
  }
}

/** @returns `undefined`: it has moved on @throws DreamosError CORRUPT */
export async function readPacked(ctx: FileContext, path: string): Promise<Message | undefined> {
  const line = await lineAt(ctx, path);
  if (line === undefined || line === 'missing') return undefined;
  if ('why' in line) throw corrupt(line.why);
  const message = unseal(line.bytes);
  if (message.id !== line.name.id) throw corrupt(`it is the message ${message.id}, under another one's name`);
  return message;
}

/** What was seen in its day's folder and is gone from there: it may have been packed meanwhile. */
export async function readPackedSince(
  ctx: FileContext,
  mailbox: Mailbox,
  name: EntryName,
): Promise<Message | undefined> {
  const identity = identityOf(formatEntryName(name));
  for (const pack of (await dayOfArchive(ctx, mailbox, dayOf(name.time))).packs) {
    if (name.id < pack.firstId || name.id > pack.lastId) continue;
    for (const member of await placesOnce(ctx, pack.path)) {
      if (name.id < member.firstId || name.id > member.lastId) continue;
      const lines = await readMember(ctx, pack.path, member);
      const line = 'why' in lines ? undefined : lines.find(({ text }) => identityOf(text) === identity);
      if (line && !pack.gone.has(identity))
        return readPacked(ctx, pathIn(memberIn(pack.path, member.offset), line.text));
    }
  }
  return undefined;
}

const lastPlaces = new WeakMap<FileContext, { readonly path: string; readonly members: readonly MemberPlace[] }>();

/** For the next of a listing's thousands, which lies in the same pack; packs never change. */
async function placesOnce(ctx: FileContext, path: string): Promise<readonly MemberPlace[]> {
  let last = lastPlaces.get(ctx);
  if (last?.path !== path) {
    last = { path, members: (await placesIn(ctx, path))?.members ?? [] };
    lastPlaces.set(ctx, last);
  }
  return last.members;
}

async function dayOfArchive(ctx: FileContext, mailbox: Mailbox, day: string): Promise<ArchiveDay> {
  const [found] = await daysOf(ctx, mailbox, day);
  return found ?? { day, dir: undefined, packs: [] };
}

/** The days that have an archive, the oldest first. @param only this one */
export async function daysOf(ctx: FileContext, mailbox: Mailbox, only = ''): Promise<ArchiveDay[]> {
  const names = ((await ctx.disk.list(mailbox.archive)) ?? []).filter((name) => mayBeOfDay(name, only)).sort();
  const all = new Set(names);
  const days = new Map<string, { day: string; dir: string | undefined; packs: Pack[] }>();
  for (const name of names) {
    const pack = parsePack(name);
    const day = pack?.day ?? (isDay(name) ? name : undefined);
    if (day === undefined) continue;
    const known = days.get(day) ?? { day, dir: undefined, packs: [] };
    days.set(day, known);
    const path = pathIn(mailbox.archive, name);
    if (!pack) known.dir = path;
    else known.packs.push({ ...pack, path, gone: all.has(goneOf(name)) ? await goneFrom(ctx, path) : new Set() });
  }
  return [...days.values()];
}

export async function goneFrom(ctx: FileContext, pack: string): Promise<Set<string>> {
  return new Set((await ctx.disk.list(goneOf(pack)))?.filter(isMark));
}

/** How many messages the packs hold that are nowhere else, besides what lies in folders. */
export async function countPacked(ctx: FileContext, mailbox: Mailbox): Promise<number> {
  let count = 0;
  for (const { dir, packs } of await daysOf(ctx, mailbox)) {
    for (const pack of packs) count += pack.count - pack.gone.size;
    count -= await countDoubles(ctx, dir, packs);
  }
  return count;
}

/** How many messages lie in a day's folder and in a pack: only where a process was cut off, or is at work. */
export async function countDoubles(ctx: FileContext, dir: string | undefined, packs: readonly Pack[]): Promise<number> {
  const names = dir === undefined || packs.length === 0 ? [] : ((await ctx.disk.list(dir)) ?? []);
  // An ack into a packed day is no double, but only a look into the packs can say so; the next packing spares it.
  const inFolder = new Set(names.filter((name) => parseEntryName(name)).map(identityOf));
  if (inFolder.size === 0) return 0;
  let double = 0;
  for (const pack of packs) {
    for await (const { name } of packNames(ctx, pack, {})) if (inFolder.has(identityOf(name))) double++;
  }
  return double;
}

/** What a pack still holds. */
export async function* packNames(
  ctx: FileContext,
  pack: Pack,
  { id, oldestFirst = true }: Pick<NamesOptions, 'id' | 'oldestFirst'>,
): AsyncGenerator<Place, void, void> {
  const places = await placesIn(ctx, pack.path);
  if (places?.broken !== undefined) warnBroken(ctx, pack.path, places.broken);
  const members = places?.members ?? [];
  for (const member of oldestFirst ? members : members.toReversed()) {
    if (id !== undefined && (id < member.firstId || id > member.lastId)) continue;
    const lines = await readMember(ctx, pack.path, member);
    if ('why' in lines) {
      if (!lines.missing) warnBroken(ctx, pack.path, lines.why);
      continue;
    }
    for (const { text } of oldestFirst ? lines : lines.toReversed()) {
      if (!pack.gone.has(identityOf(text))) yield { dir: memberIn(pack.path, member.offset), name: text };
    }
  }
}

/** The line at a place that archivedNames gave. `undefined`: it lies in no pack. `missing`: the pack, or it in there, is gone. */
export async function lineAt(
  ctx: FileContext,
  path: string,
): Promise<Line | 'missing' | { readonly why: string } | undefined> {
  const place = parsePackedPath(path);
  if (!place) return undefined;
  const { pack, name } = place;
  const lines = await readMember(ctx, pack, place);
  if ('why' in lines) return lines.missing ? 'missing' : lines;
  if ((await goneFrom(ctx, pack)).has(identityOf(name))) return 'missing';
  return lines.find(({ text }) => text === name) ?? 'missing';
}

export function corrupt(why: string): DreamosError {
  return new DreamosError('invalid', 'CORRUPT', `This packed message cannot be read: ${why}.`);
}

function warnBroken(ctx: FileContext, path: string, why: string): void {
  warnOnce(ctx, `Some of what is packed in ${path} cannot be read (${why}): dreamos doctor`);
}

async function folderNames(ctx: FileContext, dir: string, oldestFirst: boolean): Promise<Place[]> {
  const names = ((await ctx.disk.list(dir)) ?? []).sort();
  return (oldestFirst ? names : names.reverse()).map((name) => ({ dir, name }));
}

async function* streamOf(places: readonly Place[]): AsyncGenerator<Place, void, void> {
  yield* places;
}

/** Sorted streams as one; of several with the same message the first stream's. */
async function* merged(
  streams: readonly AsyncGenerator<Place, void, void>[],
  oldestFirst: boolean,
): AsyncGenerator<Place, void, void> {
  const heads: { stream: AsyncGenerator<Place, void, void>; place: Place }[] = [];
  for (const stream of streams) {
    const { value } = await stream.next();
    if (value) heads.push({ stream, place: value });
  }
  let last = '';
  while (heads.length > 0) {
    let next = 0;
    for (let i = 1; i < heads.length; i++) if (isBefore(heads[i]?.place, heads[next]?.place, oldestFirst)) next = i;
    const { stream, place } = heads[next] as (typeof heads)[number];
    if (identityOf(place.name) !== last) yield place;
    last = identityOf(place.name);
    const { value } = await stream.next();
    if (value) heads[next] = { stream, place: value };
    else heads.splice(next, 1);
  }
}

function isBefore(a: Place | undefined, b: Place | undefined, oldestFirst: boolean): boolean {
  const left = identityOf(a?.name ?? '');
  const right = identityOf(b?.name ?? '');
  return oldestFirst ? left < right : left > right;
}
