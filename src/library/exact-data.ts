/** Data as its JSON text, for who has numbers beyond a double or keys whose order counts: a value does not say all of it. */
import { parseData } from '../model/data.ts';
import { dataJson, type Message } from '../model/message.ts';

/**
 * For the `data` of a draft: it travels as this JSON text says, which JSON.parse would round (1970670598291982290 to …300) or
 * reorder.
 * @throws MESSAGE_INVALID
 */
export function exactData(json: string): unknown {
  return parseData(json, 'The text', 'Anything that JSON can hold is taken as a value, too: { data: { port: 80 } }.');
}

/**
 * The JSON text of a message's `data`, exactly as it was sent but for white space. Of a message that was read here: a copy
 * (structuredClone) has the value alone, and one whose `data` you change still has the text that was sent.
 */
export function exactDataOf(message: Message): string {
  return dataJson(message);
}
