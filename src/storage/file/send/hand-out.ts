/** Handing out what is committed in outbox/: one rename a link, which any process may do or finish (outbox.ts). */
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import { isLog } from '../../../model/topic.ts';
import type { Outgoing, Replaced } from '../../port/mail.ts';
import { MailboxGone } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureMailbox, moveInto } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { calledNow } from '../documents/renamed.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { type EntryName, formatEntryName } from '../names/entry-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { mailboxOfLink, outboxBody, parseOutboxFolder, parseOutboxLink } from '../names/outbox-name.ts';
import { pathIn } from '../names/path.ts';
import { slotOf } from '../names/slots.ts';
import { forgetFilling, moveToReady } from '../places/filling.ts';
import { putInInbox } from '../places/inbox.ts';
import { readIfGood } from '../places/read-entry.ts';
import { existsQuietly, removeFolder } from './outbox.ts';
import { publishTo } from './publish.ts';

/**
 * Hands out what has just been committed. A disk that fails now does not undo the send: it is on disk, and whoever comes
 * next hands it out. Told otherwise, the sender would send it twice.
 */
export async function handOutOrLeave(ctx: FileContext, message: Message): Promise<Pick<HandedOut, 'replaced'>> {
  const done: HandedOut = { own: 0, others: 0, failed: 0, left: false };
  try {
    await handOut(ctx, message.id, { message }, done);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`${message.id} is sent, but waits in outbox/ for the next reader to hand it out: ${error.message}`);
  }
  return done.replaced === undefined ? {} : { replaced: done.replaced };
}

interface HandOut {
  readonly message?: Message;
  /**
   * So many links are moved at most, but for those of these mailboxes. What cannot be moved does not count: others lie behind
   * it. Of that a look tries a few, and the next one of this process tries others first.
   */
  readonly most?: number;
  readonly first?: ReadonlySet<string> | undefined;
}

export interface HandedOut {
  /** Links that were moved to the mailboxes that come first, and to others. */
  own: number;
  others: number;
  /** Links of others that could not be moved. */
  failed: number;
  /** There are more. */
  left: boolean;
  /** What they have replaced. */
  replaced?: Replaced[];
}

/** The mailboxes whose links could not be moved when this process last tried, in that order. */
const inDisorder = memory(() => new Set<string>());

/** Hands out a committed send. Any number of processes may do it at the same time. */
async function handOut(
  ctx: FileContext,
  id: string,
  { message, most = Infinity, first }: HandOut,
  done: HandedOut = nothingYet(),
): Promise<void> {
  const dir = ctx.layout.committed(id);
  const moved = new Set<string>();
  const disorder = inDisorder.of(ctx);
  const mostFailed = most === Infinity ? Infinity : fewAtOnce;
  let tried = 0;
  let failed: DreamosError | undefined;
  // Twice at most: a scan during other processes' renames can miss a name, and the folder's removal then fails.
  for (let round = 0; round < 2; round++) {
    let left = false;
    let untried = false;
    for (const text of inTurn((await ctx.disk.list(dir)) ?? [], first, disorder)) {
      const isOwn = isFor(first, text);
      // Moved and still here: a power cut on btrfs can undo one half of a rename, so that a link is here and in its mailbox.
      // A rename onto another link of the same file does nothing, and would be tried for ever.
      try {
        if (moved.has(text)) await ctx.disk.remove(pathIn(dir, text));
        else if (tried >= most && !isOwn) left ||= text !== outboxBody;
        else if (done.failed >= mostFailed && !isOwn) untried ||= text !== outboxBody;
        else {
          const link = parseOutboxLink(text);
          if (!link) continue;
          if (await handOutLink(ctx, pathIn(dir, text), link, message, done)) {
            if (disorder.size > 0) disorder.delete(link.mailbox);
            moved.add(text);
            done[isOwn ? 'own' : 'others']++;
          }
          tried++;
        }
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
        // One mailbox in disorder is no reason to keep the others waiting.
        failed = error;
        // The longest untried comes first.
        disorder.delete(mailboxOfLink(text));
        disorder.add(mailboxOfLink(text));
        if (!isOwn) done.failed++;
      }
    }
    done.left ||= left;
    if (failed) throw failed;
    if (untried) return;
    if (!left && (await removeFolder(ctx, dir))) break;
  }
}

function nothingYet(): HandedOut {
  return { own: 0, others: 0, failed: 0, left: false };
}

/** Those of `first`, then others, then those of `last` in its order. */
function inTurn(names: readonly string[], first: ReadonlySet<string> | undefined, last: ReadonlySet<string>): string[] {
  const sorted = names.toSorted();
  if (first === undefined && last.size === 0) return sorted;
  const turns = new Map([...last].map((mailbox, i) => [mailbox, i + 1]));
  const turnOf = (name: string): number => (isFor(first, name) ? -1 : (turns.get(mailboxOfLink(name)) ?? 0));
  return sorted.sort((a, b) => turnOf(a) - turnOf(b));
}

