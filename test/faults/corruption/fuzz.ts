/** Anything at all into every parser: out comes a right value or a DreamosError, and what was written is read back. */
import * as fc from 'fast-check';
import { groupLines } from '../../../src/cli/input/lines.ts';
import { lastCursor } from '../../../src/cli/input/since.ts';
import { formatDuration, parseDuration } from '../../../src/model/duration.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { isId } from '../../../src/model/id.ts';
import { parseMessage, priorities, seal, unseal, type Message } from '../../../src/model/message.ts';
import { formatCursor, formatKept, parseCursor } from '../../../src/storage/file/names/cursor.ts';
import {
  formatEntryName,
  parseEntryName,
  type EntryName,
  longestEntryName,
} from '../../../src/storage/file/names/entry-name.ts';
import { parseBucket } from '../../../src/storage/file/names/layout.ts';
import { completeHandedIn, parseHandedIn } from '../../../src/storage/file/places/handed-in.ts';
import { formatReceipt, parseReceipt } from '../../../src/storage/file/names/receipt.ts';
import { outboxLink, parseOutboxFolder, parseOutboxLink } from '../../../src/storage/file/names/outbox-name.ts';
import { parseEventLog, parseHour, parseSlot } from '../../../src/storage/file/names/slots.ts';

export function fuzzParsers(seed: number, runs: number): { runs: number; failures: string[] } {
  const failures: string[] = [];
  let count = 0;
  for (const [name, property] of Object.entries(properties)) {
    const result = fc.check(property, { seed, numRuns: runs });
    count += result.numRuns;
    if (result.failed)
      failures.push(
        `${name}: ${String(result.errorInstance)} with ${fc.stringify(result.counterexample)} (fast-check seed ${result.seed}, path ${result.counterexamplePath})`,
      );
  }
  return { runs: count, failures };
}

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');
const crockford = (length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((parts) => parts.join(''));
const id = fc.tuple(fc.constantFrom(...letters.slice(0, 8)), crockford(25)).map((parts) => parts.join(''));
const agent = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

// A longer name is none of ours: what makes it so long never meets.
const fits = (name: EntryName): boolean => formatEntryName(name).length <= longestEntryName;

const entryName: fc.Arbitrary<EntryName> = fc
  .record({
    tag: fc.constantFrom('t', 'u', 'd', 'k'),
    time,
    id,
    rank: fc.integer({ min: 0, max: 3 }),
    attempt: fc.integer({ min: 0, max: 9999 }),
    token: maybe(crockford(10)),
    settled: maybe(crockford(10)),
    expiresAt: maybe(time),
    dueBy: maybe(time),
    range: maybe(
      fc.record({ offset: fc.integer({ min: 0, max: 999_999_999 }), length: fc.integer({ min: 1, max: 99_999_999 }) }),
    ),
    handedIn: maybe(fc.stringMatching(/^[0-9a-f]{32}$/)),
    withdrawn: maybe(fc.constant(true)),
    since: maybe(time),
    replace: maybe(fc.stringMatching(/^[0-9a-f]{10}$/)),
    notify: maybe(fc.constant(true)),
    unknown: maybe(fc.array(fc.stringMatching(/^q[A-Za-z0-9_-]{0,8}$/), { minLength: 1, maxLength: 1 })),
  })
  .filter(fits);

const iso = time.map((ms) => new Date(ms).toISOString());
const message: fc.Arbitrary<Message> = fc
  .record({
    v: fc.constant(1 as const),
    id,
    from: agent,
    to: fc.array(agent, { minLength: 1, maxLength: 3 }),
    subject: fc.string({ unit: 'grapheme', maxLength: 40 }),
    body: fc.string({ unit: 'binary' }).map(wellFormed),
    type: fc.stringMatching(/^[a-z]{1,20}$/),
    priority: fc.constantFrom(...priorities),
    thread: fc.option(fc.string()),
    replyTo: fc.option(id),
    tags: fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { maxLength: 4 }),
    data: fc.jsonValue(),
    createdAt: iso,
    expiresAt: fc.option(iso),
    dedupeKey: fc.option(fc.stringMatching(/^[a-z]{1,10}$/)),
  })
  .map((fields) => JSON.parse(JSON.stringify(fields)) as Message);

