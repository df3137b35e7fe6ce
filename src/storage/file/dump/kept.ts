/** What a root keeps besides messages and documents. */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import { isLog } from '../../../model/topic.ts';
import { checkpointLog } from '../../port/audit.ts';
import { carried } from '../../port/dump/loading.ts';
import { type DumpMailbox, type DumpRecord } from '../../port/dump/records.ts';
import { auditDays, auditKeys, auditSize, readAudit, readAuditKey } from '../audit/trail.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import { parseJson } from '../disk/parse-json.ts';
import { mailboxNames } from '../documents/agents.ts';
import { prunedThrough } from '../events/log-lines.ts';
import { readRollup } from '../events/rollups.ts';
import { lastReadAt } from '../look/count.ts';
import { refusedLines } from '../look/refusals.ts';
import { cursorIdIn } from '../names/backup-name.ts';
import { allowanceFolder, parseAllowance } from '../names/beside.ts';
import { isDedupeFolder, isDedupeKey } from '../names/key-name.ts';
import { isHandedInName, type Mailbox } from '../names/layout.ts';
import { parseOutboxFolder } from '../names/outbox-name.ts';
import { pathIn } from '../names/path.ts';
import { announcedFolder, parseAnnouncedFolder } from '../names/reach-name.ts';
import { inboxesIn, parseRollup } from '../names/slots.ts';
import { corruptFiles } from '../places/corrupt.ts';
import { unsealed } from '../places/read-entry.ts';
import { announcements } from '../reach/announcements.ts';
import { sessionRecords } from '../reach/sessions.ts';
import { corruptRecords } from './entries.ts';