function isFor(mailboxes: ReadonlySet<string> | undefined, link: string): boolean {
  return mailboxes?.has(mailboxOfLink(link)) === true;
}

/**
 * Finishes every committed send whose sender has died, or is still at it; a bounded number of links a call, so that nobody
 * waits for thousands of others; what was sent later waits until nothing earlier is left.
 * @param first the mailbox whose own links are all handed out, whatever is left
 */
export async function finishOutbox(ctx: FileContext, limit: number, first?: string): Promise<HandedOut> {
  const done = nothingYet();
  const ids = await committedIds(ctx);
  await syncCommits(ctx, ids);
  for (const id of ids) {
    const most = done.left ? 0 : limit - done.others;
    await handOutOrWarn(ctx, id, { most, first: first === undefined ? undefined : new Set([first]) }, done);
  }
  return done;
}

/** What was in outbox/ when this process first sent: perhaps of its predecessor, whose messages come before its own. */
const earlier = memory(() => ({ ids: undefined as Set<string> | undefined }));

/** Before a send: hands out what an earlier process has sent to the same mailboxes and left behind. */
export async function handOutEarlier(ctx: FileContext, outgoing: readonly Outgoing[]): Promise<void> {
  const ids = (earlier.of(ctx).ids ??= await earlierIds(ctx));
  if (!ids || ids.size === 0) return;
  const first = new Set(outgoing.flatMap(({ mailboxes }) => mailboxes));
  const done = nothingYet();
  for (const id of ids) {
    await handOutOrWarn(ctx, id, { most: done.left ? 0 : fewAtOnce, first }, done);
    if ((await existsQuietly(ctx, ctx.layout.committed(id))) === false) ids.delete(id);
  }
}

/** A send waits for its own mailboxes' links, and so much longer, so that the next ones need not look again. */
const fewAtOnce = 32;

/** `undefined`: they cannot be seen now, which is no reason not to send. */
async function earlierIds(ctx: FileContext): Promise<Set<string> | undefined> {
  try {
    const ids = await committedIds(ctx);
    await syncCommits(ctx, ids);
    return new Set(ids);
  } catch (error) {
    if (error instanceof DreamosError) return undefined;
    throw error;
  }
}

async function committedIds(ctx: FileContext): Promise<string[]> {
  const folders = ((await ctx.disk.list(ctx.layout.outbox)) ?? []).sort().map(parseOutboxFolder);
  return folders.flatMap((folder) => (folder?.committed ? [folder.id] : []));
}

async function syncCommits(ctx: FileContext, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  // Their senders may have died between the commit and its sync. Were a link handed out before that, a power cut could keep
  // it in its mailbox and undo the commit for the others.
  await ctx.disk.syncDir(ctx.layout.outbox);
  // They may have used newer buckets than those that this process fills: what they sent first must stay first.
  forgetFilling(ctx);
}

async function handOutOrWarn(ctx: FileContext, id: string, how: HandOut, done?: HandedOut): Promise<void> {
  try {
    await handOut(ctx, id, how, done);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Every reader of every mailbox comes by here: what one send cannot do must not stop them all.
    warnOnce(ctx, `${id} waits in outbox/, because it cannot be handed out: ${error.message}`);
  }
}

async function handOutLink(
  ctx: FileContext,
  path: string,
  link: { readonly mailbox: string; readonly name: EntryName },
  known: Message | undefined,
  done: HandedOut,
): Promise<boolean> {
  const mailbox = ctx.layout.mailbox(link.mailbox);
  const message = known ?? (await readIfGood(ctx, path, link.name, link.mailbox));
  try {
    return await handOutTo(ctx, mailbox, path, link.name, message, done);
  } catch (error) {
    if (!(error instanceof MailboxGone)) throw error;
    const [now] = await calledNow(ctx, mailbox.name);
    // Removed by hand it is made anew: what is committed has been called sent.
    if (!now) await ensureMailbox(ctx, mailbox.dir);
    return handOutTo(ctx, now ?? mailbox, path, link.name, message, done);
  }
}

async function handOutTo(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  message: Message | undefined,
  done: HandedOut,
): Promise<boolean> {
  if (isLog(mailbox.name)) return publishTo(ctx, mailbox, path, name, message);
  const at = ctx.clock.now();
  let waited: unknown;
  if (name.tag === 'u') {
    if (!(await moveInto(ctx, path, slotOf(mailbox.delayed, name.time), formatEntryName(name)))) return false;
  } else {
    const request = message?.replyTo;
    waited = request && (await putInInbox(ctx, mailbox, request, name, (to) => ctx.disk.rename(path, to)));
    if (!waited && (await moveToReady(ctx, path, mailbox, 1, name)) === undefined) return false;
  }
  const event = name.tag === 'u' ? 'scheduled' : 'delivered';
  await logEvents(ctx, mailbox, [arrival(event, name.id, message)], at);
  if (name.replace !== undefined && message && !waited) {
    const { replaceOlder } = await import('./replace.ts');
    const replaced = await replaceOlder(ctx, mailbox, message);
    if (replaced.length > 0) (done.replaced ??= []).push(...replaced);
  }
  return true;
}
