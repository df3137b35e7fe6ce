import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskFailure, watchedDisk } from '../disks.ts';
import type { FileContext } from '../../../../src/storage/file/disk/context.ts';
import { dedupeFileOf } from '../../../../src/storage/file/send/dedupe.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { Killed, killedBehind } from '../disks.ts';
import { drain, inspected, makeRoom, only, type Room } from '../room.ts';
import { scratch } from '../../../scratch.ts';
import { changeIn, changeSettingsIn, newToken } from '../../contract/ways.ts';
import type { Finding } from '../../../../src/storage/port/upkeep.ts';

const day = 86_400_000;
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
const lonelyReason = (room: Room): string =>
  join(room.at('bob').dlq, 'k1764328250000.i01KB5PVAH0AAAAAAAAAAAAAAAA.p2.a1.json.reason.json');

/** One message in each state, and a bit of everything else. */
async function lived(room: Room): Promise<Store> {
  const store = await room.open();
  const send = async (body: string, more = {}): Promise<void> => {
    accepted(await store.mail.send([room.outgoing({ body }, more)], { durability: 'full' }));
  };
  const claim = async (): Promise<string> =>
    (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
  await send('dead');
  await store.mail.nack(await claim(), { policy, dead: true });
  await send('archived');
  await store.mail.ack(await claim(), {});
  await send('inflight');
  await claim();
  await send('delayed', { dueAt: room.clock.now() + 60_000 });
  await store.mail.send([room.outgoing({ body: 'ready' }), room.outgoing({ body: 'ready' })], { durability: 'full' });
  accepted(await store.mail.send([room.outgoing({ to: ['ann', 'bob'], dedupeKey: 'k' })], { durability: 'full' }));
  const request = room.ids.next(room.clock.now());
  await store.mail.openInbox('ann', request, room.clock.now() + 60_000);
  accepted(await store.mail.send([room.outgoing({ to: ['ann'], replyTo: request })], { durability: 'full' }));
  await store.presence.put('bob', { status: 'idle', since: room.clock.now() });
  await changeSettingsIn(store, () => ({ lease: '5m' }));
  await changeIn(store, 'schedules', () => ({ schedules: [] }));
  await changeIn(store, 'reservations', () => ({ lastToken: 0, reservations: [] }));
  return store;
}

const bob = (room: Room, ...parts: string[]): string => join(room.at('bob').dir, ...parts);
const pathOf = async (room: Room, store: Store, state: 'dead' | 'archived' | 'inflight' | 'delayed'): Promise<string> =>
  bob(room, (await only(store, state)).key);

/** A send whose sender dies right behind its commit. */
async function cutOffSend(room: Room, to: string[]): Promise<string> {
  const outgoing = room.outgoing({ body: 'committed', to });
  const commit = room.layout.committed(outgoing.message.id);
  const sender = await room.open(killedBehind(({ to: target }) => target === commit));
  await expect(sender.mail.send([outgoing], { durability: 'full' })).rejects.toThrow(Killed);
  return commit;
}

interface Rule {
  readonly what: string;
  readonly finding: Partial<Finding>;
  /** Whether `fix` mends it; otherwise it is still said the second time. */
  readonly mended: boolean;
  breaks(room: Room, store: Store): unknown;
  after?(room: Room, store: Store): unknown;
  readonly laterMs?: number;
}

const corrupt = (room: Room): string[] =>
  readdirSync(room.at('bob').corrupt).filter((name) => !name.endsWith('.note.json'));
const oneIsKept = (room: Room): void => expect(corrupt(room)).toHaveLength(1);

const rules: readonly Rule[] = [
  {
    what: 'something foreign in outbox/',
    finding: { rule: 'outbox-junk', level: 'warning' },
    mended: false,
    breaks: (room) => writeFileSync(join(room.layout.outbox, 'junk'), ''),
  },
  {
    what: 'a committed send whose sender has died',
    finding: { rule: 'outbox-unfinished', level: 'info' },
    mended: true,
    breaks: (room) => cutOffSend(room, ['ann', 'bob']),
    after: async (_, store) => expect(await drain(store, 'ann')).toContain('committed'),
  },
  ...(['link', 'file'] as const).map((kind): Rule => ({
    what: `a committed send to a mailbox in whose place a ${kind} lies`,
    finding: {
      rule: 'outbox-unfinished',
      level: 'warning',
      message: expect.stringContaining('waits for ever') as string,
      hint: expect.stringContaining('agent_mailboxes/cy away') as string,
    },
    mended: false,
    async breaks(room) {
      await cutOffSend(room, ['ann', 'cy']);
      const { dir } = room.at('cy');
      if (kind === 'link') symlinkSync(room.at('ann').dir, dir);
      else writeFileSync(dir, '');
    },
  })),
  {
    what: 'a committed send that nobody has handed out for a day',
    finding: { rule: 'outbox-unfinished', level: 'warning', hint: 'dreamos doctor --fix' },
    mended: true,
    async breaks(room) {
      const daysAgo = new Date(Date.now() - 2 * day);
      utimesSync(await cutOffSend(room, ['ann', 'bob']), daysAgo, daysAgo);
    },
    after: async (_, store) => expect(await drain(store, 'ann')).toContain('committed'),
  },
  {
    what: 'a committed send that cannot be finished',
    finding: { rule: 'outbox-unfinished', level: 'warning', fixed: false, message: expect.stringContaining('junk') },
    mended: false,
    breaks(room) {
      mkdirSync(room.layout.committed(room.ids.next(1)));
      for (const name of readdirSync(room.layout.outbox)) writeFileSync(join(room.layout.outbox, name, 'junk'), '');
    },
  },
  {
    what: 'a send that was cut off in front of its commit',
    finding: { rule: 'outbox-stale', level: 'info' },
    mended: true,
    laterMs: 2 * day,
    async breaks(room) {
      const sender = await room.open(killedBehind(({ to }) => to?.startsWith(room.layout.dedupe) === true));
      const outgoing = room.outgoing({ body: 'never', dedupeKey: 'cut off' });
      await expect(sender.mail.send([outgoing], { durability: 'full' })).rejects.toThrow(Killed);
    },
    async after(room, store) {
      expect(readdirSync(room.layout.outbox)).toEqual([]);
      const again = accepted(
        await store.mail.send([room.outgoing({ body: 'never', dedupeKey: 'cut off' })], { durability: 'full' }),
      );
      expect(again.duplicate).toBeUndefined();
    },
  },
  {
    what: 'a send whose taking back was cut off when one mailbox had it already',
    finding: { rule: 'outbox-stale', level: 'info' },
    mended: true,
    laterMs: 2 * day,
    async breaks(room) {
      const sender = await room.open(killedBehind(({ to }) => to?.includes('/ready/') === true));
      const outgoing = room.outgoing({ to: ['ann', 'bob'], body: 'for both', dedupeKey: 'taken back' });
      await expect(sender.mail.send([outgoing], { durability: 'full' })).rejects.toThrow(Killed);
      const { id } = outgoing.message;
      renameSync(room.layout.committed(id), room.layout.discarded(id));
    },
    async after(room, store) {
      expect(readdirSync(room.layout.outbox)).toEqual([]);
      for (const name of ['ann', 'bob']) expect(await drain(store, name)).toContain('for both');
    },
  },
  {
    what: 'a send that was cut off in the middle of its body',
    finding: { rule: 'outbox-stale', level: 'info' },
    mended: true,
    laterMs: 2 * day,
    breaks(room) {
      const dir = room.layout.uncommitted(room.ids.next(1));
      mkdirSync(dir);
      writeFileSync(join(dir, 'message.json'), '{"v":1,"dedupeK');
    },
    after: (room) => expect(readdirSync(room.layout.outbox)).toEqual([]),
  },
  {
    what: 'the lock of a process that died',
    finding: { rule: 'lock-stale', level: 'info' },
    mended: true,
    laterMs: 2 * 60_000,
    breaks: (room) => mkdirSync(`${room.layout.lock('agents')}.lock`),
    after: (room) => expect(existsSync(`${room.layout.lock('agents')}.lock`)).toBe(false),
  },
  ...['AB', 'pending'].flatMap((folder) =>
    (
      [
        ['lock-stale', '01KAGZ000000000000000000AB.lock'],
        ['leftover', '01KAGZ000000000000000000AB.json.next-0123456789'],
        ['leftover', '01KAGZ000000000000000000AB.json.next-0123456789.42'],
      ] as const
    ).map(([rule, name]) => ({
      what: `${name} in tasks/${folder} that a dead process left`,
      finding: { rule, level: 'info' } as const,
      mended: true,
      laterMs: 2 * 3_600_000,
      breaks: (room: Room) => {
        const dir = join(room.layout.root, 'tasks', folder);
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        if (name.endsWith('.lock')) mkdirSync(join(dir, name));
        else writeFileSync(join(dir, name), '{}', { mode: 0o600 });
      },
      after: (room: Room) => expect(readdirSync(join(room.layout.root, 'tasks', folder))).toEqual([]),
    })),
  ),
  {
    what: 'a lock that is dated in the future',
    finding: { rule: 'lock-stale', level: 'info' },
    mended: true,
    breaks(room) {
      mkdirSync(`${room.layout.lock('agents')}.lock`);
      utimesSync(`${room.layout.lock('agents')}.lock`, inAnHour(), inAnHour());
    },
    after: (room) => expect(existsSync(`${room.layout.lock('agents')}.lock`)).toBe(false),
  },
  {
    what: 'a reason without a message that is dated in the future',
    finding: { rule: 'reason', level: 'info' },
    mended: true,
    breaks(room) {
      writeFileSync(lonelyReason(room), '{}', { mode: 0o600 });
      utimesSync(lonelyReason(room), inAnHour(), inAnHour());
    },
    after: (room) => expect(existsSync(lonelyReason(room))).toBe(false),
  },
  ...[
    'config.json.next-0123456789',
    'config.json.next-0123456789.4567',
    'schedules.json.next-0123456789',
    'reservations.json.next-0123456789',
    '.probe-x',
    'agent_mailboxes/bob/agent.json.next-0123456789',
    'agent_mailboxes/bob/agent.json.next-0123456789.8',
    'agent_mailboxes/bob/presence.json.next-0123456789',
    'agent_mailboxes/bob/dlq/x.reason.json.next-0123456789',
    'agent_mailboxes/bob/dlq/x.reason.json.next-0123456789.6',
  ].map((name): Rule => ({
    what: `a leftover ${name}`,
    finding: { rule: 'leftover', level: 'info' },
    mended: true,
    laterMs: 2 * 3_600_000,
    breaks: (room) => writeFileSync(join(room.root, name), 'x'),
    after: (room) => expect(existsSync(join(room.root, name))).toBe(false),
  })),
  ...[
    'config.json.20261128',
    'agent_mailboxes/bob/agent.json.1',
    'agent_mailboxes/bob/agent.json.1.2',
    'agent_mailboxes/bob/dlq/x.reason.json.5',
  ].map((name): Rule => ({
    what: `a copy that may be the leftover of an older build, ${name},`,
    finding: { rule: 'leftover', level: 'info' },
    mended: false,
    laterMs: 2 * 3_600_000,
    breaks: (room) => writeFileSync(join(room.root, name), 'x'),
    after: (room) => expect(readFileSync(join(room.root, name), 'utf8')).toBe('x'),
  })),
  {
    what: 'a message that was cut off in tmp/',
    finding: { rule: 'leftover', level: 'info', mailbox: 'bob' },
    mended: true,
    laterMs: 2 * day,
    breaks: (room) => writeFileSync(bob(room, 'tmp', `${room.ids.next(1)}.json`), '{"v"'),
    after: (room) => expect(readdirSync(room.at('bob').tmp)).toEqual([]),
  },
  {
    what: 'something among the mailboxes that is none',
    finding: { rule: 'stranger', level: 'warning' },
    mended: false,
    breaks: (room) => writeFileSync(join(room.layout.mailboxes, 'notes.txt'), ''),
  },
  {
    what: 'a folder that is missing',
    finding: { rule: 'folder', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: (room) => rmSync(room.at('bob').drop, { recursive: true }),
    after: (room) => expect(lstatSync(room.at('bob').drop).mode & 0o777).toBe(0o700),
  },
  {
    what: 'a link in the place of a folder',
    finding: { rule: 'folder', level: 'problem', mailbox: 'bob' },
    mended: false,
    breaks(room) {
      rmSync(room.at('bob').drop, { recursive: true });
      symlinkSync(scratch(), room.at('bob').drop);
    },
  },
  {
    what: 'a folder that others can read',
    finding: { rule: 'private', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: (room) => chmodSync(room.at('bob').ready, 0o755),
    after: (room) => expect(lstatSync(room.at('bob').ready).mode & 0o777).toBe(0o700),
  },
  ...['.', 'outbox', 'dedupe', 'agent_mailboxes'].map((name): Rule => ({
    what: `${name} of the root that others can read`,
    finding: { rule: 'private', level: 'problem' },
    mended: true,
    breaks: (room) => chmodSync(join(room.root, name), 0o755),
    after: (room) => expect(lstatSync(join(room.root, name)).mode & 0o777).toBe(0o700),
  })),
  {
    what: 'a folder of the root that is missing',
    finding: { rule: 'folder', level: 'problem' },
    mended: true,
    breaks: (room) => rmSync(room.layout.outbox, { recursive: true }),
    after: (room) => expect(lstatSync(room.layout.outbox).mode & 0o777).toBe(0o700),
  },
  ...[
    'format.json',
    'config.json',
    'schedules.json',
    'reservations.json',
    'agent_mailboxes/bob/agent.json',
    'agent_mailboxes/bob/last-read',
    'agent_mailboxes/bob/presence.json',
  ].map((name): Rule => ({
    what: `a file ${name} that others can read`,
    finding: { rule: 'private', level: 'problem' },
    mended: true,
    breaks: (room) => chmodSync(join(room.root, name), 0o644),
    after: (room) => expect(lstatSync(join(room.root, name)).mode & 0o777).toBe(0o600),
  })),
  {
    what: 'a message that others can read',
    finding: { rule: 'private', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: async (room, store) => chmodSync(await pathOf(room, store, 'archived'), 0o644),
    after: async (room, store) => expect(lstatSync(await pathOf(room, store, 'archived')).mode & 0o777).toBe(0o600),
  },
  {
    what: 'something foreign in the root',
    finding: { rule: 'stranger', level: 'info', message: expect.stringContaining('notes.txt') },
    mended: false,
    breaks: (room) => writeFileSync(join(room.root, 'notes.txt'), ''),
  },
  ...['junk', '00/junk'].map((name): Rule => ({
    what: `something foreign in dedupe/ (${name})`,
    finding: { rule: 'dedupe-junk', level: 'warning' },
    mended: false,
    breaks(room) {
      mkdirSync(join(room.layout.dedupe, dirname(name)), { recursive: true });
      writeFileSync(join(room.layout.dedupe, name), '');
    },
  })),
  ...[
    ['that cannot be read', (path: string) => truncateSync(path, 50)],
    ['that is in the wrong place', (path: string) => renameSync(path, `${path.slice(0, -4)}0000`)],
  ].map(([what, breaks]): Rule => ({
    what: `a dedupe key ${what as string}`,
    finding: { rule: 'dedupe', level: 'problem' },
    mended: true,
    async breaks(room, store) {
      const outgoing = room.outgoing({ body: 'keyed', dedupeKey: 'own' });
      await store.mail.send([outgoing], { durability: 'full' });
      const key = dedupeFileOf({ layout: room.layout } as FileContext, outgoing.message);
      // A file of its own: the message itself stays good.
      const bytes = readFileSync(key);
      rmSync(key);
      writeFileSync(key, bytes, { mode: 0o600 });
      (breaks as (path: string) => void)(key);
    },
    async after(room, store) {
      const again = room.outgoing({ body: 'keyed', dedupeKey: 'own' });
      expect(accepted(await store.mail.send([again], { durability: 'full' })).id).toBe(again.message.id);
    },
  })),
  {
    what: 'a committed send whose body cannot be read',
    finding: { rule: 'outbox-body', level: 'problem' },
    mended: true,
    breaks(room) {
      const dir = room.layout.committed(room.ids.next(1));
      mkdirSync(dir);
      writeFileSync(join(dir, 'message.json'), '{"v":1,"dedupeK');
    },
    after: (room) => expect(readdirSync(room.layout.outbox)).toEqual([]),
  },
  {
    what: 'a line of an event log that cannot be read, or only in part',
    finding: { rule: 'event-lines', level: 'info', mailbox: 'bob', message: expect.stringMatching(/ 3\.$/) },
    mended: false,
    breaks(room) {
      const [log = ''] = readdirSync(room.at('bob').events);
      const [line = ''] = readFileSync(bob(room, 'events', log), 'utf8').split('\n');
      appendFileSync(bob(room, 'events', log), `mine\n{"at":1}\n${line.slice(0, 40)}${line}\n`);
    },
  },
  ...['2026-99-99.jsonl', '2026-02-31.jsonl', 'notes.txt'].map((name): Rule => ({
    what: `${name} among the event logs`,
    finding: { rule: 'stranger', level: 'info', mailbox: 'bob', message: expect.stringContaining(name) as string },
    mended: false,
    breaks: (room) => writeFileSync(bob(room, 'events', name), 'mine'),
  })),
  {
    what: 'a day in the archive that there never is',
    finding: {
      rule: 'entry',
      level: 'problem',
      mailbox: 'bob',
      message: expect.stringContaining('2026-88-88') as string,
    },
    mended: true,
    breaks: (room) => mkdirSync(bob(room, 'archive', '2026-88-88')),
    after: oneIsKept,
  },
  {
    what: 'a card that is missing',
    finding: { rule: 'card', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: (room) => rmSync(room.at('bob').card),
    after: async (_, store) => expect(await store.documents.getAgent('bob')).toMatchObject({ name: 'bob' }),
  },
  {
    what: 'a card that cannot be read',
    finding: { rule: 'card', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: (room) => writeFileSync(room.at('bob').card, 'mine'),
    after: (room) =>
      expect(corrupt(room).map((name) => readFileSync(bob(room, 'corrupt', name), 'utf8'))).toEqual(['mine']),
  },
  {
    what: 'a file in drop/ that nobody will adopt',
    finding: { rule: 'drop', level: 'warning', mailbox: 'bob' },
    mended: false,
    breaks: (room) => writeFileSync(bob(room, 'drop', 'half.tmp'), ''),
  },
  {
    what: 'a message that is cut short',
    finding: { rule: 'entry', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: async (room, store) => truncateSync(await pathOf(room, store, 'archived'), 50),
    after: oneIsKept,
  },
  {
    what: 'a message in the wrong state',
    finding: { rule: 'entry', level: 'problem', mailbox: 'bob' },
    mended: true,
    async breaks(room, store) {
      const path = await pathOf(room, store, 'archived');
      renameSync(path, join(dirname(await pathOf(room, store, 'delayed')), path.slice(path.lastIndexOf('/') + 1)));
    },
    after: oneIsKept,
  },
  ...['ready/junk', 'ready/p2/junk', 'delayed/junk', 'inflight/junk', 'archive/junk', 'dlq/junk'].map((name): Rule => ({
    what: `${name}, which is nothing of dreamos`,
    finding: { rule: 'entry', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: (room) => writeFileSync(bob(room, name), 'junk'),
    after: oneIsKept,
  })),
  {
    what: 'something foreign among the inboxes of requests',
    finding: {
      rule: 'entry',
      level: 'problem',
      mailbox: 'ann',
      message: expect.stringContaining('requests/') as string,
    },
    mended: true,
    breaks: (room) => writeFileSync(join(room.at('ann').requests, 'junk'), 'junk'),
  },
  {
    what: 'something foreign in an inbox',
    finding: { rule: 'entry', level: 'problem', mailbox: 'ann' },
    mended: true,
    breaks(room) {
      const { requests } = room.at('ann');
      writeFileSync(join(requests, readdirSync(requests)[0] ?? '', 'junk'), 'junk');
    },
  },
  {
    what: 'inboxes that others can read',
    finding: { rule: 'private', level: 'problem', mailbox: 'ann' },
    mended: true,
    breaks: (room) => chmodSync(room.at('ann').requests, 0o755),
  },
  {
    what: 'a dead message without a reason',
    finding: { rule: 'reason', level: 'problem', mailbox: 'bob' },
    mended: true,
    breaks: async (room, store) => rmSync(`${await pathOf(room, store, 'dead')}.reason.json`),
    after: async (room, store) => {
      expect((await store.look.deadReason(await only(store, 'dead')))?.reason).toContain('unknown');
      expect(existsSync(`${await pathOf(room, store, 'dead')}.reason.json`)).toBe(true);
    },
  },
  {
    what: 'a reason whose history is nested too deeply',
    finding: { rule: 'reason', level: 'problem', mailbox: 'bob', message: expect.stringMatching(/unreadable\.$/) },
    mended: true,
    async breaks(room, store) {
      const path = `${await pathOf(room, store, 'dead')}.reason.json`;
      const deep = '['.repeat(100_000) + ']'.repeat(100_000);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"history":[{', `"history":[{"x":${deep},`));
    },
    async after(room, store) {
      oneIsKept(room);
      expect(JSON.stringify(await store.look.deadReason(await only(store, 'dead')))).toContain('unknown');
    },
  },
  {
    what: 'a reason without its message',
    finding: { rule: 'reason', level: 'info', mailbox: 'bob' },
    mended: true,
    laterMs: 2 * 60_000,
    breaks: async (room, store) => rmSync(await pathOf(room, store, 'dead')),
    after: (room) => expect(readdirSync(room.at('bob').dlq)).toEqual([]),
  },
  {
    what: 'one id twice in a mailbox',
    finding: { rule: 'double', level: 'warning', mailbox: 'bob' },
    mended: false,
    async breaks(room, store) {
      const message = await store.look.read(await only(store, 'archived'));
      for (const name of ['a', 'b']) writeFileSync(bob(room, 'drop', `${name}.json`), JSON.stringify(message));
      await store.mail.recover('bob', policy);
    },
  },
];

describe('doctor', () => {
  test('finds nothing in a root where everything has happened', async () => {
    const room = makeRoom();
    const store = await lived(room);
    expect(await inspected(store, false)).toEqual([]);
    expect(await inspected(store, true)).toEqual([]);
    expect(room.warnings).toEqual([]);
  });

  test('takes two reasons that were being written when the disk failed for no message that is there twice', async () => {
    const room = makeRoom();
    const store = await lived(room);
    const reason = `${await pathOf(room, store, 'dead')}.reason.json`;
    for (const ending of ['.1', '.1.2']) writeFileSync(`${reason}${ending}`, '{', { mode: 0o600 });
    expect((await inspected(store, false)).map(({ rule }) => rule)).not.toContain('double');
  });

  test.for(rules)('finds $what', async ({ finding, mended, breaks, after, laterMs = 0 }) => {
    const room = makeRoom();
    const before = await lived(room);
    await breaks(room, before);
    // What is due by then is not what is looked for.
    room.clock.advance(laterMs);
    const store = await room.open();
    if (laterMs > 0) for (const name of ['ann', 'bob']) await store.mail.recover(name, policy);

    const [found, ...more] = await inspected(store, false);
    expect(found).toMatchObject(finding);
    expect(found?.message).toBeTruthy();
    expect(new Set(more.map(({ rule }) => rule)).size).toBeLessThanOrEqual(1);
    expect(await inspected(store, false)).toEqual([found, ...more]);

    const [fixed] = await inspected(store, true);
    if (mended) expect(fixed).toMatchObject({ rule: finding.rule, fixed: true });
    else {
      expect(fixed?.fixed ?? false).toBe(false);
      if (finding.level !== 'info') expect(fixed?.hint).toBeTruthy();
    }
    const left = await inspected(store, true);
    if (mended) expect(left).toEqual([]);
    else expect(left[0]).toMatchObject(finding);
    await after?.(room, store);
  });

  test('moves what is due when it repairs', async () => {
    const room = makeRoom();
    await lived(room);
    room.clock.advance(leaseMs + 120_000);
    const store = await room.open();
    expect(await inspected(store, false)).toEqual([]);
    expect(await inspected(store, true)).toMatchObject([
      { rule: 'due', fixed: true, mailbox: 'ann', message: expect.stringContaining('1') },
      { rule: 'due', fixed: true, mailbox: 'bob', message: expect.stringContaining('2') },
    ]);
    expect(readdirSync(room.at('ann').requests)).toEqual([]);
    expect(await inspected(store, true)).toEqual([]);
  });

  test('tells what was written while the clock was ahead, and brings back what that holds up', async () => {
    const room = makeRoom();
    const ahead = 400 * day;
    const before = await room.open();
    const send = async (fields = {}, more = {}): Promise<string> =>
      accepted(await before.mail.send([room.outgoing(fields, more)], { durability: 'relaxed' })).id;
    const take = async (): Promise<string> =>
      (await before.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
    const [acked, held, rests] = [await send(), await send(), await send({ dedupeKey: 'k' })];
    room.clock.advance(ahead);
    await before.mail.ack(await take(), {});
    await take();
    await before.mail.nack(await take(), { policy });
    const later = await send({}, { dueAt: room.clock.now() + 1000 });
    const request = room.ids.next(room.clock.now());
    await before.mail.openInbox('ann', request, room.clock.now() + 30_000);
    for (const path of [
      dedupeFileOf({ layout: room.layout } as FileContext, { ...room.message(), dedupeKey: 'k' }),
      join(room.at('bob').tmp, `${request}.json`),
    ]) {
      writeFileSync(path, '', { flag: 'a', mode: 0o600 });
      utimesSync(path, room.clock.now() / 1000, room.clock.now() / 1000);
    }
    room.clock.advance(-ahead);
    const said = async (fix: boolean): Promise<string[]> =>
      (await inspected(await room.open(), fix)).map(({ level, rule, message, fixed }) =>
        [level, rule, fixed ?? false, message.split('clock was ahead: ')[1] ?? ''].join(' '),
      );
    const days = new Date(room.clock.now() + ahead).toISOString().slice(0, 10);
    const stays = [
      `warning clock-ahead false ${later}.`,
      ...['archive', 'events'].map(() => `info clock-ahead false ${days}. No setting deletes them before.`),
    ];
    const others = (all: string[]): string[] => all.filter((one) => !stays.includes(one));
    expect(others(await said(false))).toEqual([
      'info clock-ahead false ',
      `warning clock-ahead false ${request}.`,
      `warning clock-ahead false ${held}.`,
      `warning clock-ahead false ${rests}.`,
      'info leftover false ',
    ]);
    expect(others(await said(true))).toEqual([
      'info clock-ahead true ',
      `warning clock-ahead true ${request}.`,
      `warning clock-ahead true ${held}.`,
      `warning clock-ahead true ${rests}.`,
      'info due true ',
      'info leftover true ',
    ]);
    expect(await said(true)).toEqual(stays);
    expect(await drain(before)).toHaveLength(2);
    expect((await only(before, 'delayed')).id).toBe(later);
    expect((await before.look.find(acked, 'bob'))[0]?.state).toBe('archived');
  });

  test('tells until when a dedupe key of a clock that was ahead is remembered, and removes one that is over', async () => {
    const room = makeRoom();
    const store = await room.open();
    accepted(await store.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'relaxed' }));
    const path = dedupeFileOf({ layout: room.layout } as FileContext, room.message({ dedupeKey: 'k' }));
    // Whole seconds, which every disk keeps as they are.
    const now = Math.floor(room.clock.now() / 1000) * 1000;
    const madeIn = (ms: number): void => utimesSync(path, (now + ms) / 1000, (now + ms) / 1000);
    const finding = { rule: 'clock-ahead', level: 'info' };
    madeIn(3 * day);
    const over = expect.stringContaining('it is over, and the next send under it is a new one.') as string;
    expect(await inspected(store, false)).toMatchObject([
      { ...finding, message: over, fixed: false, hint: 'dreamos doctor --fix' },
    ]);
    madeIn(day);
    const until = new Date(now + 3 * day).toISOString();
    const stays = expect.stringContaining(`are not sent again before ${until}.`) as string;
    expect(await inspected(store, true)).toMatchObject([
      { ...finding, message: stays, hint: expect.stringContaining(path) },
    ]);
    madeIn(3 * day);
    expect(await inspected(store, true)).toMatchObject([{ ...finding, message: over, fixed: true }]);
    expect(await inspected(store, false)).toEqual([]);
  });

  test('takes a lease that ends in 24 hours for one of a clock that was ahead', async () => {
    const room = makeRoom();
    const store = await room.open();
    accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
    await store.mail.claim('bob', { token: newToken(), leaseMs: day, policy });
    expect(await inspected(store, false)).toMatchObject([
      { rule: 'clock-ahead', level: 'warning', mailbox: 'bob', hint: 'dreamos doctor --fix' },
    ]);
  });

  test.for([
    [0x6969, 'NFS'],
    [0x01021997, '9p'],
  ] as const)('warns on the file system 0x%s', async ([type, name]) => {
    const room = makeRoom();
    const store = await room.open({ ...watchedDisk(), fileSystem: () => type });
    expect(await inspected(store, true)).toMatchObject([
      { rule: 'file-system', level: 'warning', message: expect.stringContaining(name) },
    ]);
  });

  test('tells how far it is', async () => {
    const room = makeRoom();
    const store = await room.open();
    await store.mail.send(
      Array.from({ length: 600 }, () => room.outgoing()),
      { durability: 'relaxed' },
    );
    const looked: number[] = [];
    const options = {
      fix: false,
      policies: new Map(),
      policy,
      onProgress: (n: number) => void looked.push(n),
    };
    for await (const finding of store.upkeep!.inspect(options)) expect(finding).toBeUndefined();
    expect(looked.length).toBeGreaterThan(2);
    expect(Math.max(...looked)).toBeGreaterThanOrEqual(600);
  });
});

test('who repairs goes on behind a mailbox whose folder cannot be read, and is told of it', async () => {
  const room = makeRoom();
  rmSync(room.at('bob').ready, { recursive: true });
  const disk = watchedDisk((call) => {
    if (call.method === 'list' && call.path === room.at('ann').dir) throw diskFailure(call);
  });
  const findings = await inspected(await room.open(disk), true);
  expect(findings).toEqual([
    expect.objectContaining({ rule: 'unreadable', level: 'problem', mailbox: 'ann' }),
    expect.objectContaining({ rule: 'folder', mailbox: 'bob', fixed: true }),
  ]);
  expect(existsSync(room.at('bob').ready)).toBe(true);
});

test('a lock that was taken anew while doctor looked at the dead one is left to whoever has it', async () => {
  for (const methods of [['stat'], ['rename', 'removeDir']]) {
    const room = makeRoom();
    const lock = `${room.layout.lock('agents')}.lock`;
    mkdirSync(lock);
    room.clock.advance(2 * 60_000);
    let looks = 0;
    const disk = watchedDisk(({ method, path }) => {
      if (path !== lock || !methods.includes(method) || (method === 'stat' && ++looks !== 2)) return;
      methods.length = 0;
      rmdirSync(lock);
      mkdirSync(lock);
    });
    await inspected(await room.open(disk), true);
    expect(existsSync(lock)).toBe(true);
    expect(readdirSync(room.root).filter((name) => name.endsWith('.lock'))).toEqual(['agents.lock']);
  }
});
