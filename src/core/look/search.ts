import type { Found } from '../../contract/look.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { everyMessage, type ScanOptions } from './every-message.ts';
import { toListed } from './list.ts';
import type { Session } from '../root/root.ts';

export interface SearchOptions extends Omit<ScanOptions, 'logs'> {
  readonly limit?: number;
}

export async function* search(
  session: Session,
  text: string,
  options: SearchOptions = {},
): AsyncGenerator<Found, void, undefined> {
  const { limit = Infinity } = options;
  let found = 0;
  if (limit <= 0) return;
  for await (const { entry, message } of everyMessage(session, hasText(text), { ...options, logs: true })) {
    yield { ...toListed(session, entry, message), message };
    if (++found >= limit) return;
  }
}

export function hasText(text: string): (message: Message) => boolean {
  const wanted = text.toLowerCase();
  return (message) => {
    const { subject, body, from, id, tags, data } = message;
    const hasIt = (field: string): boolean => field.toLowerCase().includes(wanted);
    return [subject, body, from, id, ...tags].some(hasIt) || (data !== null && hasIt(dataJson(message)));
  };
}
