/** No writer writes what its reader refuses: whatever is accepted is read back, and seen in the events. */
import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { listAgents, registerAgent } from '../../src/core/agents/agents.ts';
import { showDead } from '../../src/core/keep/dlq.ts';
import { rootOver } from '../../src/core/open-root.ts';
import { setConfig } from '../../src/core/config/change.ts';
import type { Session } from '../../src/core/root/root.ts';
import { addSchedule, listSchedules } from '../../src/core/schedules/schedules.ts';
import { send, sendAll } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { nack } from '../../src/core/take/settle.ts';
import { publish } from '../../src/core/topics/publish.ts';
import { loadSubscriptions, subscribe } from '../../src/core/topics/subscriptions.ts';
import type { Draft } from '../../src/model/draft.ts';
import type { WatchedEvent } from '../../src/model/event.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { policy } from '../storage/contract/rig.ts';
import { changeIn } from '../storage/contract/ways.ts';
import { makeRoom, type Room } from '../storage/file/room.ts';
import { expectRefusal, must } from './rig.ts';

// Some of them are as large as can be.
vi.setConfig({ testTimeout: 120_000 });

async function rootIn(room: Room): Promise<Session> {
  const warn = (warning: string): void => void room.warnings.push(warning);
  const { root: path, clock, ids } = room;
  return rootOver(await room.open(), { path, clock, ids }, { as: 'ann', warn });
}

async function eventsIn({ store }: Session, name: string): Promise<readonly WatchedEvent[]> {
  const { events, warnings } = await store.journal.readEvents([name], await store.journal.cursor([name], 'start'));
  expect(warnings).toEqual([]);
  return events;
}

test('a message whose escapes are more than a reader takes is refused, whatever its recipients take', async () => {
  const room = makeRoom();
  const root = await rootIn(room);
  await setConfig(root, 'maxMessageBytes', 67_108_864);
  const fits = '\u0001'.repeat(12_000_000);
  const [first, second] = await sendAll(root, [
    { to: 'bob', body: '\u0001'.repeat(13_000_000) },
    { to: 'bob', body: fits },
  ]);
  expect(first).toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  expect(second).toMatchObject({ to: ['bob'] });
  await expectRefusal(publish(root, 'a.b', { body: '\u0001'.repeat(13_000_000) }), 'MESSAGE_TOO_LARGE');
  expect(must(await readNext(root, 'bob')).message.body === fits).toBe(true);
  expect(await readNext(root, 'bob')).toBeUndefined();
});

test('a handed-in file that is too large with what it does not say is put aside as it is adopted', async () => {
  const room = makeRoom();
  const root = await rootIn(room);
  const path = join(room.at('bob').drop, 'a.json');
  const start = '{"from":"ann","body":"x"}';
  writeFileSync(path, start + ' '.repeat(100));
  const body = `{"from":"ann","body":"${'x'.repeat(72 * 1024 * 1024 - 24)}"}`;
  writeFileSync(path, body);
  truncateSync(path, body.length);
  utimesSync(path, room.clock.now() / 1000 - 60, room.clock.now() / 1000 - 60);
  await root.store.mail.recover('bob', policy);
  expect(await root.store.look.counts('bob')).toMatchObject({ ready: 0, corrupt: 1 });
});

test('what arrives, or is put aside, is told to who watches, however long its texts are', async () => {
  const room = makeRoom();
  const root = await rootIn(room);
  // As an older version wrote it.
  const message = room.message({ to: ['bob'], thread: 't'.repeat(2_000_000), replyTo: '\u0001'.repeat(2_000_000) });
  await root.store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'relaxed' });
  const path = join(room.at('bob').drop, 'a.json');
  writeFileSync(
    path,
    JSON.stringify({ from: 'ann', body: 'x', ttl: 'f'.repeat(2_000_000), ['g'.repeat(2_000_000)]: 1 }),
  );
  utimesSync(path, room.clock.now() / 1000 - 60, room.clock.now() / 1000 - 60);
  await root.store.mail.recover('bob', policy);
  expect((await eventsIn(root, 'bob')).map(({ event }) => event)).toEqual(['delivered', 'corrupt']);
  expect(room.warnings.join('').length).toBeLessThan(5000);
});

