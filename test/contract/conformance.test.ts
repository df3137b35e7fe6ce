/** fixtures/conformance/ says what every implementation has to agree with; this is ours. test/server/python/ reads the same files. */
import { verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../src/contract/error-codes.ts';
import { publicKeyOf } from '../../src/core/ed25519/ed25519.ts';
import { checkName } from '../../src/core/root/names.ts';
import { durationIn } from '../../src/model/duration.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { idTime, isId } from '../../src/model/id.ts';
import { digestStart } from '../../src/model/signed/digest.ts';
import { signedPart } from '../../src/model/signed/signature.ts';
import { parseTopic, parseTopicPattern, topicMatches } from '../../src/model/topic.ts';
import { parseCursor } from '../../src/storage/file/names/cursor.ts';
import { isHandedInName } from '../../src/storage/file/names/layout.ts';
import { openLibrary } from './open-library.ts';

const folder = new URL('../../fixtures/conformance/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

/** @returns the code of what is refused; `null`: nothing */
async function refusal(work: () => unknown): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof DreamosError) return error.code;
    throw error;
  }
}

const kept = (parse: (text: string) => string, text: string): string | null => {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'TOPIC_INVALID') return null;
    throw error;
  }
};

/** What the file expects, and what there is, of each case. */
type Compared = readonly { readonly of: string; readonly wanted: unknown; readonly is: unknown }[];

interface Bytes {
  readonly what: string;
  readonly bytes: string;
}

function verdictOf(bytes: Buffer, publicKey: string): string {
  const cut = digestStart(bytes);
  const part = typeof cut === 'string' ? undefined : signedPart(bytes.subarray(0, cut));
  if (!part) return 'unsigned';
  return verify(null, part.signed, publicKeyOf(publicKey), part.signature) ? 'verified' : 'invalid';
}

const readers: Readonly<Record<string, () => Compared | Promise<Compared>>> = {
  'agent-names': () =>
    Promise.all(
      (read('agent-names') as { cases: { name: string; good: boolean }[] }).cases.map(async ({ name, good }) => ({
        of: name,
        wanted: good ? null : 'NAME_INVALID',
        is: await refusal(() => checkName(name)),
      })),
    ),
  cursors: () =>
    Promise.all(
      (read('cursors') as { cases: { what: string; cursor: string; good: boolean }[] }).cases.map(
        async ({ what, cursor, good }) => ({
          of: what,
          wanted: good ? null : 'CURSOR_INVALID',
          is: await refusal(() => parseCursor(cursor)),
        }),
      ),
    ),
  digests: () =>
    (read('digests') as { cases: (Bytes & { fault: string | null })[] }).cases.map(({ what, bytes, fault }) => {
      const start = digestStart(Buffer.from(bytes, 'base64'));
      return { of: what, wanted: fault, is: typeof start === 'string' ? start : null };
    }),
  drafts: async () => {
    const mail = await openLibrary();
    const compared: Compared[number][] = [];
    for (const { what, draft, code } of (
      read('drafts') as { cases: { what: string; draft: never; code: string | null }[] }
    ).cases)
      compared.push({ of: what, wanted: code, is: await refusal(() => mail.as('planner').send(draft)) });
    return compared;
  },
  'drop-names': () =>
    (read('drop-names') as { cases: { name: string; taken: boolean }[] }).cases.map(({ name, taken }) => ({
      of: name,
      wanted: taken,
      is: isHandedInName(name),
    })),
  durations: () =>
    (read('durations') as { cases: { text: string; ms: number | null }[] }).cases.map(({ text, ms }) => ({
      of: text,
      wanted: ms,
      is: durationIn(text) ?? null,
    })),
  'error-codes': () => {
    const { cases } = read('error-codes') as { cases: { code: string; kind: string }[] };
    const kinds = new Map(cases.map(({ code, kind }) => [code, kind]));
    return Object.entries(errorCodes).map(([code, { kind }]) => ({ of: code, wanted: kinds.get(code), is: kind }));
  },
  ids: () =>
    (read('ids') as { cases: { text: string; good: boolean; timeMs?: number }[] }).cases.map(
      ({ text, good, timeMs }) => ({
        of: text,
        wanted: [good, timeMs],
        is: [isId(text), isId(text) ? idTime(text) : undefined],
      }),
    ),
  signatures: () =>
    (read('signatures') as { cases: (Bytes & { publicKey: string; verdict: string })[] }).cases.map(
      ({ what, bytes, publicKey, verdict }) => ({
        of: what,
        wanted: verdict,
        is: verdictOf(Buffer.from(bytes, 'base64'), publicKey),
      }),
    ),
  topics: () => {
    type Texts = { text: string; kept: string | null }[];
    const { topics, patterns, matches } = read('topics') as {
      topics: Texts;
      patterns: Texts;
      matches: { pattern: string; topic: string; matches: boolean }[];
    };
    return [
      ...topics.map(({ text, kept: wanted }) => ({ of: text, wanted, is: kept(parseTopic, text) })),
      ...patterns.map(({ text, kept: wanted }) => ({ of: text, wanted, is: kept(parseTopicPattern, text) })),
      ...matches.map(({ pattern, topic, matches: wanted }) => ({
        of: `${pattern} ${topic}`,
        wanted,
        is: topicMatches(pattern, topic),
      })),
    ];
  },
};

describe('what every implementation agrees with', () => {
  test('each file is read', () => {
    const names = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));
    expect(names.sort()).toEqual(Object.keys(readers).sort());
  });
  test.each(Object.keys(readers))('%s', async (name) => {
    const compared = (await readers[name]?.()) ?? [];
    expect(compared.length).toBeGreaterThan(0);
    expect(compared.map(({ of, is }) => ({ of, is }))).toEqual(compared.map(({ of, wanted }) => ({ of, is: wanted })));
  });
});
