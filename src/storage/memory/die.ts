import type { Actor } from '../port/mail.ts';
import { noMailbox, noticeOf } from '../port/notice.ts';
import { MailboxFull } from '../port/refusals.ts';
import { deliver } from './deliver.ts';
import { changed, claimerOf, type Deps, type Held, type Mail, messageOf } from './mail.ts';
import { calledNow } from './rename.ts';

export function die(mail: Mail, deps: Deps, held: Held, now: number, reason: string, options: Actor = {}): void {
  const told = mail.log.filter((event) => event.id === held.id);
  const homes = new Set([held.mailbox, ...told.flatMap((one) => (one.event === 'handed_over' ? [one.mailbox] : []))]);
  const history = told.filter((event) => homes.has(event.mailbox));
  held.state = 'dead';
  held.holdsOrderingKey = false;
  held.dead = { reason, attempts: held.attempt, deadAt: now, history };
  changed(mail, held, now, 'dead', { reason, attempt: held.attempt, ...claimerOf(options) });
  const message = messageOf(held);
  if (message.notify) held.dead = { ...held.dead, notice: tellSender(mail, deps, held, now) };
}

/** @returns `sent`, or why not */
function tellSender(mail: Mail, { ids }: Deps, held: Held, now: number): string {
  const message = messageOf(held);
  const card = [message.from, ...calledNow(mail, message.from)]
    .map((name) => mail.agents.get(name.toLowerCase())?.value)
    .find((one) => one !== undefined);
  const why = noMailbox(card);
  if (!card || why !== undefined || !held.dead) return why ?? '';
  const root = mail.goodSettings ?? {};
  const death = { ...held.dead, mailbox: held.mailbox };
  const sent = deliver(mail, noticeOf(message, death, { id: ids.next(now), card, root, now }), now, 'relaxed');
  return sent instanceof MailboxFull ? `the mailbox of ${card.name} is full` : 'sent';
}

export function isExpired(held: Held, now: number): boolean {
  return held.expiresAt !== undefined && held.expiresAt <= now;
}
