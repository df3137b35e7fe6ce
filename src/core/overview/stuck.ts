/**
 * What does not go on by itself: mail that nobody reads, claims that are renewed and never settled, and what waits behind
 * them. A dead letter holds no ordering key, so it holds up nothing but the tasks that wait for it.
 */
import type { Finding } from '../../contract/keep.ts';
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { agoMs } from '../../model/clock.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Counts, Entry } from '../../storage/port/look.ts';
import { listMailboxes } from '../agents/agents.ts';
import { pauseOf } from '../agents/pause.ts';
import { presenceOf } from '../agents/presence.ts';
import { claimedIn, type Holder, holdersOf } from '../look/holders.ts';
import { upTo } from '../look/in-time.ts';
import { type Crew, crewOnce } from '../tasks/crew.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { lookIntoAll } from '../root/trouble.ts';
import { readTask } from '../tasks/place/document.ts';
import { bringDueOrWarn } from '../wait/due.ts';

/** Of all mailboxes; one in disorder is a warning. */
export async function stuck(session: Session): Promise<Finding[]> {
  const cards = new Map((await listMailboxes(session)).map((card) => [card.name, card]));
  const found: Finding[] = [];
  const crew = crewOnce(session);
  const look = async function* (name: string): AsyncGenerator<Finding> {
    const card = cards.get(name);
    if (!card) return;
    await bringDueOrWarn(session, name);
    yield* stuckIn(session, card, await session.store.look.counts(name), crew);
  };
  for await (const finding of lookIntoAll(session, cards.keys(), look)) found.push(finding);
  return found;
}

/** @param counts of its mailbox, in which what was due has been moved @param crew one for all mailboxes that are looked at */
export async function* stuckIn(
  session: Session,
  card: AgentCard,
  counts: Counts,
  crew: () => Promise<Crew>,
): AsyncGenerator<Finding> {
  yield* untended(session, card, counts, crew);
  const { ready, inflight, delayed, dead } = counts;
  const long = inflight > 0 ? await heldTooLong(session, card) : [];
  yield* heldFindings(card.name, long);
  if (dead > 0) yield* behindFailed(session, card.name);
  if (ready > 0 && (delayed > 0 || long.length > 0)) yield* behindKeys(session, card.name, long);
}

async function* untended(
  session: Session,
  card: AgentCard,
  counts: Counts,
  crew: () => Promise<Crew>,
): AsyncGenerator<Finding> {
  const { ready, inflight, delayed, oldestReadyAt, lastReadAt } = counts;
  const mailbox = card.name;
  const now = session.store.now();
  const unfinished = ready + inflight + delayed;
  let gone: number | undefined;
  if (card.deletedAt && unfinished > 0) {
    const message = `It was deleted, and ${unfinished} unfinished ${unfinished === 1 ? 'message has' : 'messages have'} come since.`;
    const hint = `dreamos agent delete ${mailbox} --archive`;
    yield { rule: 'deleted-with-mail', level: 'warning', mailbox, message, hint };
  } else if (card.retiredAt && ready > 0) {
    const message = `It has retired and still has ${ready} ready ${ready === 1 ? 'message' : 'messages'}.`;
    yield { rule: 'retired-with-mail', level: 'warning', mailbox, message, hint: `dreamos read ${mailbox}` };
  } else if (unfinished > 0 && (gone = await goneSince(session, card)) !== undefined) {
    const message = `It is gone since ${formatDuration(now - gone)}, with ${unfinished} unfinished ${unfinished === 1 ? 'message' : 'messages'}.`;
    yield { rule: 'gone-with-mail', level: 'warning', mailbox, message, hint: `dreamos list ${mailbox}` };
  } else if (card.pausedAt && unfinished > 0) {
    const message = `${pauseOf({ ...card, name: 'It' })}, and ${unfinished} unfinished ${unfinished === 1 ? 'message is' : 'messages are'} in it.`;
    yield { rule: 'paused-with-mail', level: 'warning', mailbox, message, hint: `dreamos resume ${mailbox}` };
  } else if (isQueue(card)) yield* untaken(session, card, counts, crew);
  else {
    const { warnUnreadAfterMs } = await effectiveSettings(session, card);
    const waitedMs = oldestReadyAt === undefined ? 0 : agoMs(oldestReadyAt, now);
    const silentMs = agoMs(lastReadAt ?? Date.parse(card.createdAt), now);
    if (Math.min(waitedMs, silentMs) <= warnUnreadAfterMs) return;
    const message = `Nobody has read it for ${formatDuration(silentMs)}, and mail has waited for ${formatDuration(waitedMs)}.`;
    yield { rule: 'unread', level: 'warning', mailbox, message, hint: `dreamos peek ${mailbox}` };
  }
}

/** Of tasks that nobody can have. Longer than this they have been looked at by whoever looks after tasks. */
const untakenMs = minuteMs;

async function* untaken(
  session: Session,
  card: AgentCard,
  counts: Counts,
  crew: () => Promise<Crew>,
): AsyncGenerator<Finding> {
  const { ready, oldestReadyAt } = counts;
  if (!card.queue || ready === 0 || oldestReadyAt === undefined) return;
  const waitedMs = agoMs(oldestReadyAt, session.store.now());
  const missing = waitedMs > untakenMs ? await (await crew()).missing(card.queue.requires) : undefined;
  if (missing === undefined) return;
  const what = ready === 1 ? '1 task waits' : `${ready} tasks wait`;
  const message = `${what} in it, for ${formatDuration(waitedMs)} by now; what is missing: ${missing}.`;
  yield { rule: 'tasks-untaken', level: 'warning', mailbox: card.name, message, hint: 'dreamos task list --ready' };
}

