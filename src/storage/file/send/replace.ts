/**
 * Replace keys: of a sender's messages with one key that wait in a mailbox, the one with the latest id stays. Whoever has put
 * another there looks for them and archives the others, each by one rename out of where it was seen, as a cancel does. So of
 * two that look at the same time both come to the same, and a claim in between wins: then both are delivered.
 *
 * Nothing goes before what takes its place is on disk: that is sent by way of outbox/, which is synced, and what was handed in
 * is synced here. The archiving itself is not: killed before it, or after a power cut, both are there, and whoever sends the
 * next one with the key archives what is left. They are found by their names, so this costs a listing of what waits.
 */
import { sameAgent } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import type { Replaced } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { moveInto, syncFolderOrAncestor } from '../disk/folders.ts';
import { logEvents } from '../events/event-log.ts';
import { findIn, listState } from '../look/find.ts';
import { type EntryName, formatEntryName, replaceOf } from '../names/entry-name.ts';
import type { Found } from '../names/found.ts';
import { type Mailbox } from '../names/layout.ts';
import { folderOf } from '../names/path.ts';
import { archiveFolder, isAnswer } from '../names/slots.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { readIfGood } from '../places/read-entry.ts';

/** What waits with a message's replace key, that message included. */
export async function waitingWith(ctx: FileContext, mailbox: Mailbox, message: Message): Promise<Found[]> {
  const wanted = replaceOf(message);
  const waiting: Found[] = [];
  // What is delayed may become ready meanwhile, and is met there.
  for (const state of ['delayed', 'ready'] as const) {
    for await (const found of listState(ctx, mailbox, state)) {
      const { name, path } = found;
      if (name.replace !== wanted || isAnswer(mailbox, path)) continue;
      const other = name.id === message.id ? message : await readIfGood(ctx, path, name, mailbox.name);
      if (other?.replaceKey === message.replaceKey && sameAgent(other?.from ?? '', message.from)) waiting.push(found);
    }
  }
  return waiting;
}

/** After a message with a replace key has come. Its arrival stands: what the disk fails at now, the next one does. */
export async function replaceOlder(ctx: FileContext, mailbox: Mailbox, message: Message): Promise<Replaced[]> {
  const replaced: Replaced[] = [];
  try {
    const waiting = await waitingWith(ctx, mailbox, message);
    const newest = waiting.reduce((latest, { name }) => (name.id > latest ? name.id : latest), message.id);
    const older = waiting.filter(({ name }) => name.id < newest);
    if (older.length === 0) return replaced;
    for (const one of waiting) if (one.name.id === newest && !(await isDurable(ctx, one))) return replaced;
    for (const one of older) {
      if (await archive(ctx, mailbox, one, message.from, newest))
        replaced.push({ mailbox: mailbox.name, id: one.name.id });
      else await tellClaimed(ctx, mailbox, one.name.id, newest);
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`What ${message.id} replaces in ${mailbox.name} may be delivered, too: ${error.message}`);
  }
  return replaced;
}

/** A script need not have synced what it has handed in. @returns `false`: it is gone from there, so somebody has it */
async function isDurable(ctx: FileContext, { path, name }: Found): Promise<boolean> {
  if (name.handedIn === undefined) return true;
  if (!(await ctx.disk.syncFile(path))) return false;
  await syncFolderOrAncestor(ctx, folderOf(path));
  return true;
}

async function archive(
  ctx: FileContext,
  mailbox: Mailbox,
  { path, name }: Found,
  by: string,
  newest: string,
): Promise<boolean> {
  const time = ctx.clock.now();
  const archived: EntryName = { ...name, tag: 'k', time, withdrawn: true, since: undefined };
  if (!(await moveInto(ctx, path, archiveFolder(mailbox, time), formatEntryName(archived)))) return false;
  await releaseOrderingKey(ctx, mailbox, name);
  await logEvents(ctx, mailbox, [{ event: 'replaced', id: name.id, by, replacedBy: newest }]);
  return true;
}

async function tellClaimed(ctx: FileContext, mailbox: Mailbox, id: string, newest: string): Promise<void> {
  const [entry] = await findIn(ctx, mailbox, id);
  if (entry?.state !== 'inflight') return;
  ctx.warn(`${id} was claimed in ${mailbox.name} before ${newest} could take its place, so both are delivered.`);
}
