/** What goes where in a root that is being restored. */
import { grouped } from '../../../model/basics/grouped.ts';
import type { IndexLine } from '../backup/sighting.ts';
import type { FileContext } from '../disk/context.ts';
import { spoilt } from '../disk/foreign/tar-gz.ts';
import { isPackPath, placeOfBackedUp } from '../names/backup-name.ts';
import { reasonOf } from '../names/beside.ts';
import { type EntryName, formatEntryName } from '../names/entry-name.ts';
import { bucketName, isMailboxName, laneOf } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { archiveFolder, slotOf } from '../names/slots.ts';
import { bucketEntries } from '../places/buckets.ts';
import type { Backup } from './read-backup.ts';
import { settle, type Settled, settledKey } from './settle.ts';

export interface Plan {
  readonly settled: ReadonlyMap<string, Settled>;
  /** Topics' logs, too. */
  readonly mailboxes: readonly string[];
  /** The paths of packs. */
  readonly packs: readonly string[];
  /** By mailbox: what was claimed; and the names of the dead. */
  readonly claims: ReadonlyMap<string, readonly EntryName[]>;
  readonly dead: ReadonlyMap<string, readonly EntryName[]>;
  /** By body: the entries that it becomes. */
  readonly entries: ReadonlyMap<string, readonly string[]>;
  /** By body: the dedupe keys that it is remembered by. */
  readonly keys: ReadonlyMap<string, readonly { readonly path: string; readonly mtimeMs: number }[]>;
  /** By their name in the backup. */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly mtimeMs: number }>;
  /** Of the dead, the documents that say why. */
  readonly reasons: readonly { readonly path: string; readonly text: string }[];
  /** By the path of a pack: what was taken out of it. */
  readonly gone: ReadonlyMap<string, readonly string[]>;
}

export function planFor(ctx: FileContext, backup: Backup): Plan {
  const seen = linesOfKind(backup.lines, 'seen');
  for (const { mailbox, name } of seen)
    if (!isMailboxName(mailbox)) throw spoilt(backup.path, `${JSON.stringify(mailbox)} is no mailbox, of ${name}`);
  const settled = settle(seen, backup);
  const ids = new Set([...settled.values()].map(({ name }) => name.id));
  const placed = placeAll(ctx, settled, backup.begunAt);
  const keys = linesOfKind(backup.lines, 'key').filter(({ id, unsure }) => !unsure || ids.has(id));
  const handedIn = (id: string | undefined, path: string): boolean =>
    id !== undefined && settled.has(settledKey(ctx.layout.placeOf(path)?.mailbox.name ?? '', id));
  const files = new Map<string, { path: string; mtimeMs: number }>();
  for (const { path: name, mtimeMs, id } of linesOfKind(backup.lines, 'file')) {
    const path = placeIn(ctx, backup, name);
    if (!handedIn(id, path)) files.set(name, { path, mtimeMs });
  }
  const all = [...settled.values()];
  const paths = [...files.values()].map(({ path }) => path);
  const owners = paths.map((path) => ctx.layout.placeOf(path)?.mailbox.name).filter((name) => name !== undefined);
  return {
    settled,
    files,
    mailboxes: [...new Set([...owners, ...all.map(({ mailbox }) => mailbox)])],
    packs: paths.filter((path) => isPackPath(ctx.layout, path)),
    claims: grouped(
      all.filter(({ wasClaimed }) => wasClaimed),
      ({ mailbox }) => mailbox,
      ({ name }) => name,
    ),
    dead: grouped(
      all.filter(({ state }) => state === 'dead'),
      ({ mailbox }) => mailbox,
      ({ name }) => name,
    ),
    entries: grouped(
      placed,
      ({ one }) => one.body,
      ({ path }) => path,
    ),
    keys: grouped(
      keys,
      ({ body }) => body,
      ({ sha256, mtimeMs }) => ({ path: ctx.layout.dedupeKey(sha256), mtimeMs }),
    ),
    reasons: placed.flatMap(({ one, path }) =>
      one.state === 'dead' && one.reason !== undefined ? [{ path: reasonOf(path), text: one.reason }] : [],
    ),
    gone: new Map(
      linesOfKind(backup.lines, 'gone').map(({ pack, identities }) => [placeIn(ctx, backup, pack), identities]),
    ),
  };
}

function linesOfKind<Kind extends IndexLine['kind']>(
  lines: readonly IndexLine[],
  kind: Kind,
): Extract<IndexLine, { kind: Kind }>[] {
  return lines.filter((line): line is Extract<IndexLine, { kind: Kind }> => line.kind === kind);
}

/** @throws DreamosError CORRUPT: a backup that somebody has made up could write anywhere */
function placeIn(ctx: FileContext, backup: Backup, name: string): string {
  const path = placeOfBackedUp(ctx.layout, name);
  if (path === undefined) throw spoilt(backup.path, `${JSON.stringify(name)} belongs nowhere in a root`);
  return path;
}

interface Placed {
  readonly one: Settled;
  readonly path: string;
}

function placeAll(ctx: FileContext, settled: ReadonlyMap<string, Settled>, begunAt: number): Placed[] {
  const placed: Placed[] = [];
  const all = grouped(settled.values(), ({ state }) => state === 'ready');
  for (const one of all.get(false) ?? []) {
    const mailbox = ctx.layout.mailbox(one.mailbox);
    const text = formatEntryName(one.name);
    if (one.state === 'dead') placed.push({ one, path: pathIn(mailbox.dlq, text) });
    else if (one.state === 'delayed') placed.push({ one, path: pathIn(slotOf(mailbox.delayed, one.name.time), text) });
    else placed.push({ one, path: pathIn(archiveFolder(mailbox, one.name.time), text) });
  }
  const lanes = grouped(all.get(true) ?? [], ({ mailbox, name, lane }) =>
    laneOf(ctx.layout.mailbox(mailbox), name.rank, lane),
  );
  for (const [lane, those] of lanes) placed.push(...inBuckets(ctx, lane, those, begunAt));
  return placed;
}

/** In their order, so many in each folder as whoever sends would put there. */
function inBuckets(ctx: FileContext, lane: string, those: readonly Settled[], begunAt: number): Placed[] {
  const sorted = those
    .map((one) => ({ one, text: formatEntryName(one.name) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  let parent = '';
  let bucket = '';
  return sorted.map(({ one, text }, n) => {
    const nth = Math.floor(n / bucketEntries);
    const newName = (): string => bucketName(begunAt + nth, ctx.ids.token());
    if (n % (bucketEntries * bucketEntries) === 0) parent = pathIn(lane, newName());
    if (n % bucketEntries === 0) bucket = pathIn(parent, newName());
    return { one, path: pathIn(bucket, text) };
  });
}