export async function* mailboxRecord(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<DumpMailbox, void, void> {
  const readAt = await lastReadAt(ctx, mailbox);
  const pruned = await prunedThrough(ctx, mailbox, true);
  const allowances = (await ctx.disk.list(allowanceFolder(mailbox)))?.flatMap((name) => parseAllowance(name) ?? []);
  const refused = isLog(mailbox.name) ? [] : await refusedLines(ctx, mailbox);
  const presence = await presenceOf(ctx, mailbox);
  yield {
    kind: 'mailbox',
    mailbox: mailbox.name,
    ...(readAt !== undefined && { lastReadAt: Math.round(readAt) }),
    ...(allowances && allowances.length > 0 && { allowanceFullAtUs: Math.max(...allowances) }),
    ...(pruned !== '' && { prunedThrough: pruned }),
    ...(refused.length > 0 && { refused }),
    ...(presence && { presence }),
  };
}

async function presenceOf(ctx: FileContext, mailbox: Mailbox): Promise<DumpMailbox['presence'] | undefined> {
  const file = await ctx.disk.read(mailbox.presence, { maxBytes: mostFileBytes });
  const said = file.ok ? (parseJson(file.bytes) as Record<string, unknown> | undefined) : undefined;
  const time = (name: string): number => (typeof said?.[name] === 'string' ? Date.parse(said[name]) : NaN);
  const since = time('since');
  // Cut short, or somebody else's.
  if (!file.ok || typeof said?.['status'] !== 'string' || Number.isNaN(since)) return undefined;
  const texts = ['note', 'label', 'host', 'pidStart', 'machine'].flatMap((name) =>
    typeof said[name] === 'string' ? [[name, said[name]] as const] : [],
  );
  const startedAt = time('startedAt');
  return {
    ...{ status: said['status'], since, seenAt: Math.round(file.mtimeMs ?? since) },
    ...Object.fromEntries(texts),
    ...(Number.isSafeInteger(said['pid']) && { pid: Number(said['pid']) }),
    ...(!Number.isNaN(startedAt) && { startedAt }),
  };
}

/** Open inboxes, what nobody can read, what could not be adopted, and numbers. */
export async function* keptRecords(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<DumpRecord, void, void> {
  for (const { request, until } of inboxesIn((await ctx.disk.list(mailbox.requests)) ?? []))
    yield { kind: 'inbox', mailbox: mailbox.name, request, until };
  yield* corruptRecords(ctx, mailbox, await corruptFiles(ctx, mailbox));
  for (const name of (await namesIn(ctx, mailbox.drop)).filter(isHandedInName).sort()) {
    const file = await ctx.disk.read(pathIn(mailbox.drop, name), { maxBytes: mostFileBytes });
    if (file.ok)
      yield {
        kind: 'handed-in',
        mailbox: mailbox.name,
        name,
        at: Math.round(file.mtimeMs ?? 0),
        body: carried(file.bytes),
      };
  }
  for (const file of await namesIn(ctx, mailbox.metrics)) {
    const name = parseRollup(file);
    const text = name === undefined ? undefined : await readRollup(ctx, mailbox.name, name);
    if (name !== undefined && text !== undefined) yield { kind: 'rollup', mailbox: mailbox.name, name, text };
  }
}

/** Those whose send was not committed are none: whoever was at it has not been told that it was. */
export async function* keyRecords(ctx: FileContext): AsyncGenerator<DumpRecord, void, void> {
  const unsure = new Set<string>();
  for (const name of (await ctx.disk.list(ctx.layout.outbox)) ?? []) {
    const folder = parseOutboxFolder(name);
    if (folder && !folder.committed) unsure.add(folder.id);
  }
  for (const folder of ((await ctx.disk.list(ctx.layout.dedupe)) ?? []).filter(isDedupeFolder).sort()) {
    const dir = pathIn(ctx.layout.dedupe, folder);
    for (const name of ((await ctx.disk.list(dir)) ?? []).sort()) {
      const file = isDedupeKey(folder, name) && (await ctx.disk.read(pathIn(dir, name), { maxBytes: mostFileBytes }));
      const id = file && file.ok ? unsealed(file.bytes)?.id : undefined;
      // What cannot be read is no key: doctor says so, and a repeat is refused.
      if (!file || !file.ok || id === undefined || unsure.has(id)) continue;
      const bytes = file.bytes.at(-1) === 0x0a ? file.bytes.subarray(0, -1) : file.bytes;
      yield { kind: 'key', id, at: Math.round(file.mtimeMs ?? ctx.clock.now()), body: carried(bytes) };
    }
  }
}

export async function* reachRecords(ctx: FileContext): AsyncGenerator<DumpRecord, void, void> {
  for await (const { key, record, place } of sessionRecords(ctx))
    yield {
      ...{ kind: 'session', ...key },
      ...(record && { record: { ...record.session } }),
      ...(record?.pidStart !== undefined && { pidStart: record.pidStart }),
      ...(place !== undefined && { place }),
    };
  for (const name of await mailboxNames(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    for (const folder of (await ctx.disk.list(mailbox.announced)) ?? []) {
      const key = parseAnnouncedFolder(folder);
      if (!key || (await ctx.disk.stat(announcedFolder(mailbox, key)))?.kind !== 'directory') continue;
      for (const { id, time, at } of await announcements(ctx, mailbox, key))
        yield { kind: 'announced', mailbox: name, ...key, id, time, at: Math.round(at) };
    }
  }
}

/** Checkpoints before the logs that they are about, which only grow; with the keys of those that are still to come. */
export async function* auditRecords(ctx: FileContext, whole: boolean): AsyncGenerator<DumpRecord, void, void> {
  for (const log of [checkpointLog, ...(await auditDays(ctx))])
    for await (const part of readAudit(ctx, log, 0, await auditSize(ctx, log)))
      yield { kind: 'audit', log, body: carried(part) };
  for (const checkpoint of whole ? await auditKeys(ctx) : []) {
    const text = await readAuditKey(ctx, checkpoint);
    if (text !== undefined) yield { kind: 'audit-key', checkpoint, text };
  }
}

export async function* cursorRecords(ctx: FileContext): AsyncGenerator<DumpRecord, void, void> {
  for (const id of ((await ctx.disk.list(ctx.layout.cursors)) ?? []).flatMap((name) => cursorIdIn(name) ?? [])) {
    const file = await ctx.disk.read(ctx.layout.cursor(id), { maxBytes: Infinity });
    if (file.ok) yield { kind: 'cursor', id, text: file.bytes.toString() };
  }
}
