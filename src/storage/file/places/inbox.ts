/**
 * A request's inbox: requests/<until>-<request id>/ in the requester's mailbox. While the folder is there, whatever answers
 * the request (its `replyTo` is the request's id) is renamed into it, and only a claim that names the inbox takes it out.
 *
 * An answer whose rename finds no folder is ordinary mail. Whoever closes an inbox (the requester, or anybody when its time
 * is over) moves what is in it to ready/, one rename each, and then removes the folder; rmdir refuses while an answer is in
 * it. So an answer is in the inbox or in ready/, whoever dies or pauses where. A request's id comes once, so a closed
 * inbox is never opened again.
 */
import { inboxGraceMs, maxRequestMs } from '../../../model/basics/limits.ts';
import { isOver } from '../../../model/clock.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from './corrupt.ts';
import { formatEntryName, parseEntryName, type EntryName } from '../names/entry-name.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { memory } from '../disk/memory.ts';
import { ensureFolder, isRealFolder, syncAncestorsOnce, forgetRemoved } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { inboxFolder, parseInbox } from '../names/slots.ts';
import { readIfGood } from './read-entry.ts';
import type { ReadyWalk } from './ready-walk.ts';
import { startOrder } from './walk-order.ts';
import { moveToReady } from './filling.ts';
import { isIn, nameOf, pathIn } from '../names/path.ts';

interface Inbox {
  readonly dir: string;
  readonly request: string;
  readonly until: number;
}

interface Answer {
  readonly dir: string;
  readonly text: string;
}

/** Those that this process has opened, by request: of hundreds that wait each looks into its own at every hint. */
const opened = memory(() => new Map<string, Inbox>());

/** Synced: an answer that is told to be on disk must not vanish with its folder. */
export async function openInbox(ctx: FileContext, mailbox: Mailbox, request: string, until: number): Promise<void> {
  const dir = inboxFolder(mailbox, until, request);
  await ensureFolder(ctx, dir);
  await syncAncestorsOnce(ctx, dir, mailbox.dir);
  opened.of(ctx).set(request, { dir, request, until });
}

/** Its mailbox may have another name by now. */
function openedIn(ctx: FileContext, mailbox: Mailbox, request: string): Inbox | undefined {
  const inbox = opened.of(ctx).get(request);
  return inbox && isIn(mailbox.requests, inbox.dir) ? inbox : undefined;
}

/** @returns how many answers went to ready/ */
export async function closeInbox(ctx: FileContext, mailbox: Mailbox, request: string): Promise<number> {
  const inbox = openedIn(ctx, mailbox, request) ?? (await inboxOf(ctx, mailbox, request));
  return inbox ? close(ctx, mailbox, inbox) : 0;
}

export async function hasInbox(ctx: FileContext, mailbox: Mailbox, request: string): Promise<boolean> {
  return (await inboxOf(ctx, mailbox, request)) !== undefined;
}

/** Closes the inboxes whose time is over: of requesters that were killed. */
export async function closeOverInboxes(
  ctx: FileContext,
  mailbox: Mailbox,
): Promise<{ moved: number; nextAt: number | undefined }> {
  let moved = 0;
  let nextAt: number | undefined;
  for (const inbox of await inboxes(ctx, mailbox)) {
    if (!isOver(inbox.until, ctx.clock.now(), maxRequestMs + inboxGraceMs)) nextAt ??= inbox.until;
    else if (await isRealFolder(ctx, inbox.dir)) moved += await close(ctx, mailbox, inbox);
  }
  return { moved, nextAt };
}

/**
 * Puts an answer into the inbox of the request that it answers.
 * @param request its `replyTo`
 * @param put renames or links it to the given path; `false`: ENOENT
 * @returns where it lies now; `undefined`: no inbox waits for it (any more), or it is gone itself
 */
