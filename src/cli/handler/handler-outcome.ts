import type { Outcome } from '../../core/work/outcome.ts';
import { hardMaxMessageBytes } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';
import type { ExitMap } from './exit-map.ts';
import type { HandlerEnd } from './handler.ts';
import { decodeText } from '../input/body.ts';
import type { Tail } from './tail.ts';

/** What a handler says by its exit code; its last words on stderr are the reason. */
export function handlerOutcome(end: HandlerEnd, map: ExitMap, tail: Tail, answer: ReplyBody | undefined): Outcome {
  const outcome = (end.exitCode === null ? undefined : map.get(end.exitCode)) ?? 'fail';
  if (outcome === 'ack') return answer ? withReply(answer) : { outcome };
  const how = end.exitCode === null ? `killed by ${end.signal}` : `exit ${end.exitCode}`;
  const words = tail.text();
  return { outcome, reason: words === '' ? how : `${how}: ${words}` };
}

function withReply(answer: ReplyBody): Outcome {
  try {
    const body = answer.text();
    return body.trim() === '' ? { outcome: 'ack' } : { outcome: 'ack', reply: { body } };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return { outcome: 'fail', reason: error.message };
  }
}

/** What a handler prints as its reply, in bounded memory. */
export interface ReplyBody {
  add(this: void, chunk: Uint8Array): Promise<void>;
  /** @throws BODY_NOT_TEXT, MESSAGE_TOO_LARGE */
  text(): string;
}

export function createReplyBody(): ReplyBody {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    add: async (chunk) => {
      bytes += chunk.length;
      // Of a reply that is too long already nothing more is kept.
      if (bytes <= hardMaxMessageBytes) chunks.push(chunk);
      else chunks = [];
    },
    text: () => {
      if (bytes > hardMaxMessageBytes) {
        const message = `The reply has ${bytes} bytes; no message has more than ${hardMaxMessageBytes}.`;
        throw new DreamosError('invalid', 'MESSAGE_TOO_LARGE', message);
      }
      return decodeText(Buffer.concat(chunks), 'the reply');
    },
  };
}