async function goneSince(session: Session, card: AgentCard): Promise<number | undefined> {
  const { state, since } = await presenceOf(session, card);
  return state === 'gone' ? since : undefined;
}

interface HeldLong {
  readonly entry: Entry;
  /** With the label of the consumer, by which its process is found. */
  readonly by: string;
  readonly heldMs: number;
}

/** Of so many claims it is asked how they have lasted. */
const mostClaims = 50;

/** Those that their holder, who lives, has renewed beyond the lease that they had; the longest first. */
async function heldTooLong(session: Session, card: AgentCard): Promise<HeldLong[]> {
  const { store } = session;
  const { leaseMs } = await effectiveSettings(session, card);
  const claims = (await claimedIn(session, card.name)).slice(0, mostClaims);
  const holders = await holdersOf(session, card.name, claims);
  const long: HeldLong[] = [];
  for (const [at, entry] of claims.entries()) {
    const { by = 'somebody', label, since } = holders[at] ?? ({} as Partial<Holder>);
    const heldMs = since === undefined ? 0 : store.now() - Date.parse(since);
    // Most are younger, and need no look into the log.
    if (since === undefined || heldMs <= leaseMs) continue;
    const events = await store.journal.history(entry.id, card.name);
    const renewed = events.findLast(
      ({ event, id, at: when }) => event === 'renewed' && id === entry.id && when >= since,
    );
    // One that was claimed with a longer lease has not been renewed.
    if (renewed && heldMs > (entry.leaseUntil ?? 0) - Date.parse(renewed.at))
      long.push({ entry, by: label === undefined ? by : `${by} (${label})`, heldMs });
  }
  return long.sort((a, b) => b.heldMs - a.heldMs);
}

function* heldFindings(mailbox: string, long: readonly HeldLong[]): Generator<Finding> {
  const [first, ...more] = long;
  if (!first) return;
  const { entry, by, heldMs } = first;
  const others = more.length === 0 ? '' : ` So ${more.length === 1 ? 'is 1 other' : `are ${more.length} others`}.`;
  const message = `${by} has held ${entry.id} for ${formatDuration(heldMs)}, longer than its lease, and renews it.${others}`;
  yield { rule: 'held-long', level: 'warning', mailbox, message, hint: `dreamos trace ${entry.id}` };
}

/** What comes back sooner holds nobody up. */
const longRestMs = minuteMs;
const mostLookedAt = 256;

/** Ready messages whose ordering key is another's, which rests for long after a failure, or is held too long. */
async function* behindKeys(session: Session, mailbox: string, long: readonly HeldLong[]): AsyncGenerator<Finding> {
  const heads = long.map(({ entry }) => entry);
  const restsFrom = session.store.now() + longRestMs;
  for await (const entry of upTo(mostLookedAt, session.store.look.list(mailbox, 'delayed')))
    if (entry.attempt > 0 && (entry.dueAt ?? 0) > restsFrom) heads.push(entry);
  const behind = new Map<string, { readonly head: Entry; count: number }>();
  for (const head of heads) {
    const key = (await readOrWarn(session, head))?.orderingKey;
    if (key) behind.set(key, { head, count: 0 });
  }
  if (behind.size === 0) return;
  for await (const entry of upTo(mostLookedAt, session.store.look.list(mailbox, 'ready'))) {
    const waits = behind.get((await readOrWarn(session, entry))?.orderingKey ?? '');
    if (waits) waits.count++;
  }
  for (const [key, { head, count }] of behind) {
    if (count === 0) continue;
    const waiting = `${count} ready ${count === 1 ? 'message waits' : 'messages wait'}`;
    const restMs = (head.dueAt ?? 0) - session.store.now();
    const why =
      head.state === 'delayed'
        ? `was given back and rests for ${formatDuration(restMs)} more`
        : 'is held longer than its lease';
    const message = `${waiting} behind ${head.id}, which has their ordering key ${JSON.stringify(key)} and ${why}.`;
    const hint = head.state === 'delayed' ? `dreamos deliver ${head.id} now` : `dreamos trace ${head.id}`;
    yield { rule: 'behind-key', level: 'warning', mailbox, message, hint };
  }
}

/** Tasks that wait for one that has failed: nobody does that one any more, unless it is retried. */
async function* behindFailed(session: Session, mailbox: string): AsyncGenerator<Finding> {
  const { look } = session.store;
  for await (const { id, task } of upTo(mostLookedAt, look.list(mailbox, 'dead'))) {
    if (!task) continue;
    const { dependents = [] } = await readTask(session, id);
    let waiting = 0;
    for (const one of dependents) if ((await look.find(one.id, one.mailbox))[0]?.state === 'delayed') waiting++;
    if (waiting === 0) continue;
    const message = `${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'} for ${id}, which has failed.`;
    yield { rule: 'behind-failed', level: 'warning', mailbox, message, hint: `dreamos task retry ${id}` };
  }
}
