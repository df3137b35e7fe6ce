import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listen } from '../../../../src/core/follow/listen.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, policy } from '../../contract/rig.ts';
import { Killed, killedBehind } from '../disks.ts';
import { collect, inspected, makeRoom, only, type Room } from '../room.ts';
import { scratch } from '../../../scratch.ts';
import { changeIn, documentIn } from '../../contract/ways.ts';
import { rootOver } from '../../../../src/core/open-root.ts';

const day = 86_400_000;

async function publish(room: Room, store: Store, body = 'green', to: readonly string[] = []): Promise<string> {
  const message = room.message({ to: [], topic: 'build.done', body });
  return accepted(await store.mail.send([{ message, mailboxes: ['#build.done', ...to] }], { durability: 'full' })).id;
}

const log = (room: Room, ...parts: string[]): string => join(room.root, 'topics', 'build.done', ...parts);

function rootOf(room: Room, store: Store): Session {
  const { clock, ids } = room;
  const warn = (text: string): void => void room.warnings.push(text);
  return rootOver(store, { path: room.root, clock, ids }, { warn });
}

const heard = async (room: Room, store: Store, count: number): Promise<string[]> =>
  (await collect(listen(rootOf(room, store), 'build.*', { since: 'start', count }))).map(({ message }) => message.body);

test("a topic is a folder with a mailbox's archive and events, and nothing else", async () => {
  const room = makeRoom();
  const store = await room.open();
  await publish(room, store);
  expect(readdirSync(log(room)).sort()).toEqual(['archive', 'events']);
  const today = new Date(room.clock.now()).toISOString().slice(0, 10);
  expect(readdirSync(log(room, 'archive'))).toEqual([today]);
  expect(readdirSync(log(room, 'archive', today))).toEqual([expect.stringMatching(/^k\d{13}\.i\w{26}\.p2\.a0\.json$/)]);
  expect(readdirSync(log(room, 'events'))).toEqual([`${today}.jsonl`]);
});

test('the longest topic can be published to and heard', async () => {
  const room = makeRoom();
  const store = await room.open();
  const topic = Array.from({ length: 64 }, () => 'a')
    .join('.')
    .concat('b');
  expect(topic).toHaveLength(128);
  const expiresAt = '9999-12-31T23:59:59.000Z';
  const message = room.message({ to: [], topic, expiresAt, dedupeKey: 'k' });
  accepted(await store.mail.send([{ message, mailboxes: [`#${topic}`, 'bob'] }], { durability: 'full' }));
  expect(await store.look.listTopics()).toEqual([topic]);
  expect((await only(store, 'archived', `#${topic}`)).id).toBe(message.id);
});

test('a listener finishes the publish of a process that died behind its commit', async () => {
  const room = makeRoom();
  const message = room.message({ to: [], topic: 'build.done', body: 'cut off' });
  const commit = room.layout.committed(message.id);
  const doomed = await room.open(killedBehind(({ to }) => to === commit));
  const mailboxes = ['#build.done', 'bob'];
  await expect(doomed.mail.send([{ message, mailboxes }], { durability: 'full' })).rejects.toThrow(Killed);
  const store = await room.open();
  expect(await store.look.listTopics()).toEqual([]);
  const root = rootOf(room, store);
  const [first] = await collect(listen(root, 'build.*', { count: 1, waitMs: 2000 }));
  expect(first?.message.id).toBe(message.id);
  expect((await only(store, 'ready')).id).toBe(message.id);
});

test('a cursor over many topics has room for the busy ones alone, and goes on in each without gap or repeat', async () => {
  const room = makeRoom();
  const store = await room.open();
  const say = async (topic: string, subject: string): Promise<void> => {
    const message = room.message({ to: [], topic, subject });
    accepted(await store.mail.send([{ message, mailboxes: [`#${topic}`] }], { durability: 'relaxed' }));
  };
  const hear = async (from: string): Promise<{ word: string; cursor: string }[]> => {
    const logs = (await store.look.listTopics()).map((topic) => `#${topic}`);
    const news: { word: string; cursor: string }[] = [];
    for (let cursor = from; ;) {
      const batch = await store.journal.readEvents(logs, cursor);
      if (batch.events.length === 0) return news;
      for (const { mailbox, subject, cursor: behind } of batch.events)
        news.push({ word: `${mailbox} ${subject}`, cursor: behind });
      ({ cursor } = batch);
    }
  };
  const topics = Array.from({ length: 40 }, (_, i) => `quiet.${i}`);
  for (const topic of topics) await say(topic, 'old');
  room.clock.advance(4 * day);
  await say('busy', 'a');
  const now = await store.journal.cursor(
    [...topics, 'busy', 'new'].map((topic) => `#${topic}`),
    'now',
  );
  expect(now.length).toBeLessThan(200);

  const said = ['busy', 'quiet.7', 'new', 'quiet.7', 'quiet.8'];
  for (const [i, topic] of said.entries()) {
    room.clock.advance(day / 4);
    await say(topic, `${i}`);
  }
  const words = said.map((topic, i) => `#${topic} ${i}`);
  const all = await hear(now);
  expect(all.map(({ word }) => word)).toEqual(words);
  for (const [i, { cursor }] of all.entries()) {
    expect(cursor.length).toBeLessThanOrEqual(200);
    expect((await hear(cursor)).map(({ word }) => word)).toEqual(words.slice(i + 1));
  }
  const whole = await hear(await store.journal.cursor([], 'start'));
  expect(whole).toHaveLength(topics.length + 1 + said.length);
  const wordsOf = (some: typeof whole): string[] => some.map(({ word }) => word);
  expect(wordsOf(await hear(whole[10]?.cursor ?? ''))).toEqual(wordsOf(whole.slice(11)));
});

