/** What a request brings: counted before anything is made of it, however it comes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { lineBytesHeader } from '../../core/remote/protocol.ts';
import { messageInvalid } from '../../model/refusals.ts';
import { asUsage, Refusal } from '../route/refusal.ts';
import { exactlyOf } from '../route/take.ts';
import { smallBytes } from './body-room.ts';

const mebibyte = 1024 * 1024;

/** The most that lines of many drafts may have together. */
const mostBytesOfMany = 64 * mebibyte;

/** Whose next bytes do not come in this time has no place, nor room for what he brings; milliseconds. */
const silentMs = 20_000;

/** What is around a message, and what of it JSON makes longer. */
export const aroundMessageBytes = 64 * 1024;

/** @returns why a body as long as it says is not to be read, before it is */
function tooLong({ headers }: IncomingMessage, mostBytes: number): Refusal | undefined {
  return Number(headers['content-length'] ?? 0) > mostBytes ? refusal(mostBytes) : undefined;
}

function refusal(mostBytes: number): Refusal {
  // What is still on its way is not read: the connection ends with the answer.
  return new Refusal(
    413,
    ['invalid', 'MESSAGE_TOO_LARGE'],
    `The request has more than ${mostBytes} bytes.`,
    'Write it to a file and send its path; the limit: dreamos config get maxMessageBytes',
    { connection: 'close' },
  );
}

export interface Reading {
  /** The most that one message may have, as JSON. */
  readonly mostBytes: number;
  /** Comes when so many bytes may be read. @throws SERVER_BUSY */
  readonly room: (bytes: number) => Promise<void>;
}

function tooSlow(): Refusal {
  const message = `Nothing more of the request has come for ${silentMs / 1000} seconds.`;
  return new Refusal(408, asUsage, message, 'Send the body at once', { connection: 'close' });
}

/** The text of a body, by what its type says; neither: there is none. */
export interface Brought {
  readonly json?: string;
  readonly lines?: string;
}

/** @throws 408, 413, 415, 503, 400: what is no UTF-8 */
export async function broughtIn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { mostBytes, room }: Reading,
): Promise<Brought> {
  const isNone = incoming.headers['content-length'] === '0' || !hasBody(incoming);
  if (isNone) return {};
  const { isLines } = checkKind(incoming);
  const text = textOf(await bytesOf(incoming, outgoing, { mostBytes: isLines ? mostBytesOfMany : mostBytes, room }));
  return isLines ? { lines: text } : { json: text };
}

/** @param lines nothing but lines is taken @throws 415 */
function checkKind({ headers }: IncomingMessage, lines = false): { readonly isLines: boolean } {
  const [kind = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const isLines = /^application\/(?:jsonl|x-ndjson|x-jsonlines)\s*$/.test(kind);
  if (isLines || (!lines && kind.trim() === 'application/json')) return { isLines };
  const said = kind === '' ? 'no Content-Type' : `Content-Type: ${kind.trim()}`;
  throw new Refusal(415, asUsage, `The request has ${said}.`, 'Send JSON, with Content-Type: application/json', {
    accept: 'application/json, application/jsonl',
  });
}

/** What a client says by the way is short. */
const mostSaidBytes = 1024;

/**
 * JSON Lines of a request that goes on while it is answered.
 * @param talk `heard` gets each further line as JSON, for as long as the client says what can be read
 * @returns the first one @throws 408, 413, 415, 503, 400
 */
export async function talkOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { room, heard }: Pick<Reading, 'room'> & { readonly heard: (said: unknown) => void },
): Promise<unknown> {
  checkKind(incoming, true);
  const hear = (line: Buffer): void => {
    const said = jsonIn(line.toString());
    if (said !== undefined) heard(said);
  };
  const most = Number(incoming.headers[lineBytesHeader] ?? smallBytes);
  if (!(most <= mostBytesOfMany)) throw refusal(mostBytesOfMany);
  await room(most);
  const bytes = await firstLineOf(incoming, outgoing, { most, heard: hear });
  return exactlyOf(textOf(bytes), 'The body');
}

async function firstLineOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { most: mostFirst, heard }: { readonly most: number; readonly heard: (line: Buffer) => void },
): Promise<Buffer> {
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  const rest = createPieces();
  let isFirst = true;
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      const most = (): number => (isFirst ? mostFirst : mostSaidBytes);
      let from = 0;
      for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
        rest.add(chunk.subarray(from, to));
        if (rest.bytes() > most()) return end(refusal(most()));
        const line = rest.whole();
        if (isFirst) resolve(line);
        else heard(line);
        isFirst = false;
        from = to + 1;
      }
      rest.add(chunk.subarray(from));
      if (rest.bytes() > most()) end(refusal(most()));
      else if (isFirst) silent.refresh();
      else clearTimeout(silent);
    };
    const end = (error: Error): void => {
      clearTimeout(silent);
      incoming.off('data', take).pause();
      reject(error);
    };
    const silent = setTimeout(() => end(tooSlow()), silentMs);
    incoming.on('data', take).once('error', reject);
    incoming.once('end', () => resolve(rest.whole()));
    incoming.once('close', () => {
      clearTimeout(silent);
      reject(messageInvalid('The request ended before its first line was whole.'));
    });
  });
}

const newline = 0x0a;

/** A client may cut what it sends into single bytes, and each piece costs more than a hundred beside itself. */
const mostPieces = 1024;

function createPieces() {
  let pieces: Buffer[] = [];
  let small: Buffer[] = [];
  let bytes = 0;
  return {
    bytes: () => bytes,
    add: (piece: Buffer): void => {
      bytes += piece.length;
      small.push(piece);
      if (small.length < mostPieces) return;
      pieces.push(Buffer.concat(small));
      small = [];
    },
    /** All of it, which is forgotten then. */
    whole: (): Buffer => {
      const all = Buffer.concat([...pieces, ...small]);
      [pieces, small, bytes] = [[], [], 0];
      return all;
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

const empty = Buffer.alloc(0);

async function bytesOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { mostBytes, room }: Reading,
): Promise<Buffer> {
  const early = tooLong(incoming, mostBytes);
  if (early) throw early;
  await room(Number(incoming.headers['content-length'] ?? mostBytes));
  // What is short has come with its head, and nothing is waited for.
  if (incoming.complete && incoming.readableLength <= mostBytes) return (incoming.read() as Buffer | null) ?? empty;
  // Who asks first sends it only now.
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  const brought = createPieces();
  // Not by an iterator: what leaves its loop destroys the connection, and the answer would not arrive.
  let silent: NodeJS.Timeout | undefined;
  const whole = new Promise<void>((resolve, reject) => {
    const end = (error: Error): void => {
      incoming.off('data', take).pause();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      silent?.refresh();
      brought.add(chunk);
      if (brought.bytes() > mostBytes) end(refusal(mostBytes));
    };
    silent = setTimeout(() => end(tooSlow()), silentMs);
    incoming.on('data', take).once('end', resolve).once('error', reject);
    incoming.once('close', () => {
      if (!incoming.complete) reject(messageInvalid('The request ended before its body was whole.'));
    });
  });
  await whole.finally(() => clearTimeout(silent));
  return brought.whole();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw messageInvalid('The request is not UTF-8.', 'Send JSON as UTF-8');
  }
}
