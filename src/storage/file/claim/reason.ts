/** The document beside a dead message that says why, and, where its sender wants to be told, whether that is done. */
import * as z from 'zod/mini';
import { dayMs } from '../../../model/basics/limits.ts';
import { mailEventSchema, type MailEvent } from '../../../model/event.ts';
import { schema } from '../../../model/schema.ts';
import type { DeadReason } from '../../port/look.ts';
import type { FileContext } from '../disk/context.ts';
import { mailboxNames } from '../documents/agents.ts';
import { quarantine } from '../places/corrupt.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { eventsAbout } from '../events/history.ts';
import type { Mailbox } from '../names/layout.ts';
import { parseJson } from '../disk/parse-json.ts';
import { dayOf } from '../names/slots.ts';
import { readWhole, writeDocument } from '../disk/replace.ts';
import { reasonOf } from '../names/beside.ts';
import { pathIn } from '../names/path.ts';

// History is a courtesy: it must not turn one dead letter into a read of gigabytes.
const historyBytes = 4 * 1024 * 1024;
const reasonBytes = 16 * 1024 * 1024;

const reasonSchema = schema(() =>
  z.looseObject({
    reason: z.string(),
    attempts: z.number(),
    deadAt: z.string(),
    history: z.array(mailEventSchema()),
    notice: z.optional(z.string()),
  }),
);

/** Why a message is dead; rebuilt from its name where the document is lost or unreadable. */
export async function deadReason(ctx: FileContext, mailbox: Mailbox, name: EntryName): Promise<DeadReason> {
  const path = reasonOf(pathIn(mailbox.dlq, formatEntryName(name)));
  const known = await readReason(ctx, path);
  if (typeof known === 'object') return { ...known, deadAt: name.time };
  return {
    reason: known === 'unreadable' ? 'unknown: its reason file cannot be read' : 'unknown: its reason file is missing',
    attempts: name.attempt,
    deadAt: name.time,
    history: await historyOf(ctx, mailbox, name),
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
  const path = reasonOf(pathIn(mailbox.dlq, formatEntryName(name)));
  const known = await deadReason(ctx, mailbox, name);
  if (await ctx.disk.stat(path)) await quarantine(ctx, mailbox, path, 'it is not a reason that can be read');
  await writeReason(ctx, path, known);
}

/** Notes more about a message, if it is still dead. */
export async function noteReason(ctx: FileContext, mailbox: Mailbox, name: EntryName, why: DeadReason): Promise<void> {
  const target = pathIn(mailbox.dlq, formatEntryName(name));
  if (!(await ctx.disk.stat(target))) return;
  await writeReason(ctx, reasonOf(target), why);
  // Retried or purged in between, with its reason.
  if (!(await ctx.disk.stat(target))) await ctx.disk.remove(reasonOf(target));
}

export async function writeReason(ctx: FileContext, path: string, why: DeadReason): Promise<void> {
  await writeDocument(ctx, path, `${JSON.stringify({ ...why, deadAt: new Date(why.deadAt).toISOString() })}\n`);
}

/** What the last two days' log still knows of a message, oldest first; those of others, too, that have handed it over. */
export async function historyOf(
  ctx: FileContext,
  mailbox: Mailbox,
  { id, origin }: Pick<EntryName, 'id' | 'origin'>,
): Promise<MailEvent[]> {
  const own = await lately(ctx, mailbox, id);
  if (origin === undefined) return own;
  const before: MailEvent[] = [];
  for (const name of await mailboxNames(ctx)) {
    const events = name === mailbox.name ? [] : await lately(ctx, ctx.layout.mailbox(name), id);
    if (events.some(({ event }) => event === 'handed_over')) before.push(...events);
  }
  return [...before, ...own].sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

async function lately(ctx: FileContext, mailbox: Mailbox, id: string): Promise<MailEvent[]> {
  const now = ctx.clock.now();
  const events: MailEvent[] = [];
  for (const day of [dayOf(now - dayMs), dayOf(now)]) {
    for await (const event of eventsAbout(ctx, mailbox, day, id, historyBytes)) if (event.id === id) events.push(event);
  }
  return events;
}