export async function putInInbox(
  ctx: FileContext,
  mailbox: Mailbox,
  request: string,
  name: EntryName,
  put: (target: string) => boolean | Promise<boolean>,
): Promise<{ readonly dir: string; readonly name: EntryName } | undefined> {
  const inbox = await inboxOf(ctx, mailbox, request);
  if (!inbox) return undefined;
  const answer: EntryName = { ...name, tag: 'u', time: inbox.until };
  return (await put(pathIn(inbox.dir, formatEntryName(answer)))) ? { dir: inbox.dir, name: answer } : undefined;
}

/** The answers in one inbox, the oldest first. */
export function walkInbox(ctx: FileContext, mailbox: Mailbox, request: string): Pick<ReadyWalk, 'next'> {
  let left: Answer[] | undefined;
  const order = startOrder(ctx);
  return {
    async next() {
      if (!left) {
        const inbox = openedIn(ctx, mailbox, request) ?? (await inboxOf(ctx, mailbox, request));
        left = inbox ? await answersIn(ctx, inbox) : [];
      }
      for (let answer = left.shift(); answer; answer = left.shift()) {
        const name = parseEntryName(answer.text);
        // It is for its request alone and waits for nobody, whatever its ordering key.
        if (name) return { ...answer, name: { ...name, order: undefined }, order, place: 0 };
      }
      return undefined;
    },
  };
}

/** The answers in all inboxes, by the time until which they are kept. */
export async function allAnswers(ctx: FileContext, mailbox: Mailbox): Promise<Answer[]> {
  const all: Answer[] = [];
  for (const inbox of await inboxes(ctx, mailbox)) {
    if (await isRealFolder(ctx, inbox.dir)) all.push(...(await answersIn(ctx, inbox)));
  }
  return all;
}

async function inboxOf(ctx: FileContext, mailbox: Mailbox, request: string): Promise<Inbox | undefined> {
  for (const inbox of await inboxes(ctx, mailbox)) {
    if (inbox.request === request && (await isRealFolder(ctx, inbox.dir))) return inbox;
  }
  return undefined;
}

/** By their times. Who uses one makes sure that it is a real folder: through a link an answer would leave the root. */
async function inboxes(ctx: FileContext, mailbox: Mailbox): Promise<Inbox[]> {
  if (!(await isRealFolder(ctx, mailbox.requests))) return [];
  const found: Inbox[] = [];
  for (const name of ((await ctx.disk.list(mailbox.requests)) ?? []).sort()) {
    const inbox = parseInbox(name);
    if (inbox) found.push({ dir: pathIn(mailbox.requests, name), ...inbox });
  }
  return found;
}

async function answersIn(ctx: FileContext, { dir }: Inbox): Promise<Answer[]> {
  return ((await ctx.disk.list(dir)) ?? []).sort().map((text) => ({ dir, text }));
}

async function close(ctx: FileContext, mailbox: Mailbox, inbox: Inbox): Promise<number> {
  let moved = 0;
  // Again for an answer that came between the look and the removal.
  for (let round = 0; round < 100; round++) {
    const answers = await answersIn(ctx, inbox);
    if (answers.length === 0) {
      if ((await ctx.disk.removeDir(inbox.dir)) || !(await ctx.disk.stat(inbox.dir))) break;
    }
    for (const { text } of answers) if (await release(ctx, mailbox, pathIn(inbox.dir, text))) moved++;
  }
  forgetRemoved(ctx, inbox.dir);
  opened.of(ctx).delete(inbox.request);
  return moved;
}

async function release(ctx: FileContext, mailbox: Mailbox, path: string): Promise<boolean> {
  const name = parseEntryName(nameOf(path));
  if (name?.tag !== 'u') return quarantine(ctx, mailbox, path, 'it is no answer to a request');
  const message = await readIfGood(ctx, path, name, mailbox.name);
  const at = ctx.clock.now();
  const ready: EntryName = { ...name, tag: 't', time: at };
  if ((await moveToReady(ctx, path, mailbox, 1, ready)) === undefined) return false;
  await logEvents(ctx, mailbox, [arrival('delivered', name.id, message)], at);
  return true;
}
