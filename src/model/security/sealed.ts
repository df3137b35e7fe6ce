/**
 * What lies within a sealed body: JSON, so that age(1) and jq read it, and make it. It says of which message it is, because
 * whoever can write into the root can put one message's ciphertext into another.
 */
import { type Message, fromFile } from '../message.ts';
import { rawData, takeDataExactly } from '../basics/raw-json.ts';

/** By what a message is sealed that this version makes, and opens. */
export const sealedBy = 'age';

/** What says of which message sealed words are. */
type Address = Pick<Message, 'id' | 'from' | 'to' | 'topic'>;

export interface Words {
  readonly body: string;
  /** JSON; `null`: none. */
  readonly data: string;
  /** `undefined`: it stands outside. */
  readonly subject: string | undefined;
}

/** The text that is encrypted. */
export function innerText({ id, from, to, topic }: Address, { subject, body, data }: Words): string {
  const address = JSON.stringify({ v: 1, id, from, to, topic, subject, body });
  return data === 'null' ? address : `${address.slice(0, -1)},"data":${data}}`;
}

/**
 * The message as it was before it was sealed: without what is said of its ciphertext.
 * @returns what is wrong, as the end of a sentence, where the text is not this message's
 */
export function openedBy(text: string, message: Message): Message | string {
  const said = objectIn(text);
  if (typeof said !== 'object' || said === null) return 'what is in it is no sealed message';
  const { v, id, from, to, topic, subject, body, data } = said as Record<string, unknown>;
  if (v !== 1) return 'what is in it was sealed by a later version, or is no sealed message';
  if (typeof body !== 'string' || (subject !== undefined && typeof subject !== 'string'))
    return 'what is in it is no sealed message';
  if (id !== message.id) return `what is in it belongs to another message, ${JSON.stringify(id)}`;
  if (from !== message.from) return `what is in it says that ${JSON.stringify(from)} has sent it`;
  if (JSON.stringify(to) !== JSON.stringify(message.to) || topic !== message.topic)
    return 'what is in it was for others';
  const { extra, digest: _, sealed: __, sealedMac: ___, [rawData]: ____, ...outside } = message;
  return fromFile({ ...outside, subject: subject ?? outside.subject, body, data: data ?? null, ...extra });
}

function objectIn(text: string): unknown {
  try {
    const said: unknown = JSON.parse(text);
    takeDataExactly(said, text);
    return said;
  } catch {
    return undefined;
  }
}
