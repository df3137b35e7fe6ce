/** How what comes is written: as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html), or as JSON Lines. */
import { errorJson } from '../../cli/errors.ts';
import { harmlessJson } from '../../cli/harmless.ts';
import type { DreamosError } from '../../model/errors.ts';
import { problemOf } from '../route/problem.ts';

/** How long a client rests that was cut off, before it asks again; milliseconds. */
const retryMs = 1000;

export interface Frames {
  readonly type: string;
  /** Before anything has come: with this cursor nothing is missed from now on. Without it there is none. */
  begun(cursor: string | undefined): string;
  /** @param json without line ends @param cursor continues behind it */
  item(json: string, cursor: string | undefined): string;
  warning(text: string): string;
  /** It ends with this. */
  failure(error: DreamosError): string;
  /** Says that there is nothing to say. */
  readonly alive: string;
}

export const serverSentEvents: Frames = {
  type: 'text/event-stream',
  // Without data it is no event; the id is kept all the same, for who is cut off before the first one.
  begun: (cursor) => `retry: ${retryMs}\n${idOf(cursor)}\n`,
  item: (json, cursor) => `${idOf(cursor)}data: ${json}\n\n`,
  warning: (warning) => `event: warning\ndata: ${harmlessJson({ warning })}\n\n`,
  // Not "error": that is what an EventSource calls it when it is cut off.
  failure: (error) => `event: problem\ndata: ${harmlessJson(problemOf(error))}\n\n`,
  alive: ':\n\n',
};

function idOf(cursor: string | undefined): string {
  return cursor === undefined ? '' : `id: ${cursor}\n`;
}

export const jsonLines: Frames = {
  type: 'application/jsonl',
  begun: () => '',
  item: (json) => `${json}\n`,
  warning: (warning) => `${harmlessJson({ warning })}\n`,
  failure: (error) => `${harmlessJson(errorJson(error))}\n`,
  // Whoever is on this machine is known to be gone when he is, and a reader of lines need not know of empty ones.
  alive: '',
};

/** Events for who asks for them; for all others lines. */
export function framesFor(accept = ''): Frames {
  return /\btext\/event-stream\b/i.test(accept) ? serverSentEvents : jsonLines;
}
