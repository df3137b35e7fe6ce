/**
 * A file that a script has handed in: its bytes are the message, and what they do not say comes from the file. Whoever reads
 * it makes the same message of it, wherever it lies by then: only its own times count, which no rename changes.
 */
import { sayableTime } from '../../../model/clock.ts';
import { mostFileBytes, mostLevels } from '../../../model/basics/limits.ts';
import { checkedJson } from '../../../model/data.ts';
import { type Draft, parseDraft, type Parsed, timesOf } from '../../../model/draft.ts';
import { DreamosError } from '../../../model/errors.ts';
import { idFrom } from '../../../model/id.ts';
import { explainIssues, fromFile, messageSchema, type Message, seal } from '../../../model/message.ts';
import { reference } from '../../../model/refusals.ts';
import { isDeeperThan, isNested, takeDataExactly } from '../../../model/basics/raw-json.ts';
import { sha256 } from '../../../model/basics/sha256.ts';
import { digestStart, endOf } from '../../../model/signed/digest.ts';
import { keepBytes } from '../../../model/signed/signature.ts';

// What a file does not say, and the digest.
const addedBytes = 64 * 1024;

type HandedIn = Parsed<Draft> & Partial<Pick<Message, 'id' | 'createdAt' | 'expiresAt' | 'digest'>>;

interface File {
  readonly mailbox: string;
  readonly mtimeMs: number;
}

/** What the name of a handed-in entry remembers of its bytes. */
export function handedInDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

/**
 * A file in drop/: the message and when it is to be delivered, if it says so. It has the id that the file says, or one
 * made of its time, its name and its bytes: whoever adopts it comes to the same.
 * @throws CORRUPT; of a field that nobody knows, too
 */
export function readHandedIn(
  bytes: Buffer,
  file: File & { readonly path: string; readonly nowMs: number },
): { readonly message: Message; readonly dueAt: number | undefined } {
  const given = parseHandedIn(bytes, 'drop');
  if (given.seal === true || given.sealSubject === true)
    throw corrupt(
      'its words lay in drop/ for everybody who may look there, so they are not sealed any more; a body that is a file of age says "sealed": "age"',
    );
  if (given.ttlMs !== undefined && given.expiresAt !== undefined)
    throw corrupt('it is not a message: a time-to-live and "expiresAt" say the same; give one of them');
  const seed = () => Buffer.from(sha256(Buffer.concat([Buffer.from(`${file.path}\0`), bytes])), 'hex');
  const message = keepSigned(bytes, toMessage(given, { ...file, id: given.id ?? idFrom(file.mtimeMs, seed()) }));
  orCorrupt(() => checkedJson(given.data));
  if (bytes.length > mostFileBytes - addedBytes) orCorrupt(() => seal(message));
  return { message, dueAt: orCorrupt(() => timesOf(given, Date.parse(message.createdAt), file.nowMs)).dueAt };
}

/** One that was adopted. @throws CORRUPT */
export function completeHandedIn(bytes: Buffer, file: File & { readonly id: string }): Message {
  return keepSigned(bytes, toMessage(parseHandedIn(bytes), file));
}

/** Of the file of a message from elsewhere: whether it is as it was signed, its bytes tell. */
function keepSigned(bytes: Buffer, message: Message): Message {
  const cut = message.sig === undefined ? 'it is not signed' : digestStart(bytes);
  if (typeof cut === 'number') keepBytes(message, bytes.subarray(0, endOf(bytes)), cut);
  return message;
}

function toMessage(given: HandedIn, file: File & { readonly id: string }): Message {
  const { to = file.mailbox, ttlMs, digest: _, notify, ...said } = withoutSending(given);
  const parsed = messageSchema.safeParse({
    v: 1,
    to: typeof to === 'string' ? to.split(',') : to,
    subject: '',
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    createdAt: isoOf(file.mtimeMs),
    expiresAt: null,
    dedupeKey: null,
    ...said,
    ...(notify && { notify }),
    id: file.id,
  });
  if (!parsed.success) throw corrupt(`it is not a message: ${explainIssues(parsed.error)}`);
  const message = parsed.data;
  if (ttlMs !== undefined) message.expiresAt ??= isoOf(Date.parse(message.createdAt) + ttlMs);
  return fromFile(message);
}

/** @throws CORRUPT */
export function parseHandedIn(bytes: Buffer, operation: 'drop' | 'adopted' = 'adopted'): HandedIn {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`it is not JSON in UTF-8 (${(cause as Error).message})`);
  }
  if (isDeeperThan(mostLevels, json)) throw corrupt(`it is nested too deeply (more than ${mostLevels} levels)`);
  takeDataExactly(json, text);
  return orCorrupt(() => parseDraft((operation === 'adopted' ? asAdopted(json) : json) as HandedIn, operation));
}

/**
 * What says how it is to be sent has been decided, perhaps by a version that took it for anything. Only how long it is good
 * stays, where it says so.
 */
function asAdopted(json: unknown): unknown {
  if (!isNested(json) || Array.isArray(json)) return json;
  const { ttl, ttlMs, ...said } = withoutSending(json as Record<string, unknown>);
  try {
    const { ttlMs: ms } = parseDraft({ ttl, ttlMs, from: '', body: '' } as Draft, 'drop');
    return ms === undefined ? said : { ...said, ttlMs: ms };
  } catch {
    return said;
  }
}

function orCorrupt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The note is all that its writer sees of it.
    const hint = error.hint === undefined || error.hint === reference ? '' : ` ${error.hint}`;
    throw corrupt(`it is not a message: ${error.message}${hint}`);
  }
}

// How it is to be sent, which a message no longer says.
const ofSending = new Set(['delay', 'delayMs', 'at', 'allowEmpty', 'seal', 'sealSubject', 'durability']);

function withoutSending<D extends object>(given: D): D {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !ofSending.has(name))) as D;
}

function isoOf(ms: number): string {
  return new Date(sayableTime(ms)).toISOString();
}

export function corrupt(why: string): DreamosError {
  return new DreamosError(
    'invalid',
    'CORRUPT',
    `This message cannot be read: ${why.replace(/[.]$/, '')}${why.endsWith('?') ? '' : '.'}`,
  );
}
