/** What the sender of a dead message is told, if he asked for it: the same words, whoever tells it and how often. */
import type { AgentCard } from '../../model/agent.ts';
import { keyCharacters, subjectCharacters } from '../../model/basics/limits.ts';
import { cut, wellFormed } from '../../model/basics/text.ts';
import { isoTime } from '../../model/clock.ts';
import type { Message } from '../../model/message.ts';
import { defaultSettings, settingNumber, type Settings } from '../../model/settings.ts';
import type { Outgoing } from './mail.ts';

export interface Death {
  readonly mailbox: string;
  readonly reason: string;
  readonly attempts: number;
  readonly deadAt: number;
}

/** Characters: however long a reason is, its notice is not. */
const mostReason = 1000;

/**
 * The notice on its way to the sender's mailbox, within the limits that hold for that. It asks for no notice itself. Its dedupe
 * key, among those of the mailbox, is made of the death: that is told once.
 * @param to.root the root's settings
 */
export function noticeOf(
  { id, from, subject, thread }: Message,
  { mailbox, reason: why, attempts, deadAt }: Death,
  to: { readonly id: string; readonly card: AgentCard; readonly root: Settings; readonly now: number },
): Outgoing {
  const { card, root, now } = to;
  const reason = cut(wellFormed(why), mostReason);
  const of = (setting: 'maxMessages' | 'maxBytes' | 'ttl'): number =>
    settingNumber(setting, card.settings?.[setting] ?? root[setting] ?? defaultSettings[setting]);
  const limits = { maxMessages: of('maxMessages'), maxBytes: of('maxBytes') };
  const ttlMs = of('ttl');
  const message: Message = {
    v: 1,
    id: to.id,
    from: mailbox,
    to: [card.name],
    subject: cut(`Dead: ${subject === '' ? id : subject}`, subjectCharacters),
    body: [
      `Message ${id} from ${from} is in the dead-letter queue of ${mailbox}: ${reason}`,
      `Attempts: ${attempts}`,
      `Dead at: ${isoTime(deadAt)}`,
      '',
      `To see it whole: dreamos dlq show ${mailbox} ${id}`,
      `To deliver it again: dreamos dlq retry ${mailbox} ${id}`,
      '',
    ].join('\n'),
    type: 'notice',
    priority: 'normal',
    thread: thread === null || thread.length > keyCharacters ? id : thread,
    replyTo: id,
    tags: [],
    data: { mailbox, id, reason, attempts, deadAt: isoTime(deadAt) },
    createdAt: isoTime(now),
    expiresAt: null,
    dedupeKey: `notice:${id}:${deadAt}`,
  };
  return {
    message,
    mailboxes: [card.name],
    ...(ttlMs < Infinity && { expiresAt: new Map([[card.name, now + ttlMs]]) }),
    ...((limits.maxMessages < Infinity || limits.maxBytes < Infinity) && { limits: new Map([[card.name, limits]]) }),
  };
}

/** As a warning. */
export function notTold({ id, from }: Message, { mailbox }: Death, why: string): string {
  return `${id} is dead in ${mailbox}, and ${from}, who asked for it, gets no notice: ${why}.`;
}

/** Why somebody has no mailbox that takes a notice, if he has none. */
export function noMailbox(card: AgentCard | undefined): string | undefined {
  if (!card || card.deletedAt) return 'there is no such agent';
  return card.retiredAt ? 'that agent has retired' : undefined;
}
