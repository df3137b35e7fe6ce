import type { AgentCard } from '../model/agent.ts';
import { formatDuration } from '../model/duration.ts';
import { DreamosError } from '../model/errors.ts';
import { idTime } from '../model/id.ts';
import type { Root } from './root.ts';
import { effectiveSettings } from './settings.ts';

/**
 * "Send said success, the agent never saw it": says so, when mail lies in a mailbox that nobody reads. It comes after the
 * send, so it never fails: told otherwise, the sender would send again what is sent.
 */
export async function warnUnread(root: Root, recipients: Iterable<AgentCard>): Promise<void> {
  let looks = lastLooks.get(root);
  if (!looks) lastLooks.set(root, (looks = new Map()));
  const uptime = root.clock.uptime();
  for (const card of recipients) {
    if (uptime - (looks.get(card.name) ?? -Infinity) < lookMs) continue;
    looks.set(card.name, uptime);
    try {
      const why = await unreadFor(root, card);
      if (why) root.warn(`${why} Is anybody reading it? dreamos status ${card.name}`);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      root.warn(`Whether ${card.name} reads its mail could not be seen: ${error.message}`);
    }
  }
}

// Who sends in a loop is told once a second.
const lookMs = 1000;
const lastLooks = new WeakMap<Root, Map<string, number>>();

// An idle agent that has had no mail is no cause for worry; one that let older mail lie is, and so is one that never read.
async function unreadFor(root: Root, card: AgentCard): Promise<string | undefined> {
  const { warnUnreadAfterMs } = await effectiveSettings(root, card);
  const now = root.clock.now();
  const lastReadAt = await root.store.lastReadAt(card.name);
  const silentMs = now - (lastReadAt ?? Date.parse(card.createdAt));
  if (!(silentMs > warnUnreadAfterMs)) return undefined;
  if (lastReadAt === undefined)
    return `${card.name} was registered ${formatDuration(silentMs)} ago and has never read its mail.`;
  const waiting = await waitsSince(root, card.name, now - warnUnreadAfterMs);
  return waiting
    ? `${card.name} last read its mail ${formatDuration(silentMs)} ago, and older mail is waiting.`
    : undefined;
}

// Looks at the next few only: what has waited long is usually among them, and a full mailbox must not make sending slow.
async function waitsSince(root: Root, mailbox: string, at: number): Promise<boolean> {
  let looked = 0;
  for await (const { id } of root.store.list(mailbox, 'ready')) {
    if (idTime(id) < at) return true;
    if (++looked === 20) break;
  }
  return false;
}
