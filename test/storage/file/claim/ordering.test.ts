import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../src/model/message.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { openFileStore } from '../../../../src/storage/file/open.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { type DiskCall, Killed, killedBehind, watchedDisk } from '../disks.ts';
import { drain, inspected, makeRoom, only, recoverAll, type Room } from '../room.ts';
import { newToken } from '../../contract/ways.ts';
import type { Delivery } from '../../../../src/storage/port/mail.ts';

const key = '8254c329a92850f6';

async function sendEach(room: Room, store: Store, bodies: readonly string[], more: Partial<Message> = {}) {
  for (const body of bodies) {
    accepted(await store.mail.send([room.outgoing({ body, orderingKey: 'k', ...more })], { durability: 'relaxed' }));
  }
}

async function claim(store: Store): Promise<Delivery | undefined> {
  return store.mail.claim('bob', { token: newToken(), leaseMs, policy });
}

async function mustClaim(store: Store): Promise<Delivery> {
  const delivery = await claim(store);
  if (!delivery) throw new Error('There was nothing to claim.');
  return delivery;
}

/** Every key that somebody holds, with the holder. */
function heads(room: Room): string[] {
  const { keys } = room.at('bob');
  if (!existsSync(keys)) return [];
  return readdirSync(keys).flatMap((name) => readdirSync(`${keys}/${name}`).map((head) => `${name}/${head}`));
}

/** A disk that stops in front of the first call of which this holds, until it is let go. */
function paused(matches: (call: DiskCall) => boolean): { disk: Disk; stopped: Promise<void>; letGo: () => void } {
  let letGo = (): void => undefined;
  let stop = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  let once = false;
  const disk = watchedDisk(async (call) => {
    if (once || !matches(call)) return;
    once = true;
    stop();
    await held;
  });
  return { disk, stopped, letGo };
}

const releases = ({ method, path }: DiskCall): boolean => method === 'remove' && path.includes('/keys/');
const acquires = ({ method }: DiskCall): boolean => method === 'moveFolder';
const claims = ({ method, to }: DiskCall): boolean => method === 'rename' && to?.includes('/inflight/') === true;

test('a head that a power cut left ahead of its message keeps nobody from it', async () => {
  const room = makeRoom();
  const store = await room.open();
  await sendEach(room, store, ['first', 'second']);
  const { receipt } = await mustClaim(store);
  await store.mail.nack(receipt, { policy, delayMs: 0 });
  const [head = ''] = heads(room);
  const { keys } = room.at('bob');
  renameSync(`${keys}/${head}`, `${keys}/${head.replace(/\.1$/, '.3')}`);
  expect(heads(room)[0]).toMatch(/\.3$/);
  expect(await drain(await room.open())).toEqual(['first', 'second']);
  expect(heads(room)).toEqual([]);
}, 10_000);

test('a key has one head, by its message and attempt, from the first claim until it is settled', async () => {
  const room = makeRoom();
  const store = await room.open();
  await sendEach(room, store, ['first', 'second']);
  expect(existsSync(room.at('bob').keys)).toBe(false);
  const { receipt, message } = await mustClaim(store);
  expect(heads(room)).toEqual([`${key}/${message.id}.0.1`]);
  await store.mail.nack(receipt, { policy, delayMs: 0 });
  const again = await mustClaim(store);
  expect(heads(room)).toEqual([`${key}/${message.id}.0.2`]);
  await store.mail.ack(again.receipt, {});
  expect(readdirSync(room.at('bob').keys)).toEqual([]);
});

