import type { AgentCard } from '../../model/agent.ts';
import { agoMs } from '../../model/clock.ts';
import { formatDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { idTime } from '../../model/id.ts';
import type { Store } from '../../storage/port/store.ts';
import { pausedSentence } from '../agents/pause.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';

/**
 * "Send said success, the agent never saw it": says so, when mail lies in a mailbox that nobody reads. It comes after the
 * send, so it never fails: told otherwise, the sender would send again what is sent.
 */
export async function warnUnread(session: Session, recipients: Iterable<AgentCard>): Promise<void> {
  let looks = lastLooks.get(session.store);
  if (!looks) lastLooks.set(session.store, (looks = new Map()));
  const uptime = session.clock.uptime();
  for (const card of recipients) {
    if (card.retiredAt) continue;
    if (uptime - (looks.get(card.name) ?? -Infinity) < lookMs) continue;
    looks.set(card.name, uptime);
    try {
      const paused = pausedSentence(card);
      const why = paused === undefined ? await unreadFor(session, card) : undefined;
      if (paused !== undefined) session.warn(paused);
      if (why) session.warn(`${why} Is anybody reading it? dreamos status ${card.name}`);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      session.warn(`Whether ${card.name} reads its mail could not be seen: ${error.message}`);
    }
  }
}

// Who sends in a loop is told once a second.
const lookMs = 1000;
const lastLooks = new WeakMap<Store, Map<string, number>>();

// An idle agent that has had no mail is no cause for worry; one that let older mail lie is, and so is one that never read.
async function unreadFor(session: Session, card: AgentCard): Promise<string | undefined> {
  const { warnUnreadAfterMs } = await effectiveSettings(session, card);
  const now = session.store.now();
  const lastReadAt = await session.store.look.lastReadAt(card.name);
  const silentMs = agoMs(lastReadAt ?? Date.parse(card.createdAt), now);
  if (!(silentMs > warnUnreadAfterMs)) return undefined;
  // Its own tool is there, and hears of it.
  if ((await session.store.reach.sessions()).some(({ agent }) => agent === card.name)) return undefined;
  if (lastReadAt === undefined)
    return `${card.name} was registered ${formatDuration(silentMs)} ago and has never read its mail.`;
  const waiting = await waitsSince(session, card.name, now - warnUnreadAfterMs);
  return waiting
    ? `${card.name} last read its mail ${formatDuration(silentMs)} ago, and older mail is waiting.`
    : undefined;
}

// Looks at the next few only: what has waited long is usually among them, and a full mailbox must not make sending slow.
async function waitsSince(session: Session, mailbox: string, at: number): Promise<boolean> {
  let looked = 0;
  for await (const { id } of session.store.look.list(mailbox, 'ready')) {
    if (idTime(id) < at) return true;
    if (++looked === 20) break;
  }
  return false;
}
