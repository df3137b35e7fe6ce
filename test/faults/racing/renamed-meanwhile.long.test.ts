import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import type { State } from '../../../src/model/state.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../storage/contract/rig.ts';
import { changeAgentIn, newToken } from '../../storage/contract/ways.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { restoreFileStore } from '../../../src/storage/file/restore/restore.ts';
import { Killed, killedBehind, watchedDisk } from '../../storage/file/disks.ts';
import { census, drain, makeRoom, only, recoverAll, type Room } from '../../storage/file/room.ts';
import { scratch } from '../../scratch.ts';

// Another process renames bob to rob in front of the first call that a process makes of its disk, in front of the second,
// and so on, until it comes to its end before that.

interface After {
  readonly room: Room;
  readonly answer: unknown;
  readonly refusal: DreamosError | undefined;
  /** Where every message is by now. */
  readonly where: Map<string, State[]>;
  readonly store: Store;
}

interface Story {
  arrange?(room: Room, store: Store): Promise<unknown>;
  act(room: Room, store: Store, arranged: unknown): Promise<unknown>;
  check(after: After, arranged: unknown): void | Promise<void>;
}

const mostCalls = 400;

async function expectWheneverRenamed({ arrange, act, check }: Story): Promise<void> {
  for (let n = 1; n <= mostCalls; n++) {
    const room = makeRoom();
    const arranged = await arrange?.(room, await room.open());
    let calls = 0;
    const store = await room.open(watchedDisk(async () => void (++calls === n && (await rename(room)))));
    let answer: unknown;
    let refusal: DreamosError | undefined;
    try {
      answer = await act(room, store, arranged);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      refusal = error;
    }
    if (calls < n) return expect(n).toBeGreaterThan(1);
    const after = { ...room, names: ['ann', 'rob'] };
    const other = await room.open();
    await recoverAll(after, other);
    const where = await census(after, other);
    try {
      for (const [message, states] of where) expect(states, message).toHaveLength(1);
      expect(readdirSync(room.layout.mailboxes).sort()).toEqual(['ann', 'rob']);
      await check({ room, answer, refusal, where, store: other }, arranged);
    } catch (error) {
      throw new Error(`renamed in front of call ${n}: ${(error as Error).message}`, { cause: error });
    }
  }
  throw new Error('The operation never came to its end.');
}

async function rename(room: Room): Promise<void> {
  const store = await room.open();
  const until = new Date(room.clock.now()).toISOString();
  await changeAgentIn(store, 'bob', (card) => ({
    ...(card ?? { name: 'bob', createdAt: until }),
    formerNames: [{ name: 'bob', until }],
  }));
  expect(await store.documents.rename('bob', 'rob')).toBe('renamed');
}

const ids = ['01KAGZ0000000000000000000A', '01KAGZ0000000000000000000B', '01KAGZ0000000000000000000C'];

test.for([
  ['full', {}, {}],
  ['relaxed', {}, {}],
  ['full', {}, { dueAt: Date.now() + 3_600_000 }],
] as const)('a send (%s, %o, %o) is found under the new name, or is refused with it', ([durability, fields, more]) =>
  expectWheneverRenamed({
    act: async (room, store) =>
      accepted(await store.mail.send([room.outgoing({ ...fields, id: ids[0] as string }, more)], { durability })),
    check({ answer, refusal, where }) {
      expect([...where.keys()]).toEqual(answer === undefined ? [] : [`rob ${ids[0]}`]);
      if (answer === undefined)
        expect(refusal).toMatchObject({
          code: 'AGENT_NOT_FOUND',
          message: expect.stringContaining('rob now') as string,
        });
    },
  }),
);

test('of a batch each message that was acknowledged is found under the new name, once', () =>
  expectWheneverRenamed({
    act: (room, store) =>
      store.mail.send(
        ids.map((id) => room.outgoing({ id })),
        { durability: 'full' },
      ),
    check({ answer, where }) {
      const sent = (answer as unknown[]).flatMap((one, i) => (one instanceof DreamosError ? [] : [`rob ${ids[i]}`]));
      expect([...where.keys()].sort()).toEqual(sent);
    },
  }));

test.for([{ to: ['ann', 'bob'] }, { dedupeKey: 'k' }])(
  'a send that is one commit (%o) is handed out under the new name',
  (fields) =>
    expectWheneverRenamed({
      act: async (room, store) =>
        accepted(await store.mail.send([room.outgoing({ ...fields, id: ids[0] as string })], { durability: 'full' })),
      check({ where }) {
        const all = [...('to' in fields ? [`ann ${ids[0]}`] : []), `rob ${ids[0]}`];
        expect([...where.keys()].sort()).toEqual(all);
      },
    }),
);

const claim = (store: Store, mailbox = 'bob') => store.mail.claim(mailbox, { token: newToken(), leaseMs, policy });

test('a claim takes it or leaves it, and its receipt holds', () =>
  expectWheneverRenamed({
    arrange: async (room, store) => accepted(await store.mail.send([room.outgoing()], { durability: 'full' })).id,
    act: async (_, store) => (await claim(store))?.receipt,
    async check({ answer, where, store }, id) {
      expect(where.get(`rob ${id as string}`)?.[0]).toMatch(/^(?:ready|inflight)$/);
      if (answer === undefined) return;
      expect(await store.mail.ack(answer as string, {})).toMatchObject({ mailbox: 'rob', state: 'archived' });
    },
  }));

