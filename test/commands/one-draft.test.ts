/** A draft is the same by the library, as a line of `--batch` and as a file in drop/. */
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { sendAll } from '../../src/core/send/send.ts';
import { draftSchema, handedInSchema } from '../../src/contract/draft.ts';
import { type Draft, draftFields } from '../../src/model/draft.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { priorities } from '../../src/model/message.ts';
import type { Store } from '../../src/storage/port/store.ts';
import { must } from '../core/rig.ts';
import { policy } from '../storage/contract/rig.ts';
import { collect, makeRoom } from '../storage/file/room.ts';
import { createRig } from './rig.ts';

// Each run makes two roots, one of them on disk.
vi.setConfig({ testTimeout: 60_000 });

const nowMs = Date.parse('2026-11-20T09:00:00.000Z');

/** What came of a draft: a message and its times, or why it was refused. */
type Came = { readonly message: object; readonly dueAt: number | undefined } | { readonly refused: string };

async function arrived(store: Store): Promise<Came> {
  const entries = [
    ...(await collect(store.look.list('reviewer', 'ready'))),
    ...(await collect(store.look.list('reviewer', 'delayed'))),
  ];
  expect(entries).toHaveLength(1);
  const entry = must(entries[0]);
  const { id: _, digest: __, ...message } = must(await store.look.read(entry));
  expect(entry.expiresAt).toBe(message.expiresAt === null ? undefined : Date.parse(message.expiresAt));
  return { message, dueAt: entry.dueAt };
}

async function byLibrary(draft: object): Promise<Came> {
  const { root } = await createRig();
  const [result] = await sendAll(root, [draft as Draft]);
  if (result instanceof DreamosError) return { refused: `${result.message} ${result.hint}` };
  return arrived(root.store);
}

async function byBatch(draft: object): Promise<Came> {
  const { dreamos, root } = await createRig();
  const { code, err } = await dreamos('send --batch --json', { stdin: JSON.stringify(draft) });
  if (code === 0) return arrived(root.store);
  const { error } = JSON.parse(err) as { error: { message: string; hint: string } };
  return { refused: `${error.message} ${error.hint}` };
}

async function byDrop(draft: object): Promise<Came> {
  const room = makeRoom(['planner', 'reviewer'], nowMs);
  const { drop, corrupt } = room.at('reviewer');
  writeFileSync(join(drop, 'a.json'), JSON.stringify(draft));
  utimesSync(join(drop, 'a.json'), nowMs / 1000, nowMs / 1000);
  const store = await room.open();
  await store.mail.recover('reviewer', policy);
  if (readdirSync(drop).length === 0) return arrived(store);
  room.clock.advance(2000);
  await store.mail.recover('reviewer', policy);
  const note = readdirSync(corrupt).find((name) => name.endsWith('.note.json')) ?? '';
  return { refused: (JSON.parse(readFileSync(join(corrupt, note), 'utf8')) as { why: string }).why };
}

const everyWay = async (draft: object): Promise<Came[]> =>
  Promise.all([byLibrary(draft), byBatch(draft), byDrop(draft)]);

const text = (limits: fc.StringConstraints = {}) => fc.string({ unit: 'grapheme-ascii', ...limits });
const duration = fc.constantFrom('250ms', '1.5s', '5m', '2h', '7d');
const times = fc.oneof(
  fc.constant({}),
  fc.oneof(fc.record({ ttl: duration }), fc.record({ ttlMs: fc.integer({ min: 1, max: 1e10 }) })),
  fc.oneof(fc.record({ delay: duration }), fc.record({ delayMs: fc.integer({ min: 0, max: 1e10 }) })),
  fc.record({ at: fc.integer({ min: nowMs + 1, max: nowMs + 1e10 }), ttl: fc.constant('365d') }),
  fc.constantFrom({ at: '2026-11-21T10:00+01:00' }, { at: '2027-01-01T00:00', ttlMs: 4e9 }),
);
const drafts = fc
  .tuple(
    fc.record(
      {
        to: fc.constantFrom('reviewer', ['reviewer']),
        from: fc.constant('planner'),
        body: text({ minLength: 1 }).map((words) => `${words}.`),
        subject: text({ maxLength: 200 }),
        type: text({ minLength: 1, maxLength: 64 }),
        priority: fc.constantFrom(...priorities),
        thread: text(),
        replyTo: text(),
        tags: fc.array(text({ minLength: 1, maxLength: 64 }), { maxLength: 64 }),
        data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
        dedupeKey: text({ minLength: 1, maxLength: 512 }),
        orderingKey: text({ minLength: 1, maxLength: 512 }),
        replaceKey: text({ minLength: 1, maxLength: 512 }).map((key) => `r${key.slice(1)}`),
        notify: fc.boolean(),
        allowEmpty: fc.boolean(),
        durability: fc.constantFrom('full', 'relaxed'),
      },
      { requiredKeys: ['to', 'from', 'body'] },
    ),
    times,
  )
  .map(([draft, when]) => ({ ...draft, ...when }))
  // A replace key that is the dedupe key is refused.
  .filter(({ dedupeKey, replaceKey }) => replaceKey === undefined || replaceKey !== dedupeKey);