describe('a holder', () => {
  test('that was killed between its ack and the release delays its key for about a second', async () => {
    const room = makeRoom();
    const doomed = await room.open(killedBehind(({ to }) => to?.includes('/archive/') === true));
    const other = await room.open();
    await sendEach(room, other, ['first', 'second']);
    const { receipt } = await mustClaim(doomed);
    await expect(doomed.mail.ack(receipt, {})).rejects.toThrow(Killed);
    expect(await claim(other)).toBeUndefined();
    room.clock.advance(2000);
    expect(await drain(other)).toEqual(['second']);
    expect(heads(room)).toEqual([]);
  });

  test('that was killed between getting the key and its claim delays nobody', async () => {
    const room = makeRoom();
    const doomed = await room.open(killedBehind(acquires));
    const other = await room.open();
    await sendEach(room, other, ['first', 'second']);
    await expect(claim(doomed)).rejects.toThrow(Killed);
    expect(heads(room)).toHaveLength(1);
    expect(await drain(other)).toEqual(['first', 'second']);
    expect(heads(room)).toEqual([]);
  });

  test('in flight for an hour is taken for stale by nobody, nor is one that rests', async () => {
    const room = makeRoom();
    const store = await room.open();
    await sendEach(room, store, ['first', 'second']);
    const long = 4 * 3_600_000;
    const { receipt } = (await store.mail.claim('bob', { token: newToken(), leaseMs: long, policy })) as Delivery;
    room.clock.advance(3_600_000);
    for (const other of [store, await room.open()]) expect(await claim(other)).toBeUndefined();
    await store.mail.nack(receipt, { policy, delayMs: long });
    room.clock.advance(3_600_000);
    for (const other of [store, await room.open()]) expect(await claim(other)).toBeUndefined();
    expect(heads(room)).toHaveLength(1);
  });

  test('that is paused before its release takes the key from nobody who has it by then', async () => {
    const room = makeRoom();
    const { disk, stopped, letGo } = paused(releases);
    const slow = await room.open(disk);
    const other = await room.open();
    await sendEach(room, other, ['first', 'second', 'third']);
    const acked = slow.mail.ack((await mustClaim(slow)).receipt, {});
    await stopped;
    room.clock.advance(2000);
    const second = await mustClaim(other);
    letGo();
    await acked;
    expect(heads(room)).toEqual([`${key}/${second.message.id}.0.1`]);
    expect(await claim(other)).toBeUndefined();
  });

  test('that is paused before its release takes the key not even from the same message in its next life', async () => {
    const room = makeRoom();
    const { disk, stopped, letGo } = paused(releases);
    const slow = await room.open(disk);
    const other = await room.open();
    await sendEach(room, other, ['first', 'second']);
    const rejected = slow.mail.nack((await mustClaim(slow)).receipt, { policy, dead: true });
    await stopped;
    await other.mail.retry(await only(other, 'dead'), {});
    const { message } = await mustClaim(other);
    expect(message.body).toBe('first');
    letGo();
    await rejected;
    expect(heads(room)).toEqual([`${key}/${message.id}.1.1`]);
    expect(await claim(other)).toBeUndefined();
  });

  test('that gets the key for what was settled meanwhile lets it go at once', async () => {
    const room = makeRoom();
    const { disk, stopped, letGo } = paused(acquires);
    const slow = await room.open(disk);
    const other = await room.open();
    await sendEach(room, other, ['first', 'second']);
    const late = claim(slow);
    await stopped;
    await other.mail.ack((await mustClaim(other)).receipt, {});
    letGo();
    expect((await late)?.message.body).toBe('second');
    expect(heads(room)).toHaveLength(1);
  });

  test('whose message is claimed by another one under the head that it made leaves it alone', async () => {
    const room = makeRoom();
    const { disk, stopped, letGo } = paused(claims);
    const slow = await room.open(disk);
    const other = await room.open();
    await sendEach(room, other, ['first', 'second']);
    const late = claim(slow);
    await stopped;
    const { message } = await mustClaim(other);
    letGo();
    expect(await late).toBeUndefined();
    expect(heads(room)).toEqual([`${key}/${message.id}.0.1`]);
  });
});