const held = async (room: Room, store: Store): Promise<string> => {
  await store.mail.send([room.outgoing({ orderingKey: 'k' })], { durability: 'full' });
  await store.mail.send([room.outgoing({ orderingKey: 'k', body: 'next' })], { durability: 'full' });
  return (await claim(store))?.receipt ?? '';
};

test.for([
  ['an ack', (store: Store, receipt: string) => store.mail.ack(receipt, {}), ['next']],
  ['a nack', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, delayMs: 0 }), ['hello', 'next']],
  ['a last nack', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, dead: true }), ['next']],
] as const)('%s of what was claimed before succeeds, and frees its ordering key', ([, settle, left]) =>
  expectWheneverRenamed({
    arrange: held,
    act: (_, store, receipt) => settle(store, receipt as string),
    async check({ room, refusal, answer, store }) {
      expect(refusal).toBeUndefined();
      expect(answer).toBeDefined();
      // As after a death in the very moment of it, the key may be free some seconds later only.
      room.clock.advance(leaseMs);
      expect(await drain(store, 'rob')).toEqual(left);
    },
  }),
);

test('a renewed claim has a receipt that holds', () =>
  expectWheneverRenamed({
    arrange: held,
    act: (_, store, receipt) => store.mail.renew(receipt as string, { leaseMs: leaseMs * 2 }),
    async check({ answer, store }, receipt) {
      expect(await store.mail.ack((answer as { receipt: string }).receipt, {})).toMatchObject({ mailbox: 'rob' });
      await expect(store.mail.ack(receipt as string, {})).rejects.toMatchObject({ code: 'ALREADY_SETTLED' });
    },
  }));

test.for([
  ['bob', 'ann'],
  ['ann', 'bob'],
] as const)('handed over from %s to %s it is there once, or stays, and is delivered', ([from, to]) =>
  expectWheneverRenamed({
    async arrange(room, store) {
      for (const id of ids.slice(0, 2))
        await store.mail.send([room.outgoing({ id, to: [from], orderingKey: 'k' })], {
          durability: 'full',
        });
      await claim(store, from);
      return only(store, 'inflight', from);
    },
    act: (_, store, entry) => store.mail.handOver(entry as Entry, to, {}),
    async check({ room, answer, refusal, where, store }) {
      const [there, here] = [to, from].map((name) => (name === 'bob' ? 'rob' : name));
      const isOver = where.has(`${there} ${ids[0]}`);
      expect([...where.keys()].sort()).toEqual([`${isOver ? there : here} ${ids[0]}`, `${here} ${ids[1]}`].sort());
      expect(isOver).toBe(answer !== undefined);
      if (!isOver) expect(['STATE_CHANGED', 'AGENT_NOT_FOUND']).toContain(refusal?.code);
      if (refusal?.code === 'AGENT_NOT_FOUND') expect(refusal.message).toContain('rob now');
      const events = await store.journal.history(ids[0] as string, there);
      expect(events.map(({ event }) => event)).toEqual(isOver ? ['delivered'] : []);
      room.clock.advance(leaseMs + 2000);
      const all = [...(await drain(store, 'ann')), ...(await drain(store, 'rob'))];
      expect(all).toEqual(['hello', 'hello']);
    },
  }),
);

test('a backup has each message once, or is refused', () =>
  expectWheneverRenamed({
    async arrange(room, store) {
      await store.mail.send([room.outgoing({ id: ids[0] as string })], { durability: 'full' });
      await claim(store);
      await store.mail.send([room.outgoing({ id: ids[1] as string })], { durability: 'full' });
      // Its sender dies before it is handed out.
      const dying = await room.open(killedBehind(({ method, path }) => method === 'rename' && path.endsWith('.new')));
      const both = room.outgoing({ id: ids[2] as string, to: ['ann', 'bob'] });
      await expect(dying.mail.send([both], { durability: 'full' })).rejects.toThrow(Killed);
      return join(scratch(), 'mail.tar.gz');
    },
    act: (_, store, file) => store.upkeep!.backup!(file as string, {}),
    async check({ room, answer, refusal }, file) {
      if (answer === undefined) {
        expect(refusal).toMatchObject({ code: 'STATE_CHANGED', hint: 'Run it again.' });
        return;
      }
      const root = join(scratch(), 'again');
      const warn = (text: string) => void room.warnings.push(text);
      await restoreFileStore(file as string, { root, cwd: '/', env: {}, disk: watchedDisk(), warn });
      const again = await openFileStore(root, { ...room, disk: watchedDisk(), warn });
      const names = (await again.documents.listAgents()).map(({ name }) => name);
      const found = await census({ ...room, names }, again);
      const now = names.includes('rob') ? 'rob' : 'bob';
      expect([...found.keys()].sort()).toEqual([`ann ${ids[2]}`, ...ids.map((id) => `${now} ${id}`)]);
    },
  }));