/** Half a receipt, a cursor with one letter changed: nearer to the truth than random text. */
const nearly = (right: fc.Arbitrary<string>) =>
  fc
    .tuple(right, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }), fc.constantFrom(0, 1, 5))
    .map(([text, at, put, drop]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + put + text.slice(cut + drop);
    });
const anyText = (right: fc.Arbitrary<string>) => fc.oneof(fc.string({ unit: 'binary' }), nearly(right), right);

const logPlace = fc.record(
  { bytes: fc.nat(), check: fc.stringMatching(/^[0-9a-z]{1,7}$/) },
  { requiredKeys: ['bytes'] },
);
const cursorText = fc
  .dictionary(agent, fc.dictionary(fc.constantFrom('2026-11-19', '2026-11-20'), logPlace), { maxKeys: 3 })
  .map((plain) => new Map(Object.entries(plain).map(([name, days]) => [name, new Map(Object.entries(days))])))
  .map((position) => formatCursor(position) ?? formatKept({ id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', bytes: position.size }));
const claimedName = entryName
  .map((name) => ({ ...name, tag: 'd' as const, token: name.token ?? '0123456789' }))
  .filter(fits);
const receiptText = fc.tuple(agent, claimedName).map(([mailbox, name]) => formatReceipt(mailbox, name));
const entryText = entryName.map(formatEntryName);

const properties: Record<string, fc.IProperty<unknown>> = {
  'entry name, round trip': holds(entryName, (name) => {
    const text = formatEntryName(name);
    same(JSON.stringify(parseEntryName(text)), JSON.stringify(name));
    return text.length <= 255 && !/[/\n\0]/.test(text);
  }),
  'entry name, anything': holds(anyText(entryText), (text) => {
    const name = parseEntryName(text);
    // What is accepted is written back so that it is accepted as the same.
    if (name === undefined) return true;
    const again = parseEntryName(formatEntryName(name));
    return again !== undefined && formatEntryName(again) === formatEntryName(name);
  }),
  'outbox link': holds(fc.tuple(agent, entryName), ([mailbox, name]) => {
    same(JSON.stringify(parseOutboxLink(outboxLink(mailbox, name))), JSON.stringify({ mailbox, name }));
    return true;
  }),
  'folder names, anything': holds(fc.string({ unit: 'binary' }), (text) => {
    parseHour(text);
    parseSlot(0, text);
    parseBucket(text);
    parseOutboxFolder(text);
    parseEventLog(text);
    parseOutboxLink(text);
    return true;
  }),
  'message, round trip': holds(message, (sent) => {
    const { digest, ...read } = unseal(seal(sent));
    same(JSON.stringify(read), JSON.stringify(sent));
    return digest?.startsWith('sha256:') === true;
  }),
  'message, one byte changed': holds(
    fc.tuple(message, fc.nat(), fc.integer({ min: 1, max: 255 })),
    ([sent, at, mask]) => {
      const bytes = seal(sent);
      bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ mask, at % bytes.length);
      return refused(() => unseal(bytes));
    },
  ),
  'message, anything': holds(fc.uint8Array({ maxLength: 400 }), (bytes) => refused(() => unseal(Buffer.from(bytes)))),
  'message text, anything': holds(
    fc.oneof(fc.string(), fc.json(), nearly(message.map((one) => JSON.stringify(one)))),
    (text) => orDreamosError(() => void parseMessage(text)),
  ),
  'handed in, anything': holds(
    fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      nearlyHandedIn(),
    ),
    (bytes) =>
      orDreamosError(() => {
        parseHandedIn(Buffer.from(bytes));
        const whole = completeHandedIn(Buffer.from(bytes), {
          id: '01KAG00000000000000000000A',
          mailbox: 'reviewer',
          mtimeMs: 1,
        });
        if (!isId(whole.id) || typeof whole.body !== 'string') throw new Error('not whole');
      }),
  ),
  'receipt, round trip': holds(fc.tuple(agent, claimedName), ([mailbox, name]) => {
    const receipt = parseReceipt(formatReceipt(mailbox, name));
    same(JSON.stringify(receipt), JSON.stringify({ mailbox, name: { ...name, token: name.token } }));
    return true;
  }),
  'receipt, anything': holds(anyText(receiptText), (text) =>
    orDreamosError(() => void parseReceipt(text), 'RECEIPT_INVALID'),
  ),
  'cursor, round trip': holds(cursorText, (text) => {
    const parsed = parseCursor(text);
    same(parsed instanceof Map ? formatCursor(parsed) : formatKept(parsed), text);
    return true;
  }),
  'cursor, anything': holds(
    fc.oneof(
      anyText(cursorText),
      fc.json().map((json) => `c1.${Buffer.from(json).toString('base64url')}`),
    ),
    (text) => orDreamosError(() => void parseCursor(text), 'CURSOR_INVALID'),
  ),
  'duration, anything': holds(fc.oneof(fc.string(), fc.stringMatching(/^\d{0,12}\.?\d{0,4}(ms|s|m|h|d)?$/)), (text) =>
    orDreamosError(() => {
      const ms = parseDuration(text);
      if (!Number.isInteger(ms) || ms < 0 || formatDuration(ms) === '') throw new Error(`${ms} ms`);
    }, 'USAGE'),
  ),
};

const asyncProperties: Record<string, fc.IAsyncProperty<unknown>> = {
  'batch lines, anything': fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 30 })),
    fc.integer({ min: 1, max: 5 }),
    async (chunks, most) => {
      const all = Buffer.concat(chunks).toString('latin1');
      const expected = all.split('\n').filter((line) => !/^[ \t\r]*$/.test(line));
      const got: string[] = [];
      for await (const group of groupLines(streamOf(chunks), most, 1000)) {
        if (group.length > most) throw new Error('a group is too large');
        got.push(...group.map(({ bytes }) => Buffer.from(bytes).toString('latin1')));
      }
      same(JSON.stringify(got), JSON.stringify(expected));
    },
  ),
  'last cursor, anything': fc.asyncProperty(
    fc.array(
      fc.oneof(
        fc.uint8Array(),
        cursorText.map((cursor) => Buffer.from(`{"cursor":"${cursor}"}\n`)),
      ),
    ),
    async (chunks) => {
      try {
        await lastCursor(streamOf(chunks), 'seen.jsonl', 'dreamos watch');
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
      }
    },
  ),
};

