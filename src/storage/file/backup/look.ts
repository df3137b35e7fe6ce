/** One look at all mail, for a backup (backup.ts has the order, and why). */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { sealLines } from '../../../model/message.ts';
import { isLog } from '../../../model/topic.ts';
import type { FileContext } from '../disk/context.ts';
import { isRealFolder } from '../disk/folders.ts';
import { calledNow } from '../documents/renamed.ts';
import { everyName } from '../documents/topics.ts';
import { readWhole } from '../disk/replace.ts';
import { archiveDays, listState } from '../look/find.ts';
import { corruptName, noteOf, reasonOf } from '../names/beside.ts';
import { type EntryName, formatEntryName, parseEntryName } from '../names/entry-name.ts';
import type { Found } from '../names/found.ts';
import { type Mailbox } from '../names/layout.ts';
import { isAnswer } from '../names/slots.ts';
import { outboxBody, parseOutboxFolder, parseOutboxLink } from '../names/outbox-name.ts';
import { pathBelow, pathIn } from '../names/path.ts';
import { readEntry, unsealed } from '../places/read-entry.ts';
import type { Collection, Missed } from './collection.ts';
import { lookIntoDrop } from './drop.ts';
import { addPacks, noteGone } from './packs.ts';
import type { SeenIn } from './sighting.ts';

export interface Look {
  readonly first: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((looked: number) => void) | undefined;
}

const progressEvery = 256;

export async function lookAtMail(ctx: FileContext, collection: Collection, look: Look): Promise<Missed> {
  const missed: Missed = { found: 0, slipped: new Set() };
  await lookIntoOutbox(ctx, collection, look, missed);
  for (const name of await everyName(ctx)) {
    if (look.signal?.aborted) break;
    await lookIntoMailbox(ctx, collection, ctx.layout.mailbox(name), look, missed);
  }
  return missed;
}

async function lookIntoOutbox(ctx: FileContext, collection: Collection, look: Look, missed: Missed): Promise<void> {
  for (const name of ((await ctx.disk.list(ctx.layout.outbox)) ?? []).sort()) {
    const folder = parseOutboxFolder(name);
    if (folder?.committed !== true) continue;
    const dir = ctx.layout.committed(folder.id);
    const body = await ctx.disk.read(pathIn(dir, outboxBody), { maxBytes: mostFileBytes });
    // Handed out by now; or it cannot be read, and is put aside by whoever meets it in a mailbox.
    if (!body.ok || unsealed(body.bytes)?.id !== folder.id) continue;
    for (const text of (await ctx.disk.list(dir)) ?? []) {
      const link = await linkNow(ctx, text);
      if (!link || !belongs(collection, look, link.mailbox, folder.id)) continue;
      const state = isLog(link.mailbox) ? 'archived' : link.name.tag === 'u' ? 'delayed' : 'ready';
      const at = { mailbox: link.mailbox, id: folder.id, state } as const;
      const entry = formatEntryName(state === 'archived' ? { ...link.name, tag: 'k' } : link.name);
      if (await collection.see({ ...at, name: entry }, { bytes: body.bytes })) missed.found++;
    }
  }
}

/** It is handed out to whoever was meant, whatever he is called by now. */
async function linkNow(ctx: FileContext, text: string): Promise<ReturnType<typeof parseOutboxLink>> {
  const link = parseOutboxLink(text);
  if (!link || isLog(link.mailbox) || (await isRealFolder(ctx, ctx.layout.mailbox(link.mailbox).dir))) return link;
  const [now] = await calledNow(ctx, link.mailbox);
  return now ? { ...link, mailbox: now.name } : link;
}

function belongs(collection: Collection, { first }: Look, mailbox: string, id: string): boolean {
  return first || collection.bodyOf(mailbox, id) !== undefined || collection.belongs(id);
}