describe('a walk', () => {
  test('that skips messages after a lost race takes no later one of their keys', async () => {
    const room = makeRoom();
    const other = await room.open();
    const { disk, stopped, letGo } = paused(claims);
    const ids = { ...room.ids, fraction: () => 0.99 };
    const slow = await openFileStore(room.root, { clock: room.clock, ids, disk, warn: () => undefined });
    accepted(await other.mail.send([room.outgoing({ body: 'free' })], { durability: 'relaxed' }));
    room.clock.advance(1);
    const bodies = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await sendEach(room, other, bodies);
    room.clock.advance(1);
    const next = claim(slow);
    await stopped;
    await mustClaim(other);
    letGo();
    expect((await next)?.message.body).toBe('k0');
  });

  test('that sees the second of two messages, and not the first, takes neither out of order', async () => {
    const room = makeRoom();
    const [early, later] = [await room.open(), await room.open()];
    const fill = (store: Store, count: number) =>
      store.mail.send(
        Array.from({ length: count }, () => room.outgoing()),
        { durability: 'relaxed' },
      );
    // One sender goes on filling the first bucket when the other one has opened the next.
    await fill(early, 1);
    await fill(later, 300);
    const lane = `${room.at('bob').ready}/p2/1`;
    const [level1] = readdirSync(lane);
    const buckets = readdirSync(`${lane}/${level1}`).sort();
    expect(buckets).toHaveLength(2);
    let sent = false;
    const consumer = await room.open(
      watchedDisk(async ({ method, path }) => {
        if (sent || method !== 'list' || !path.endsWith(buckets[1] ?? '')) return;
        sent = true;
        room.clock.advance(1);
        await sendEach(room, early, ['first'], { tags: ['k'] });
        room.clock.advance(1);
        await sendEach(room, later, ['second'], { tags: ['k'] });
      }),
    );
    const filter = { tag: 'k' };
    expect((await consumer.mail.claim('bob', { token: newToken(), leaseMs, policy, filter }))?.message.body).toBe(
      'first',
    );
    expect(sent).toBe(true);
  });

  test('over what two processes of one sender have sent in turn keeps their order over many buckets', async () => {
    const room = makeRoom();
    const twins = [await room.open(), await room.open()];
    const bodies = Array.from({ length: 800 }, (_, i) => `${i}`);
    for (const [i, body] of bodies.entries()) {
      // Seven in the same moment from one of them, then the other one has its turn.
      if (i % 7 === 0) room.clock.advance(5);
      const twin = twins[Math.floor(i / 7) % 2] as Store;
      accepted(await twin.mail.send([room.outgoing({ body })], { durability: 'relaxed' }));
    }
    expect(await drain(twins[0] as Store)).toEqual(bodies);
  });

  test('that finishes the send of another one leaves it behind what was sent before', async () => {
    const room = makeRoom();
    const [consumer, sender] = [await room.open(), await room.open()];
    const doomed = await room.open(
      watchedDisk(({ method, to }) => {
        if (method === 'rename' && to?.includes('/ready/')) throw new Killed();
      }),
    );
    const many = (count: number) => Array.from({ length: count }, () => room.outgoing());
    // The consumer knows the first bucket, the sender has opened the next one.
    await consumer.mail.send(many(1), { durability: 'relaxed' });
    await sender.mail.send(many(300), { durability: 'relaxed' });
    await sendEach(room, sender, ['first']);
    await expect(sendEach(room, doomed, ['second'], { to: ['ann', 'bob'] })).rejects.toThrow(Killed);
    expect((await drain(consumer)).slice(-2)).toEqual(['first', 'second']);
  });

  test('gets past a thousand messages of a busy key, however slow the disk is', async () => {
    const room = makeRoom();
    const store = await room.open();
    const blocked = Array.from({ length: 1000 }, () => room.outgoing({ orderingKey: 'k' }));
    await store.mail.send(blocked, { durability: 'relaxed' });
    room.clock.advance(1);
    for (const body of ['a', 'b']) {
      accepted(await store.mail.send([room.outgoing({ body })], { durability: 'relaxed' }));
    }
    await mustClaim(store);
    let lists = 0;
    const slow = await room.open(
      watchedDisk(({ method, path }) => {
        if (method !== 'list' || !path.includes('/ready/')) return;
        lists++;
        room.clock.advance(10);
      }),
    );
    expect((await claim(slow))?.message.body).toBe('a');
    const first = lists;
    expect((await claim(slow))?.message.body).toBe('b');
    // The second claim goes on where the first one ended.
    expect(lists - first).toBeLessThan(first / 2);
    lists = 0;
    expect(await claim(slow)).toBeUndefined();
    expect(lists).toBeLessThan(3 * first);
  });
});

describe('what does not belong into keys/', () => {
  test.for([
    ['a file in the place of a key', (keys: string) => writeFileSync(`${keys}/${key}`, '')],
    [
      'a file beside the head',
      (keys: string) => {
        mkdirSync(`${keys}/${key}`);
        writeFileSync(`${keys}/${key}/stray`, '');
      },
    ],
  ] as const)('is put aside when it stands in the way: %s', async ([, plant]) => {
    const room = makeRoom();
    const store = await room.open();
    const { keys } = room.at('bob');
    mkdirSync(keys);
    plant(keys);
    await sendEach(room, store, ['first', 'second']);
    expect(await drain(store)).toEqual(['first', 'second']);
    expect((await store.look.counts('bob')).corrupt).toBe(1);
  });

  test('is put aside by doctor, who frees what is held by nobody and sweeps what was not finished', async () => {
    const room = makeRoom();
    const store = await room.open();
    const { keys } = room.at('bob');
    await sendEach(room, store, ['first', 'second']);
    const { message } = await mustClaim(store);
    mkdirSync(`${keys}/0123456789abcdef`, { mode: 0o700 });
    writeFileSync(`${keys}/0123456789abcdef/${room.ids.next(room.clock.now())}.0.1`, '', { mode: 0o600 });
    mkdirSync(`${keys}/0123456789abcdee`, { mode: 0o700 });
    mkdirSync(`${keys}/0123456789abcdef.ABCDEFGHJK`, { mode: 0o700 });
    writeFileSync(`${keys}/0123456789abcdef.ABCDEFGHJK/${message.id}.0.1`, '', { mode: 0o600 });
    writeFileSync(`${keys}/notes.txt`, '', { mode: 0o600 });
    const rules = async (fix: boolean) => (await inspected(store, fix)).map(({ rule }) => rule).sort();
    // A moment ago these may be under way.
    expect(await rules(false)).toEqual(['keys']);
    room.clock.advance(2 * leaseMs);
    await recoverAll(room, store);
    expect(await rules(false)).toEqual(['key-held', 'keys', 'leftover', 'leftover']);
    expect(await rules(true)).toEqual(['key-held', 'keys', 'leftover', 'leftover']);
    expect(await rules(false)).toEqual([]);
    expect(heads(room)).toEqual([`${key}/${message.id}.0.1`]);
    expect(await drain(store)).toEqual(['first', 'second']);
  });

  test('includes nothing: without keys/ all goes on', async () => {
    const room = makeRoom();
    const store = await room.open();
    await sendEach(room, store, ['first', 'second']);
    await store.mail.ack((await mustClaim(store)).receipt, {});
    rmSync(room.at('bob').keys, { recursive: true });
    expect(await drain(store)).toEqual(['second']);
  });
});