export async function fuzzReaders(seed: number, runs: number): Promise<{ runs: number; failures: string[] }> {
  const failures: string[] = [];
  let count = 0;
  for (const [name, property] of Object.entries(asyncProperties)) {
    const result = await fc.check(property, { seed, numRuns: runs });
    count += result.numRuns;
    if (result.failed)
      failures.push(`${name}: ${String(result.errorInstance)} with ${fc.stringify(result.counterexample)}`);
  }
  return { runs: count, failures };
}

function holds<T>(input: fc.Arbitrary<T>, check: (value: T) => boolean): fc.IProperty<unknown> {
  return fc.property(input, check);
}

function same(got: string | undefined, expected: string): void {
  if (got !== expected) throw new Error(`${got} is not ${expected}`);
}

function refused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return error instanceof DreamosError && error.code === 'CORRUPT';
  }
}

function orDreamosError(work: () => void, code?: string): boolean {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind === 'bug' || (code !== undefined && error.code !== code))
      throw error;
  }
  return true;
}

function nearlyHandedIn(): fc.Arbitrary<Buffer> {
  const fields = fc.record({ from: agent, body: fc.string() });
  const more = fc.dictionary(
    fc.constantFrom('id', 'to', 'v', 'tags', 'createdAt', 'expiresAt', 'digest', '__proto__', 'x'),
    fc.jsonValue(),
  );
  return fc.tuple(fields, more).map(([good, odd]) => Buffer.from(JSON.stringify({ ...good, ...odd })));
}

/** fast-check's strings can hold half a surrogate pair, which UTF-8 cannot. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
