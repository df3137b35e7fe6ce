import * as z from 'zod/mini';
import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { mailEventSchema, type MailEvent } from '../../../model/event.ts';
import { schema } from '../../../model/schema.ts';
import type { DeadReason } from '../../port/look.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { logEvents } from '../events/event-log.ts';
import { ensureFolder, moveInto, syncFolderOrAncestor } from '../disk/folders.ts';
import { eventsAbout } from '../events/history.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import type { Mailbox } from '../names/layout.ts';
import { parseJson } from '../disk/parse-json.ts';
import { dayOf } from '../names/slots.ts';
import { readWhole, writeDocument } from '../disk/replace.ts';
import { reasonOf } from '../names/beside.ts';
import { folderOf, pathIn } from '../names/path.ts';

// History is a courtesy: it must not turn one dead letter into a read of gigabytes.
const historyBytes = 4 * 1024 * 1024;
const reasonBytes = 16 * 1024 * 1024;

const reasonSchema = schema(() =>
  z.looseObject({
    reason: z.string(),
    attempts: z.number(),
    deadAt: z.string(),
    history: z.array(mailEventSchema()),
  }),
);

/**
 * Moves a message to the dead-letter queue: the reason is written and synced first, then comes the rename, then dlq/ is
 * synced. So a message is never dead without a reason; a reason without a message is swept by `doctor`.
 * @returns the entry's new name; `undefined` when somebody else has moved the message
 */
export async function deadLetter(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  why: {
    readonly reason: string;
    readonly by?: string | undefined;
    readonly settled?: string | undefined;
    readonly history?: 'log' | 'none';
  },
): Promise<EntryName | undefined> {
  const now = ctx.clock.now();
  const dead: EntryName = {
    ...name,
    tag: 'k',
    time: now,
    token: undefined,
    maxAttempts: undefined,
    settled: why.settled ?? name.settled,
  };
  const text = formatEntryName(dead);
  const target = pathIn(mailbox.dlq, text);
  const history = why.history === 'none' ? [] : await historyOf(ctx, mailbox, name.id);
  const reason = { reason: why.reason, attempts: name.attempt, deadAt: new Date(now).toISOString(), history };
  // Also a guard: through a link in its place the reason would land outside of the root.
  await ensureFolder(ctx, mailbox.dlq);
  await writeDocument(ctx, reasonOf(target), `${JSON.stringify(reason)}\n`);
  if (!(await moveInto(ctx, path, mailbox.dlq, text))) {
    // Whoever did the same in the same millisecond has the same names, and then the reason is theirs.
    if (!(await ctx.disk.stat(target))) await ctx.disk.remove(reasonOf(target));
    return undefined;
  }
  await releaseOrderingKey(ctx, mailbox, name);
  try {
    await syncFolderOrAncestor(ctx, mailbox.dlq);
    // After a power cut btrfs has the old name as well when only the new one's folder was synced, and a dead message would
    // be delivered again.
    await syncFolderOrAncestor(ctx, folderOf(path));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The rename has decided. After a power cut it may be delivered once more, which is allowed.
    ctx.warn(`${name.id} is dead, but may come back after a power cut: ${error.message}`);
  }
  await logEvents(ctx, mailbox, [
    { event: 'dead', id: name.id, attempt: name.attempt, reason: why.reason, by: why.by },
  ]);
  return dead;
}

/** Why a message is dead; rebuilt from its name where the document is lost or unreadable. */
export async function deadReason(ctx: FileContext, mailbox: Mailbox, name: EntryName): Promise<DeadReason> {
  const path = reasonOf(pathIn(mailbox.dlq, formatEntryName(name)));
  const known = await readReason(ctx, path);
  if (typeof known === 'object') return { ...known, deadAt: name.time };
  return {
    reason: known === 'unreadable' ? 'unknown: its reason file cannot be read' : 'unknown: its reason file is missing',
    attempts: name.attempt,
    deadAt: name.time,
    history: await historyOf(ctx, mailbox, name.id),
  };
}

/** Whether the document that says why a message is dead is there and can be read. */
export async function reasonState(
  ctx: FileContext,
  mailbox: Mailbox,
  name: EntryName,
): Promise<'good' | 'missing' | 'unreadable'> {
  const known = await readReason(ctx, reasonOf(pathIn(mailbox.dlq, formatEntryName(name))));
  return typeof known === 'object' ? 'good' : known;
}

async function readReason(
  ctx: FileContext,
  path: string,
): Promise<z.infer<ReturnType<typeof reasonSchema>> | 'missing' | 'unreadable'> {
  const file = await readWhole(ctx.disk, path, { maxBytes: reasonBytes });
  if (!file.ok) return file.missing ? 'missing' : 'unreadable';
  const parsed = reasonSchema.safeParse(parseJson(file.bytes));
  return parsed.success ? parsed.data : 'unreadable';
}

/** Writes down what is still known about a dead message whose reason file is lost. */
export async function rebuildReason(ctx: FileContext, mailbox: Mailbox, name: EntryName): Promise<void> {
  const { deadAt, ...known } = await deadReason(ctx, mailbox, name);
  const reason = { ...known, deadAt: new Date(deadAt).toISOString() };
  const path = reasonOf(pathIn(mailbox.dlq, formatEntryName(name)));
  if (await ctx.disk.stat(path)) await quarantine(ctx, mailbox, path, 'it is not a reason that can be read');
  await writeDocument(ctx, path, `${JSON.stringify(reason)}\n`);
}

/** What the last two days' log still knows of a message, oldest first. */
async function historyOf(ctx: FileContext, mailbox: Mailbox, id: string): Promise<MailEvent[]> {
  const now = ctx.clock.now();
  const events: MailEvent[] = [];
  for (const day of [dayOf(now - dayMs), dayOf(now)]) {
    for await (const event of eventsAbout(ctx, mailbox, day, id, historyBytes)) if (event.id === id) events.push(event);
  }
  return events;
}