test('any draft becomes the same message, whichever way it goes', () =>
  fc.assert(
    fc.asyncProperty(drafts, async (draft) => {
      expect(draftSchema.safeParse(draft).success).toBe(true);
      expect(handedInSchema.safeParse(draft).success).toBe(true);
      const [library, batch, drop] = await everyWay(draft);
      expect(library).toHaveProperty('message');
      expect(batch).toEqual(library);
      expect(drop).toEqual(library);
    }),
    { numRuns: 100 },
  ));

test('what a draft says with null is not said, whichever way it goes', () =>
  fc.assert(
    fc.asyncProperty(drafts, fc.subarray(draftFields as string[]), async (draft, names) => {
      const said = new Set(['to', 'from', 'body', ...Object.keys(draft)]);
      const nulls = Object.fromEntries(names.filter((name) => !said.has(name)).map((name) => [name, null]));
      const [library, batch, drop] = await everyWay({ ...draft, ...nulls });
      expect([batch, drop, await byLibrary(draft)]).toEqual([library, library, library]);
    }),
    { numRuns: 40 },
  ));

const letters = 'abcdefghijklmnopqrstuvwxyzMs'.split('');
/** One slip of the hand: a letter too few, too many, another one, or two in the wrong order. */
const misspelt = fc
  .tuple(fc.constantFrom(...draftFields), fc.nat(), fc.constantFrom(...letters), fc.nat(3))
  .map(([name, place, letter, slip]) => {
    const i = place % name.length;
    const [before, at, behind] = [name.slice(0, i), name.charAt(i), name.slice(i + 1)];
    if (slip === 0) return before + behind;
    if (slip === 1) return before + letter + at + behind;
    if (slip === 2) return before + letter + behind;
    return before + behind.charAt(0) + at + behind.slice(1);
  })
  .filter((name) => name !== '' && ![...draftFields, ...Object.keys(handedInSchema().shape)].includes(name));

test('any misspelling of a field is refused with the same words and the same nearest name, whichever way it goes', () =>
  fc.assert(
    fc.asyncProperty(misspelt, async (name) => {
      const came = await everyWay({ to: 'reviewer', from: 'planner', body: 'b', [name]: 'x' });
      const nearest = came.map((one) => {
        const why = 'refused' in one ? one.refused : '';
        expect(why).toContain(`${JSON.stringify(name)} is not a field of a message.`);
        const [, meant] = /Did you mean "(\w+)"\?/.exec(why) ?? [];
        expect(meant).toBeDefined();
        return meant;
      });
      expect(new Set(nearest).size).toBe(1);
    }),
    { numRuns: 150 },
  ));

test('help says every field of a line', async () => {
  const { dreamos } = await createRig();
  const { out } = await dreamos('help scripting');
  const [, fields = ''] = /Fields of a line: ([^.]+)\./.exec(out) ?? [];
  expect(fields.split(/,\s+/)).toEqual(draftFields);
});

test('what is of the wrong kind is refused whichever way it goes', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...draftFields.filter((name) => name !== 'data')), async (name) => {
      for (const came of await everyWay({ to: 'reviewer', from: 'planner', body: 'b', [name]: { no: 'kind' } }))
        expect(came).toHaveProperty('refused');
    }),
  ));
