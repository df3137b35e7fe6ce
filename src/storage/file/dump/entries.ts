import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { sealLines } from '../../../model/message.ts';
import { isLog } from '../../../model/topic.ts';
import { carried } from '../../port/dump/loading.ts';
import { type DumpEntry, type DumpRecord } from '../../port/dump/records.ts';
import { deadReason } from '../claim/reason.ts';
import type { FileContext } from '../disk/context.ts';
import { listState } from '../look/find.ts';
import { noteOf } from '../names/beside.ts';
import { type EntryName, orderOf, priorityOf } from '../names/entry-name.ts';
import { type Found, laneIn } from '../names/found.ts';
import { parseHead, parseOrderingKeyFolder } from '../names/key-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { looksLikePackedPath } from '../names/pack-name.ts';
import { nameOf, pathBelow, pathIn } from '../names/path.ts';
import { inboxAt } from '../names/slots.ts';
import { lineAt } from '../places/packed.ts';
import { readEntry } from '../places/read-entry.ts';

/** What a look is for. */
export interface Wanted {
  /** Whether it is to be given. */
  isNew(mailbox: string, name: EntryName): boolean;
  /** It is given. */
  meet(mailbox: string, name: EntryName): void;
}

/** In the order of a message's life, so that one that moves on meanwhile is met later. */
export async function* entryRecords(
  ctx: FileContext,
  mailbox: Mailbox,
  wanted: Wanted,
): AsyncGenerator<DumpRecord, void, void> {
  const states = isLog(mailbox.name)
    ? (['archived'] as const)
    : (['delayed', 'ready', 'inflight', 'dead', 'archived'] as const);
  for (const state of states) {
    // Who holds an ordering key does so before it is claimed.
    const heads = state === 'archived' || state === 'dead' ? new Set<string>() : await headsOf(ctx, mailbox);
    for await (const found of listState(ctx, mailbox, state)) {
      if (!wanted.isNew(mailbox.name, found.name)) continue;
      const body = await bodyOf(ctx, mailbox, found);
      if (body === undefined) continue;
      wanted.meet(mailbox.name, found.name);
      if ('why' in body) yield* asCorrupt(ctx, mailbox, found, body.why);
      else yield await entryOf(ctx, mailbox, found, body, heads);
    }
  }
}

type Body = { readonly bytes: Buffer; readonly hasOrder: boolean } | { readonly why: string } | undefined;

/** Sealed, without a line end. `undefined`: it has moved on. */
async function bodyOf(ctx: FileContext, mailbox: Mailbox, { path, name }: Found): Promise<Body> {
  if (looksLikePackedPath(path)) {
    const line = await lineAt(ctx, path);
    if (line === undefined || line === 'missing') return undefined;
    return 'why' in line ? line : { bytes: line.bytes, hasOrder: name.order !== undefined };
  }
  try {
    const message = await readEntry(ctx, path, name, mailbox.name);
    if (!message) return undefined;
    const hasOrder = orderOf(message) !== undefined;
    if (name.handedIn !== undefined) return { bytes: sealLines([message]).bytes.subarray(0, -1), hasOrder };
    const file = await ctx.disk.read(path, { maxBytes: mostFileBytes, range: name.range });
    if (!file.ok) return undefined;
    return { bytes: file.bytes.at(-1) === 0x0a ? file.bytes.subarray(0, -1) : file.bytes, hasOrder };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    return { why: error.message };
  }
}

async function entryOf(
  ctx: FileContext,
  mailbox: Mailbox,
  { state, path, name }: Found,
  body: { readonly bytes: Buffer; readonly hasOrder: boolean },
  heads: ReadonlySet<string>,
): Promise<DumpEntry> {
  const inbox = state === 'delayed' ? inboxAt(mailbox, path) : undefined;
  const holdsKey = name.order !== undefined && heads.has(lifeOf(name.id, name.order.life));
  const dead = state === 'dead' ? await deadReason(ctx, mailbox, name) : undefined;
  const {
    id,
    attempt,
    time: at,
    since,
    token,
    maxAttempts,
    settled,
    expiresAt,
    withdrawn,
    order,
    origin,
    unknown,
  } = name;
  return {
    ...{ kind: 'entry', mailbox: mailbox.name, id, state, priority: priorityOf(name), attempt, at },
    ...(state === 'ready' && laneIn(mailbox, path) === 0 && { comesBack: true }),
    ...(since !== undefined && { since }),
    ...(token !== undefined && { token }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(settled !== undefined && { settled: [settled] }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(withdrawn && { withdrawn: true }),
    ...(inbox !== undefined && { inbox }),
    ...(holdsKey && { holdsKey: true }),
    ...(order !== undefined && order.life > 0 && { life: order.life }),
    ...(order === undefined && body.hasOrder && { unordered: true }),
    ...(origin !== undefined && { origin }),
    ...(unknown !== undefined && { tags: [...unknown] }),
    ...(dead && { dead: deadOf(dead) }),
    body: carried(body.bytes),
  };
}

function deadOf({ reason, attempts, history, notice }: Awaited<ReturnType<typeof deadReason>>): DumpEntry['dead'] {
  const told = history.map((event) => ({ ...event }));
  return { reason, attempts, history: told, ...(notice !== undefined && { notice }) };
}

function lifeOf(id: string, life: number): string {
  return `${id}.${life}`;
}

/** Which messages hold their ordering keys. */
async function headsOf(ctx: FileContext, mailbox: Mailbox): Promise<Set<string>> {
  const heads = new Set<string>();
  for (const name of (await ctx.disk.list(mailbox.keys)) ?? []) {
    if (parseOrderingKeyFolder(name)?.staged !== false) continue;
    for (const text of (await ctx.disk.list(pathIn(mailbox.keys, name))) ?? []) {
      const head = parseHead(text);
      if (head) heads.add(lifeOf(head.id, head.life));
    }
  }
  return heads;
}

/** What cannot be read is no message where it goes; where it lies it stays as it is. */
async function* asCorrupt(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, name }: { readonly path: string; readonly name: EntryName },
  why: string,
): AsyncGenerator<DumpRecord, void, void> {
  const was = pathBelow(mailbox.dir, path);
  ctx.warn(`${was} of ${mailbox.name} is no message in this dump: ${why} See: dreamos doctor`);
  const file = await ctx.disk.read(path, { maxBytes: Infinity, range: name.range });
  if (!file.ok) return;
  const note = { was, why: why.replace(/\.$/, ''), at: new Date(ctx.clock.now()).toISOString() };
  yield {
    ...{ kind: 'corrupt', mailbox: mailbox.name, name: nameOf(path), note: `${JSON.stringify(note)}\n` },
    body: carried(file.bytes),
  };
}

/** What was put aside before. */
export async function* corruptRecords(
  ctx: FileContext,
  mailbox: Mailbox,
  names: readonly string[],
): AsyncGenerator<DumpRecord, void, void> {
  for (const name of names) {
    const path = pathIn(mailbox.corrupt, name);
    const file = await ctx.disk.read(path, { maxBytes: Infinity });
    const note = await ctx.disk.read(noteOf(path), { maxBytes: mostFileBytes });
    if (file.ok)
      yield {
        ...{ kind: 'corrupt', mailbox: mailbox.name, name },
        ...(note.ok && { note: note.bytes.toString() }),
        body: carried(file.bytes),
      };
    else if (!file.missing) ctx.warn(`corrupt/${name} of ${mailbox.name} is not in this dump: ${file.why}`);
  }
}