async function lookIntoMailbox(
  ctx: FileContext,
  collection: Collection,
  mailbox: Mailbox,
  look: Look,
  missed: Missed,
): Promise<void> {
  // What is taken out of a pack after this is met in its other place, or is archived all the same.
  if (look.first) await noteGone(ctx, collection, mailbox);
  let looked = 0;
  const meet = async (found: Found, state: SeenIn): Promise<void> => {
    if (++looked % progressEvery === 0) look.onProgress?.(collection.messages);
    await meetEntry(ctx, collection, mailbox, found, { state, look, missed });
  };
  if (!isLog(mailbox.name)) {
    await lookIntoDrop(ctx, collection, mailbox, (id) => belongs(collection, look, mailbox.name, id), missed);
    for (const state of ['delayed', 'ready', 'inflight', 'dead'] as const) {
      for await (const found of listState(ctx, mailbox, state)) {
        if (look.signal?.aborted) return;
        await meet(found, isAnswer(mailbox, found.path) ? 'answer' : state);
      }
    }
  }
  for (const day of await archiveDays(ctx, mailbox)) {
    const dir = pathIn(mailbox.archive, day);
    for (const text of (await ctx.disk.list(dir)) ?? []) {
      if (look.signal?.aborted) return;
      const name = parseEntryName(text);
      if (name?.tag === 'k') await meet({ state: 'archived', path: pathIn(dir, text), name }, 'archived');
    }
  }
  missed.found += await addPacks(ctx, collection, mailbox);
}

async function meetEntry(
  ctx: FileContext,
  collection: Collection,
  mailbox: Mailbox,
  { path, name }: Found,
  { state, look, missed }: { readonly state: SeenIn; readonly look: Look; readonly missed: Missed },
): Promise<void> {
  const at = { mailbox: mailbox.name, id: name.id, state, name: formatEntryName(name) };
  if (!belongs(collection, look, at.mailbox, at.id) || collection.isWhereItWas(at)) return;
  const known = collection.bodyOf(at.mailbox, at.id);
  const bytes = known === undefined ? await bytesOf(ctx, collection, mailbox, path, name) : undefined;
  if (bytes === 'put aside') return;
  if (known === undefined && bytes === undefined) {
    missed.slipped.add(at.id);
    return;
  }
  collection.isElsewhere(name);
  const reason = state === 'dead' ? await reasonText(ctx, path) : undefined;
  if (await collection.see(at, bytes ? { bytes, reason } : { body: known ?? '', reason })) missed.found++;
}

async function reasonText(ctx: FileContext, path: string): Promise<string | undefined> {
  const file = await readWhole(ctx.disk, reasonOf(path), { maxBytes: mostFileBytes });
  return file.ok ? file.bytes.toString() : undefined;
}

/** Sealed, and alone in its file. @returns `undefined`: it has moved on */
async function bytesOf(
  ctx: FileContext,
  collection: Collection,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
): Promise<Buffer | 'put aside' | undefined> {
  try {
    const message = await readEntry(ctx, path, name, mailbox.name);
    if (!message) return undefined;
    if (name.handedIn !== undefined) return sealLines([message]).bytes;
    const file = await ctx.disk.read(path, { maxBytes: mostFileBytes, range: name.range });
    if (!file.ok) return undefined;
    return file.bytes.at(-1) === 0x0a ? file.bytes : Buffer.concat([file.bytes, Buffer.from('\n')]);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    const about = { path, id: name.id, why: error.message };
    return (await putAside(ctx, collection, mailbox, about)) ? 'put aside' : undefined;
  }
}

/** What cannot be read goes into the backup's corrupt/, byte for byte. @returns `false`: it has moved on */
async function putAside(
  ctx: FileContext,
  collection: Collection,
  mailbox: Mailbox,
  { path, id, why }: { readonly path: string; readonly id: string; readonly why: string },
): Promise<boolean> {
  const file = await ctx.disk.read(path, { maxBytes: Infinity });
  if (!file.ok && file.missing) return false;
  if (!collection.putsAside(mailbox.name, id)) return true;
  const was = pathBelow(mailbox.dir, path);
  ctx.warn(`${was} of ${mailbox.name} is no message in this backup: ${why} See: dreamos doctor`);
  if (!file.ok) return true;
  const at = pathIn(mailbox.corrupt, corruptName(ctx.clock.now(), ctx.ids.token(), was));
  const note = { was, why: why.replace(/\.$/, ''), at: new Date(ctx.clock.now()).toISOString() };
  await collection.file(at, file.bytes, ctx.clock.now());
  await collection.file(noteOf(at), Buffer.from(`${JSON.stringify(note)}\n`), ctx.clock.now());
  return true;
}