const each = Array.from({ length: 12 }, (_, i) => i);

describe('of many at once', () => {
  test('nobody has two of a key out, and what was sent first is delivered first', async () => {
    for (let round = 0; round < 4; round++) {
      const { room, came } = await manyAtOnce();
      for (const [name, bodies] of came) expect(bodies).toEqual(each.map((i) => `${name}${i}`));
      expect(heads(room)).toEqual([]);
      expect(room.warnings).toEqual([]);
    }
  });
});

function jumpy(room: Room): Disk {
  return watchedDisk(async () => {
    // The order of the tasks changes from call to call, without waiting for any time to pass.
    for (let n = Math.floor(Math.random() * 4); n > 0; n--) await Promise.resolve();
    if (Math.random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
    if (Math.random() < 0.02) room.clock.advance(1);
  });
}

/** Several senders and consumers, who give some of it back. @returns what came for the first time, by key */
async function manyAtOnce(): Promise<{ room: Room; came: Map<string, string[]> }> {
  const room = makeRoom();
  const keys = ['a', 'b', 'c'];
  let sending = keys.length;
  const out = new Set<string>();
  const came = new Map<string, string[]>(keys.map((name) => [name, []]));
  const send = async (orderingKey: string): Promise<void> => {
    const store = await room.open(jumpy(room));
    for (const i of each) await sendEach(room, store, [`${orderingKey}${i}`], { orderingKey });
    sending--;
  };
  const settle = async (store: Store, { receipt, attempt }: Delivery): Promise<void> => {
    const luck = Math.random();
    if (luck < 0.1) await store.mail.nack(receipt, { policy, dead: true });
    else if (luck < 0.3 && attempt < 4)
      await store.mail.nack(receipt, { policy, free: luck < 0.15, delayMs: luck < 0.2 ? 0 : 2 });
    else await store.mail.ack(receipt, {});
  };
  const consume = async (): Promise<void> => {
    const store = await room.open(jumpy(room));
    for (;;) {
      const over =
        sending === 0 && (await store.look.counts('bob')).ready + (await store.look.counts('bob')).delayed === 0;
      const delivery = await claim(store);
      if (!delivery) {
        if (over) return;
        room.clock.advance(1);
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      const name = delivery.message.orderingKey ?? '';
      expect(out.has(name), `two of ${name} at once`).toBe(false);
      out.add(name);
      const firsts = came.get(name) ?? [];
      if (!firsts.includes(delivery.message.body)) firsts.push(delivery.message.body);
      await new Promise((resolve) => setImmediate(resolve));
      out.delete(name);
      await settle(store, delivery);
    }
  };
  await Promise.all([...keys.map(send), ...Array.from({ length: 5 }, consume)]);
  return { room, came };
}

test('several claims of one process, which share a walk, keep the order of a key', async () => {
  for (let run = 0; run < 50; run++) {
    const room = makeRoom();
    const [sender, store] = [await room.open(), await room.open()];
    const bodies = ['0', '1', '2', '3', '4', '5'];
    await sendEach(room, sender, bodies);
    room.clock.advance(1000);
    const got: string[] = [];
    const consume = async () => {
      for (let idle = 0; idle < 3;) {
        const delivery = await claim(store);
        if (delivery) got.push(delivery.message.body);
        // As handlers do that take more or less long.
        for (let turn = 0; turn < run % 7; turn++) await Promise.resolve();
        if (delivery) await store.mail.ack(delivery.receipt, {});
        else room.clock.advance(10 * ++idle);
      }
    };
    await Promise.all([consume(), consume(), consume()]);
    expect(got).toEqual(bodies);
  }
});