test('what was spoilt in a log is passed over by a listener, found by doctor and put aside', async () => {
  const room = makeRoom();
  const store = await room.open();
  await publish(room, store, 'spoilt');
  const spoilt = await only(store, 'archived', '#build.done');
  writeFileSync(log(room, spoilt.key), '{"cut":');
  await publish(room, store, 'good');
  expect(await heard(room, store, 1)).toEqual(['good']);
  expect(room.warnings.join()).toContain('is passed over');

  expect(await inspected(store, false)).toMatchObject([{ rule: 'entry', level: 'problem', mailbox: '#build.done' }]);
  expect(await inspected(store, true)).toMatchObject([{ rule: 'entry', fixed: true }]);
  expect(await inspected(store, false)).toEqual([]);
  expect(await store.look.counts('#build.done')).toMatchObject({ archived: 1, corrupt: 1 });
  expect(await heard(room, store, 1)).toEqual(['good']);
});

test('a line of a log that leads elsewhere is not followed', async () => {
  const room = makeRoom();
  const store = await room.open();
  accepted(await store.mail.send([room.outgoing({ body: 'secret' })], { durability: 'full' }));
  const mail = await only(store, 'ready');
  await publish(room, store, 'good');
  const at = new Date(room.clock.now() - 1).toISOString();
  const key = `../../agent_mailboxes/bob/${mail.key}`;
  const planted = { at, mailbox: '#build.done', event: 'published', id: mail.id, key };
  const [name = ''] = readdirSync(log(room, 'events'));
  appendFileSync(log(room, 'events', name), `${JSON.stringify(planted)}\n`);
  await publish(room, store, 'better');
  expect(await heard(room, store, 2)).toEqual(['good', 'better']);
  expect(room.warnings.join()).toContain('is not there any more');
});

test('doctor knows topics and the root documents, and tells what is foreign among them', async () => {
  const room = makeRoom();
  const store = await room.open();
  await publish(room, store, 'green', ['bob']);
  await changeIn(store, 'subscriptions', () => ({ bob: ['>'] }));
  await changeIn(store, 'schedules', () => ({}));
  expect(await inspected(store, false)).toEqual([]);

  chmodSync(log(room, 'archive'), 0o755);
  chmodSync(join(room.root, 'subscriptions.json'), 0o644);
  mkdirSync(join(room.root, 'topics', 'No Topic'));
  symlinkSync(scratch(), join(room.root, 'topics', 'elsewhere'));
  writeFileSync(join(room.root, 'subscriptions.json.next-0123456789'), '');
  const found = await inspected(store, true);
  expect(found.map(({ rule, mailbox = '', fixed = false }) => `${rule} ${mailbox} ${fixed}`).sort()).toEqual([
    'private  true',
    'private #build.done true',
    'stranger  false',
    'stranger  false',
  ]);
  expect(await store.look.listTopics()).toEqual(['build.done']);
  room.clock.advance(day);
  expect(await inspected(await room.open(), true)).toContainEqual(expect.objectContaining({ rule: 'leftover' }));
  expect(existsSync(join(room.root, 'subscriptions.json.next-0123456789'))).toBe(false);
});

test('a link in the place of a topic is not written through', async () => {
  const room = makeRoom();
  const outside = scratch();
  mkdirSync(join(room.root, 'topics'), { mode: 0o700 });
  symlinkSync(outside, log(room));
  const store = await room.open();
  await publish(room, store, 'green', ['bob']);
  expect(readdirSync(outside)).toEqual([]);
  // It is sent: bob has it, and the log's link waits for somebody to take away what stands in its place.
  expect((await only(store, 'ready')).state).toBe('ready');
  expect(room.warnings.join()).toContain('waits in outbox/');
});

test('a prune takes the logs of whole days, and a publish right behind it finds its folders again', async () => {
  const room = makeRoom();
  const store = await room.open();
  await publish(room, store, 'old');
  room.clock.advance(2 * day);
  const other = await room.open();
  await publish(room, other, 'young');
  await store.upkeep!.prune('#build.done', room.clock.now() - day, { dryRun: false });
  expect(readdirSync(log(room, 'archive'))).toHaveLength(1);
  expect(readdirSync(log(room, 'events'))).toHaveLength(1);
  room.clock.advance(2 * day);
  await store.upkeep!.prune('#build.done', room.clock.now() + 1, { dryRun: false });
  expect(readdirSync(log(room, 'archive'))).toEqual([]);
  await publish(room, other, 'again');
  expect((await only(store, 'archived', '#build.done')).state).toBe('archived');
  expect(await store.mail.recover('#build.done', policy)).toEqual({ moved: 0 });
});

describe('subscriptions.json', () => {
  test('is never taken for empty', async () => {
    const room = makeRoom();
    const store = await room.open();
    writeFileSync(join(room.root, 'subscriptions.json'), '{"bob": [', { mode: 0o600 });
    await expect(documentIn(store, 'subscriptions')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
