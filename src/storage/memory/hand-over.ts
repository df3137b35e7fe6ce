import type { Entry } from '../port/look.ts';
import type { HandOverOptions } from '../port/mail.ts';
import { AgentRenamed, alreadyThere, answerAwaited, MailboxGone } from '../port/refusals.ts';
import { calledNow } from './rename.ts';
import { actorOf, changed, type Held, type Mail, mailboxOf, messageOf, toEntry } from './mail.ts';

export function handOver(mail: Mail, held: Held, to: string, now: number, { by, reason }: HandOverOptions): Entry {
  if (held.inbox !== undefined) throw answerAwaited(held);
  const card = mail.agents.get(to.toLowerCase());
  const [called] = card ? [] : calledNow(mail, to);
  if (called !== undefined) throw new AgentRenamed(to, called);
  if (!card) throw new MailboxGone(to);
  if (mailboxOf(mail, to).has(held.id)) throw alreadyThere(held.id, to);
  held.state = 'ready';
  const more = { ...actorOf({ by }), ...(reason !== undefined && { reason }) };
  changed(mail, held, now, 'handed_over', { ...more, to, ...attemptOf(held) });
  mailboxOf(mail, held.mailbox).delete(held.id);
  Object.assign(held, {
    mailbox: to,
    comesBack: true,
    holdsOrderingKey: false,
    maxAttempts: undefined,
  });
  mailboxOf(mail, to).set(held.id, held);
  const { from, type, priority, subject, thread, replyTo } = messageOf(held);
  const told = { from, type, priority, subject, thread, replyTo };
  changed(mail, held, now, 'delivered', { ...told, ...actorOf({ by }), ...attemptOf(held) });
  return toEntry(held);
}

function attemptOf({ attempt }: Held): { attempt?: number } {
  return attempt > 0 ? { attempt } : {};
}
