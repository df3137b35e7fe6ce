import type { Message } from '../../model/message.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { fencedWords, signatureWord } from './message-view.ts';

/** So much of a body is shown where it would bury the rest: a screen's scrollback, a model's context. */
const mostBytes = 8 * 1024;

/** A message with the beginning of a huge body, and what to type for all of it. @param where the flags of its root */
export function beginningOf(message: Message, where: string): { message: Message; rest: string } {
  const bytes = message.sealed === undefined ? Buffer.byteLength(message.body) : 0;
  if (bytes <= mostBytes) return { message, rest: '' };
  // A character that is cut in two ends in these signs.
  const body = Buffer.from(message.body.slice(0, mostBytes))
    .subarray(0, mostBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
  const left = bytes - Buffer.byteLength(body);
  return { message: { ...message, body }, rest: `… and ${left} bytes more: dreamos show ${message.id} --body${where}` };
}

/** A delivery in few words, for who pays for each: from whom and what about, the words themselves, what to type next. */
export function briefText(
  { message: whole, attempt, receipt, ...known }: Delivery,
  { acked, where, paint }: { readonly acked: boolean; readonly where: string; readonly paint: Paint },
): string {
  const { message, rest } = beginningOf(whole, where);
  const { from, type, priority, subject, replyBy, sealed, id } = message;
  const about = [
    ...(type === 'message' ? [] : [type]),
    ...(priority === 'normal' ? [] : [priority]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(known.signature === undefined ? [] : [signatureWord(known)]),
  ].join(', ');
  const head = `${from}${about === '' ? '' : ` (${about})`}: ${subject === '' ? '(no subject)' : subject}`;
  const answer = `dreamos reply ${receipt} "your answer"${acked ? '' : ' --ack'}${where}`;
  const next = replyBy === undefined ? (acked ? [] : [`dreamos ack ${receipt}${where}`]) : [answer];
  const unseal = sealed === undefined ? [] : [`dreamos show ${id} --unseal${where}`];
  const words = [...fencedWords(message, paint), ...unseal, ...(rest === '' ? [] : [rest])];
  return [harmless(head), ...words, ...next].join('\n');
}