test('a document that its reader would refuse is refused, and stays what it was', async () => {
  const room = makeRoom();
  const root = await rootIn(room);
  await registerAgent(root, { name: 'bob', description: 'builds', groups: ['a'] });
  await subscribe(root, 'a.*');
  const before = [await listAgents(root), await loadSubscriptions(root)];
  await expectRefusal(registerAgent(root, { name: 'bob', description: 'x'.repeat(1024 * 1024) }), 'CONFIG_INVALID');
  await expectRefusal(registerAgent(root, { name: 'bob', description: 5 as unknown as string }), 'CONFIG_INVALID');
  await expectRefusal(registerAgent(root, { name: 'bob', description: '\ud83d' }), 'MESSAGE_INVALID');
  await expectRefusal(registerAgent(root, { name: 'new', description: 'x'.repeat(1024 * 1024) }), 'CONFIG_INVALID');
  const many = Array.from({ length: 150_000 }, (_, i) => `${'a'.repeat(110)}.${i}`);
  await expectRefusal(subscribe(root, many), 'CONFIG_INVALID');
  await expectRefusal(
    changeIn(root.store, 'settings', () => ({ later: 'x'.repeat(1024 * 1024) })),
    'CONFIG_INVALID',
  );
  await expectRefusal(setConfig(root, 'lease', 5), 'CONFIG_INVALID');
  // Small as a message, and 18 MB where it is indented.
  const deep: unknown = JSON.parse(`${'['.repeat(900)}${'1,'.repeat(10_000)}1${']'.repeat(900)}`);
  const schedule = { name: 'deep', cron: '0 3 * * *', message: { to: 'bob', body: 'x', data: deep } };
  await expectRefusal(addSchedule(root, schedule), 'CONFIG_INVALID');
  const again = await rootIn(room);
  expect([await listAgents(again), await loadSubscriptions(again)]).toEqual(before);
  expect(await listSchedules(again)).toEqual([]);
  await publish(again, 'a.b', { body: 'x' });
});

// Mostly what a field may be: of a draft with many fields one is enough to have it refused.
const text = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }) },
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', '\u0000', '"', '\\', 'x') }),
  fc.integer({ min: 0, max: 300_000 }).map((length) => '\u0001'.repeat(length)),
);
const some = { requiredKeys: [] };
const fields = fc.record(
  { subject: text, type: text, thread: text, replyTo: text, tags: fc.array(text), data: fc.anything() },
  some,
);

/** What a call came to; `undefined`: it was refused. */
async function accepted<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DreamosError && error.kind === 'invalid') return undefined;
    throw error;
  }
}

test('whatever send, nack, register, subscribe and schedule accept is read back', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fields,
      text,
      fc.oneof(text, fc.constantFrom(new Error('x'), 404, { a: 1 })),
      text,
      async (more, body, reason, description) => {
        const room = makeRoom();
        const root = await rootIn(room);
        const draft = { to: 'bob', body, allowEmpty: true, ...more } as Draft;
        if (await accepted(send(root, draft))) {
          taken++;
          const { message, receipt } = must(await readNext(root, 'bob'));
          expect(message).toMatchObject({ body, ...(more.thread !== undefined && { thread: more.thread }) });
          await nack(root, receipt, { dead: true, reason: reason as string });
          const dead = await showDead(root, 'bob', message.id);
          expect(dead.reason).not.toMatch(/^unknown/);
          expect((await eventsIn(root, 'bob')).map(({ event }) => event)).toEqual(['delivered', 'claimed', 'dead']);
        }
        const { replyTo: _, ...daily } = draft;
        const registered = await accepted(registerAgent(root, { name: 'cy', description }));
        await subscribe(root, [description, 'a.*']);
        const scheduled = await accepted(addSchedule(root, { name: 's', cron: '0 3 * * *', message: daily }));
        const again = await rootIn(room);
        if (registered) expect(await again.store.documents.getAgent('cy')).toMatchObject({ description });
        expect((await loadSubscriptions(again)).get('ann')).toContain('a.*');
        expect((await listSchedules(again)).map((one) => one.message.body)).toEqual(scheduled ? [body] : []);
        expect(room.warnings).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
  expect(taken).toBeGreaterThan(5);
});
