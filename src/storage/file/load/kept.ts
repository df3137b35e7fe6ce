import { isoTime } from '../../../model/clock.ts';
import { unseal } from '../../../model/message.ts';
import { bytesOf } from '../../port/dump/loading.ts';
import { type DumpMailbox, type DumpRecord } from '../../port/dump/records.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { writeRollup } from '../events/rollups.ts';
import { type RefusedLine, refusedText } from '../look/refusals.ts';
import { allowanceFolder, allowanceName, corruptName, isNote, noteOf } from '../names/beside.ts';
import { isFileName } from '../names/backup-name.ts';
import { isHandedInName, type Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { inboxFolder, prunedMark } from '../names/slots.ts';
import { dedupeFileOf } from '../send/dedupe.ts';
import { createFile, spoilt } from './documents.ts';

type Of<Kind extends DumpRecord['kind']> = Extract<DumpRecord, { kind: Kind }>;

const nothing = new Uint8Array();

export async function placeMailbox(ctx: FileContext, mailbox: Mailbox, record: DumpMailbox): Promise<void> {
  const { lastReadAt, allowanceFullAtUs, prunedThrough, refused, presence } = record;
  if (lastReadAt !== undefined) await ctx.disk.touch(mailbox.lastRead, lastReadAt);
  if (prunedThrough !== undefined) await createFile(ctx, prunedMark(mailbox, prunedThrough), nothing);
  if (allowanceFullAtUs !== undefined)
    await createFile(ctx, pathIn(allowanceFolder(mailbox), allowanceName(allowanceFullAtUs)), nothing);
  const last = refused?.at(-1);
  if (refused && last)
    await createFile(ctx, mailbox.refused, Buffer.from(refusedText(refused as RefusedLine[])), last.at);
  if (!presence) return;
  const { since, seenAt, startedAt, ...said } = presence;
  const text = JSON.stringify({
    ...{ v: 1, ...said, since: isoTime(since) },
    ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
  });
  await createFile(ctx, mailbox.presence, Buffer.from(`${text}\n`), seenAt);
}

export async function placeInbox(ctx: FileContext, mailbox: Mailbox, { request, until }: Of<'inbox'>): Promise<void> {
  await ensureFolder(ctx, inboxFolder(mailbox, until, request));
}

export async function placeCorrupt(ctx: FileContext, mailbox: Mailbox, record: Of<'corrupt'>): Promise<void> {
  const isOurs = /^\d{13}-[0-9A-HJKMNP-TV-Z]{10}-[A-Za-z0-9._-]{0,180}$/.test(record.name) && !isNote(record.name);
  const name = isOurs ? record.name : corruptName(ctx.clock.now(), ctx.ids.token(), record.name);
  const path = pathIn(mailbox.corrupt, name);
  await createFile(ctx, path, bytesOf(record.body));
  if (record.note !== undefined) await createFile(ctx, noteOf(path), Buffer.from(record.note));
}

export async function placeHandedIn(ctx: FileContext, mailbox: Mailbox, record: Of<'handed-in'>): Promise<void> {
  const { name, at } = record;
  if (!isHandedInName(name) || !isFileName(name)) throw spoilt(`${JSON.stringify(name)} is handed in`);
  await createFile(ctx, pathIn(mailbox.drop, name), bytesOf(record.body), at);
}

export async function placeKey(ctx: FileContext, { id, at, body }: Of<'key'>): Promise<void> {
  const bytes = bytesOf(body);
  const message = unseal(bytes);
  if (message.id !== id || message.dedupeKey === null) throw spoilt(`the dedupe key of ${id} is another message's`);
  await createFile(ctx, dedupeFileOf(ctx, message), Buffer.concat([bytes, Buffer.from('\n')]), at);
}

export function placeRollup(ctx: FileContext, { mailbox, name, text }: Of<'rollup'>): Promise<void> {
  return writeRollup(ctx, mailbox, name, text);
}
