/**
 * What an agent has not been told of yet. It claims and finishes nothing. A message is announced once to a session, and again
 * after a while as long as nobody claims it: what rings for ever makes an agent that does not read its mail work for ever.
 */
import type { AgentCard } from '../../model/agent.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import type { Announcement, SessionKey } from '../../storage/port/reach.ts';
import type { Entry } from '../../storage/port/look.ts';
import { isOverdue, mostAttempts } from '../wait/due.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import { ofMailbox, operation } from '../root/operation.ts';

/** What a session is told of its agent's mail; nothing in it was written by another agent. */
export interface News {
  readonly mailbox: string;
  /** How many messages wait to be read; with `orMore` so many have been counted. */
  readonly unread: number;
  readonly orMore: boolean;
  readonly urgent: number;
  /** Registered agents that what is new comes from, at most three; where signatures are asked for, only those that verify. */
  readonly from: readonly string[];
  /** Registered agents whose mail it says it is, and is not verified; at most three. Empty where signatures are not asked for. */
  readonly unverified: readonly string[];
  /** Whether some of it comes from others. */
  readonly others: boolean;
}

export interface NewsOptions {
  /** Only what was never announced to this session. */
  readonly onlyNew?: boolean;
  /** Asked right before anything is announced: whether it is too late to say so, or cannot be said now. */
  readonly isLate?: () => boolean | Promise<boolean>;
  /** Told when what waits for its time will be due; not in any order. */
  readonly laterAt?: (at: number) => void;
}

/** So many of the next messages are looked at; of those behind them nobody needs to know before. */
const mostLookedAt = 256;
/** Whose senders are looked up. */
const mostOpened = 8;
const mostNamed = 3;
/** How long after which announcement the next one is due. */
const reminderMs = [10 * minuteMs, 60 * minuteMs];
/** What is no longer there, or was claimed meanwhile, is forgotten so long after it was announced. */
const forgottenMs = 120 * minuteMs;

/** Announces what is due to a session. @returns `undefined`: nothing is, or another hook of the session was faster */
export const announceNews = operation('hook', announceNewsBody, ({ name }) => ofMailbox(name));

async function announceNewsBody(
  session: Session,
  card: AgentCard,
  key: SessionKey,
  { onlyNew = false, isLate = () => false, laterAt = () => undefined }: NewsOptions = {},
): Promise<News | undefined> {
  // Nothing could be read.
  if (card.pausedAt) return undefined;
  const { reach } = session.store;
  const { next, orMore } = await nextUnread(session, card, laterAt);
  const known = await reach.announcements(card.name, key);
  await forgetGone(session, card.name, key, known, next);
  const due = dueOf(next, known, session.store.now(), onlyNew);
  if (due.length === 0 || (await isLate())) return undefined;
  const mine = new Set((await reach.announce(card.name, key, due)).map(({ id }) => id));
  if (mine.size === 0) return undefined;
  const urgent = next.filter(({ priority }) => priority === 'urgent').length;
  const senders = await sendersOf(
    session,
    next.filter(({ id }) => mine.has(id)),
  );
  return { mailbox: card.name, unread: next.length, orMore, urgent, ...senders };
}

/**
 * What a claim could take now: what is ready, and what has fallen due and nobody has moved yet. It is left where it is, because
 * a hook that is cut off must have changed nothing; whoever claims moves it.
 */
async function nextUnread(
  session: Session,
  card: AgentCard,
  laterAt: (at: number) => void,
): Promise<{ next: Entry[]; orMore: boolean }> {
  const next = new Map<string, Entry>();
  const { store } = session;
  const now = store.now();
  // One that is moved meanwhile may be missed, and is told at the next moment; what is urgent is behind nothing.
  for (const state of ['ready', 'inflight', 'delayed'] as const)
    for await (const entry of store.look.list(card.name, state)) {
      // The others come by their time.
      if (state !== 'ready' && !isOverdue(entry, now)) {
        laterAt(entry.dueAt ?? entry.leaseUntil ?? Infinity);
        break;
      }
      if ((entry.expiresAt ?? Infinity) <= now) continue;
      if (state === 'inflight' && entry.attempt >= (entry.maxAttempts ?? (await mostAttempts(session, card)))) continue;
      if (next.size === mostLookedAt && !next.has(entry.id)) return { next: [...next.values()], orMore: true };
      next.set(entry.id, entry);
    }
  return { next: [...next.values()], orMore: false };
}

function dueOf(
  next: readonly Entry[],
  known: readonly Announcement[],
  now: number,
  onlyNew: boolean,
): Pick<Announcement, 'id' | 'time'>[] {
  const latest = latestOf(known);
  return next.flatMap(({ id }) => {
    const last = latest.get(id);
    if (!last) return { id, time: 1 };
    const again = dueAgainAt(last);
    // One that lies ahead was made before the clock was put right.
    const isDue = again <= now || (again < Infinity && last.at > now);
    return isDue && !onlyNew ? { id, time: last.time + 1 } : [];
  });
}

function latestOf(known: readonly Announcement[]): Map<string, Announcement> {
  const latest = new Map<string, Announcement>();
  for (const one of known) if (one.time > (latest.get(one.id)?.time ?? 0)) latest.set(one.id, one);
  return latest;
}

function dueAgainAt({ time, at }: Announcement): number {
  const after = reminderMs[time - 1];
  return after === undefined ? Infinity : at + after;
}

async function forgetGone(
  session: Session,
  mailbox: string,
  key: SessionKey,
  known: readonly Announcement[],
  ready: readonly Entry[],
): Promise<void> {
  if (known.length === 0) return;
  const there = new Set(ready.map(({ id }) => id));
  const now = session.store.now();
  const gone = known.filter(({ id, at }) => !there.has(id) && Math.abs(now - at) > forgottenMs);
  if (gone.length > 0) await session.store.reach.forget(mailbox, key, gone);
}

async function sendersOf(
  session: Session,
  announced: readonly Entry[],
): Promise<Pick<News, 'from' | 'unverified' | 'others'>> {
  const [from, unverified] = [new Set<string>(), new Set<string>()];
  let others = announced.length > mostOpened;
  const check = await signatureCheck(session);
  for (const entry of announced.slice(0, mostOpened)) {
    const message = await readOrWarn(session, entry);
    const card = message && (await session.store.documents.getAgent(message.from).catch(() => undefined));
    const { signature, signedBy } = (await check?.(message)) ?? {};
    const names = !check || signature === 'verified' ? from : unverified;
    // Of who had the sender's name before.
    if (signedBy !== undefined) others = true;
    else if (card && names.size < mostNamed) names.add(card.name);
    else if (!card || !names.has(card.name)) others = true;
  }
  return { from: [...from], unverified: [...unverified], others };
}
