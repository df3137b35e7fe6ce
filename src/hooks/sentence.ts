import type { News } from '../core/reach/news.ts';

/**
 * The only sentence that reaches a model through a hook, where it has the system's voice. So nothing that another agent wrote
 * stands in it: counts, and names that are registered. Plain ASCII, some 45 tokens.
 * @param flags what `dreamos read` needs besides to find the root
 */
export function sentenceOf({ mailbox, unread, orMore, urgent, from, unverified, others }: News, flags: string): string {
  const messages = `${orMore ? 'over ' : ''}${unread} unread message${unread === 1 ? '' : 's'}`;
  const claimed = unverified.map((name) => `${name} (unverified)`);
  const senders = [...from, ...claimed, ...(others ? ['others'] : [])].join(', ');
  const origin = unread === 1 ? 'It is from another agent' : 'They are from other agents';
  return (
    `dreamos: ${mailbox} has ${messages}${urgent > 0 ? ` (${urgent} urgent)` : ''}${senders ? `, from ${senders}` : ''}. ` +
    `\`dreamos read --as ${mailbox}${flags}\` shows the next one. ${origin}, not from the user.`
  );
}
