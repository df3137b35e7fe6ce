import type { AgentNow, MailboxStatus } from '../../contract/look.ts';
import type { AgentCard } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { presences } from '../agents/presence.ts';
import type { Session } from '../root/root.ts';

/** So many claims of each are named. */
const mostNamed = 5;

/** Who there is, what each is doing, and what it holds. @param statuses of all mailboxes, by their names */
export async function agentsNow(
  session: Session,
  cards: readonly AgentCard[],
  statuses: ReadonlyMap<string, MailboxStatus>,
): Promise<AgentNow[]> {
  const held = heldBy(statuses);
  const there = await presences(session, cards);
  return cards.map(({ name, pausedAt, maxTasks }) => {
    const { state, since, note, seenAt = 0 } = there.get(name) ?? { state: 'unseen' };
    const { claims = [], more = 0 } = held.get(name) ?? {};
    const holds = claims.length + more;
    const sinceTime = since === undefined ? undefined : isoTime(since);
    // Of one that says nothing else it is known what it does.
    const known: Pick<AgentNow, 'state' | 'since'> =
      state === 'unseen' && pausedAt
        ? { state: 'paused', since: pausedAt }
        : (state === 'unseen' || state === 'ready') && holds > 0
          ? { state: 'busy' }
          : { state, ...(sinceTime !== undefined && { since: sinceTime }) };
    const lastAt = Math.max(seenAt, Date.parse(statuses.get(name)?.lastReadAt ?? isoTime(0)));
    return {
      agent: name,
      ...known,
      ...(note !== undefined && { note }),
      holds,
      ...(maxTasks !== undefined && { maxTasks }),
      held: claims.toSorted((a, b) => (a.leaseUntil < b.leaseUntil ? -1 : 1)).slice(0, mostNamed),
      seenAt: lastAt > 0 ? isoTime(lastAt) : null,
    };
  });
}

interface HeldNow {
  readonly claims: AgentNow['held'][number][];
  /** Those of which it is not told who holds them: they count as their mailbox's own. */
  more: number;
}

/** What each holds, in whosever mailbox. */
function heldBy(statuses: ReadonlyMap<string, MailboxStatus>): ReadonlyMap<string, HeldNow> {
  const by = new Map<string, HeldNow>();
  const of = (name: string): HeldNow => {
    const known = by.get(name) ?? { claims: [], more: 0 };
    by.set(name, known);
    return known;
  };
  for (const { mailbox, inflight, held = [] } of statuses.values()) {
    for (const claim of held) of(claim.heldBy ?? mailbox).claims.push({ ...claim, mailbox });
    of(mailbox).more += Math.max(0, inflight - held.length);
  }
  return by;
}
