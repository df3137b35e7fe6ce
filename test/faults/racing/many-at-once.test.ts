import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../storage/contract/rig.ts';
import { type DiskCall, watchedDisk } from '../../storage/file/disks.ts';
import { census, collect, drain, makeRoom, only, recoverAll, type Room } from '../../storage/file/room.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { changeAgentIn, newToken } from '../../storage/contract/ways.ts';
import type { Entry } from '../../../src/storage/port/look.ts';

// Several processes on one root, in one: every call to the disk lets the others go first, in an order drawn anew.

function jumpy(): Disk {
  return watchedDisk(async () => {
    // The order of the tasks changes from call to call, without waiting for any time to pass.
    for (let n = Math.floor(Math.random() * 4); n > 0; n--) await Promise.resolve();
    if (Math.random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
  });
}

async function crowd(room: Room, size: number): Promise<Store[]> {
  return Promise.all(Array.from({ length: size }, () => room.open(jumpy())));
}

const bodies = (n: number, prefix = 'b'): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

async function consume(store: Store, until: () => boolean): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  for (;;) {
    const over = until();
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    if (delivery) {
      taken.push(delivery);
      await store.mail.ack(delivery.receipt, {});
    } else if (over) return taken;
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

async function history(store: Store): Promise<string[]> {
  const seen: string[] = [];
  let cursor = await store.journal.cursor(['bob'], 'start');
  for (;;) {
    const batch = await store.journal.readEvents(['bob'], cursor);
    seen.push(...batch.events.map(({ event, id }) => `${event} ${id}`));
    if (batch.events.length === 0) return seen;
    ({ cursor } = batch);
  }
}

describe('of many at once', () => {
  test('each answer is taken once, by its request or as ordinary mail, while inboxes close under the senders', async () => {
    const room = makeRoom(['ann', 'bob']);
    const [senders, requesters, readers] = [await crowd(room, 4), await crowd(room, 2), await crowd(room, 2)];
    const requests = Array.from({ length: 12 }, () => room.ids.next(room.clock.now()));
    for (const request of requests) await requesters[0]?.mail.openInbox('bob', request, room.clock.now() + 60_000);
    let open = senders.length + requesters.length;
    const sending = senders.map(async (store, s) => {
      for (const request of requests) {
        const more = s % 2 === 0 ? {} : { dedupeKey: `${s} ${request}` };
        for (const body of bodies(3, `${s} ${request} `))
          accepted(
            await store.mail.send([room.outgoing({ body, replyTo: request, ...(body.endsWith('0') && more) })], {
              durability: 'full',
            }),
          );
      }
      open--;
    });
    const waiting = requesters.map(async (store, r) => {
      const taken: Delivery[] = [];
      for (const request of requests.filter((_, i) => i % 2 === r)) {
        const inbox = { leaseMs, policy, inbox: request, token: newToken() };
        while (taken.length % 5 !== 4) {
          const delivery = await store.mail.claim('bob', inbox);
          if (delivery) taken.push(delivery);
          else if (open < requesters.length) break;
          else await new Promise((resolve) => setImmediate(resolve));
        }
        await store.mail.closeInbox('bob', request);
      }
      open--;
      return taken;
    });
    const [byRequest, byReaders] = await Promise.all([
      Promise.all(waiting),
      Promise.all(readers.map((store) => consume(store, () => open === 0))),
      ...sending,
    ]);
    const taken = byRequest.flat().map(({ message }) => message.body);
    const rest = byReaders.flat().map(({ message }) => message.body);
    expect([...taken, ...rest].sort()).toEqual([...new Set([...taken, ...rest])].sort());
    expect(taken.length + rest.length).toBe(senders.length * requests.length * 3);
    expect(taken.length).toBeGreaterThan(0);
    expect(readdirSync(room.at('bob').requests)).toEqual([]);
    expect(room.warnings).toEqual([]);
  });

  test('each message goes to exactly one consumer, while senders send alone, in batches and to several', async () => {
    const room = makeRoom(['ann', 'bob', 'cy']);
    const [senders, consumers] = [await crowd(room, 4), await crowd(room, 4)];
    let sending = senders.length;
    const work = senders.map(async (store, s) => {
      for (const body of bodies(20, `alone${s}-`)) {
        accepted(await store.mail.send([room.outgoing({ body })], { durability: 'full' }));
      }
      const batch = bodies(20, `batch${s}-`).map((body) => room.outgoing({ body, priority: 'high' }));
      for (const sent of await store.mail.send(batch, { durability: 'full' })) expect(sent).not.toBeInstanceOf(Error);
      for (const body of bodies(10, `both${s}-`)) {
        accepted(await store.mail.send([room.outgoing({ body, to: ['bob', 'cy'] })], { durability: 'full' }));
      }
      sending--;
    });
    const [taken] = await Promise.all([
      Promise.all(consumers.map((store) => consume(store, () => sending === 0))),
      ...work,
    ]);
    const got = taken.flat().map(({ message }) => message.body);
    expect(new Set(got).size).toBe(got.length);
    expect(got.length).toBe(200);
    const store = await room.open();
    await recoverAll(room, store);
    expect((await store.look.counts('cy')).ready).toBe(40);
    const events = await history(store);
    expect(events.length).toBe(600);
    expect(new Set(events).size).toBe(600);
    expect(readdirSync(room.layout.outbox)).toEqual([]);
    expect(room.warnings).toEqual([]);
  });

  test('an expired lease comes back once, whoever recovers, and its old receipt is worth nothing', async () => {
    const room = makeRoom();
    const stores = await crowd(room, 5);
    const [first] = stores as [Store];
    await first.mail.send(
      bodies(30).map((body) => room.outgoing({ body })),
      { durability: 'relaxed' },
    );
    const held: Delivery[] = [];
    for (let i = 0; i < 30; i++)
      held.push((await first.mail.claim('bob', { token: newToken(), leaseMs, policy })) as Delivery);
    room.clock.advance(leaseMs + 10_000);
    const settled = await Promise.all([
      ...stores.map((store) => store.mail.recover('bob', policy).then(() => 'recovered')),
      ...held.map(({ receipt }, i) =>
        (stores[i % 5] ?? first).mail.ack(receipt, {}).then(
          () => 'acked',
          (error: { code: string }) => error.code,
        ),
      ),
    ]);
    const acked = settled.filter((result) => result === 'acked').length;
    expect(settled.filter((result) => result === 'LEASE_LOST')).toHaveLength(30 - acked);
    const where = await census(room, await room.open());
    expect(where.size).toBe(30);
    for (const states of where.values()) expect(states).toHaveLength(1);
    expect(await drain(await room.open())).toHaveLength(30 - acked);
    const events = await history(first);
    expect(events.filter((event) => event.startsWith('lease_expired'))).toHaveLength(30 - acked);
  });

  test('a consumer that slept through its lease while it claimed gets nothing, and the message comes again', async () => {
    const room = makeRoom();
    const sender = await room.open();
    accepted(await sender.mail.send([room.outgoing()], { durability: 'relaxed' }));
    const sleepy = await room.open(
      watchedDisk(({ to }) => {
        if (to?.startsWith(room.at('bob').inflight) === true && room.clock.uptime() === 0)
          room.clock.advance(leaseMs + 1);
      }),
    );
    expect(await sleepy.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    room.clock.advance(10_000);
    expect((await sleepy.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.attempt).toBe(2);
    expect((await history(sender)).filter((event) => event.startsWith('claimed'))).toHaveLength(1);
  });

  test('one dead-letters, and its reason stays', async () => {
    const room = makeRoom();
    const stores = await crowd(room, 6);
    const [first] = stores as [Store];
    const expiresAt = new Date(room.clock.now() + 1000).toISOString();
    for (const body of bodies(10))
      accepted(await first.mail.send([room.outgoing({ body, expiresAt })], { durability: 'relaxed' }));
    for (const body of bodies(10, 'last'))
      accepted(await first.mail.send([room.outgoing({ body, tags: ['last'] })], { durability: 'relaxed' }));
    for (let i = 0; i < 20; i++) {
      const delivery = await first.mail.claim('bob', {
        token: newToken(),
        leaseMs,
        policy,
        filter: { tag: 'last' },
      });
      if (!delivery) break;
    }
    room.clock.advance(leaseMs + 10_000);
    const once = { ...policy, maxAttempts: 1 };
    await Promise.all(stores.map((store) => store.mail.recover('bob', once)));
    await Promise.all(stores.map((store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy: once })));
    const dead = await collect(first.look.list('bob', 'dead'));
    expect(dead).toHaveLength(20);
    for (const entry of dead)
      expect((await first.look.deadReason(entry))?.reason).toMatch(/time-to-live|no attempt is left/);
    expect((await history(first)).filter((event) => event.startsWith('dead'))).toHaveLength(20);
    expect(readdirSync(room.at('bob').dlq)).toHaveLength(40);
  });

  test('one settles, and the others are told', async () => {
    const room = makeRoom();
    const stores = await crowd(room, 4);
    const [first] = stores as [Store];
    for (let round = 0; round < 15; round++) {
      accepted(await first.mail.send([room.outgoing()], { durability: 'relaxed' }));
      const { receipt } = (await first.mail.claim('bob', { token: newToken(), leaseMs, policy })) as Delivery;
      const [a, b, c, d] = stores as [Store, Store, Store, Store];
      const results = await Promise.allSettled([
        a.mail.ack(receipt, {}),
        b.mail.nack(receipt, { policy, dead: true }),
        c.mail.nack(receipt, { policy, delayMs: 86_400_000 }),
        d.mail.ack(receipt, {}),
      ]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_SETTLED' });
      }
    }
    const where = await census(room, first);
    expect(where.size).toBe(15);
    for (const states of where.values()) expect(states).toHaveLength(1);
  });

  test('renewals, acks and recovery of one claim leave it in one place', async () => {
    const room = makeRoom();
    const [a, b, c] = (await crowd(room, 3)) as [Store, Store, Store];
    for (let round = 0; round < 20; round++) {
      accepted(await a.mail.send([room.outgoing()], { durability: 'relaxed' }));
      const { receipt } = (await a.mail.claim('bob', { token: newToken(), leaseMs, policy })) as Delivery;
      room.clock.advance(leaseMs + 10_000);
      const [renewed] = await Promise.allSettled([
        a.mail.renew(receipt, { leaseMs }),
        b.mail.recover('bob', policy),
        c.mail.recover('bob', policy),
      ]);
      const where = await census(room, await room.open());
      const now = [...where.values()].flat().filter((state) => state !== 'archived');
      expect(now).toEqual([renewed.status === 'fulfilled' ? 'inflight' : 'ready']);
      if (renewed.status === 'fulfilled') await a.mail.ack(receipt, {});
      else expect(await drain(await room.open())).toEqual(['hello']);
    }
  });

  test('cancels, claims and retries by hand each have one winner', async () => {
    const room = makeRoom();
    const [a, b, c] = (await crowd(room, 3)) as [Store, Store, Store];
    for (let round = 0; round < 15; round++) {
      accepted(await a.mail.send([room.outgoing()], { durability: 'relaxed' }));
      const entry: Entry = await only(a, 'ready');
      const [x, y, claimed] = await Promise.allSettled([
        a.mail.cancel(entry, {}),
        b.mail.cancel(entry, {}),
        c.mail.claim('bob', { token: newToken(), leaseMs, policy }),
      ]);
      const delivery = claimed.status === 'fulfilled' ? claimed.value : undefined;
      const won = [x, y].filter(({ status }) => status === 'fulfilled').length + (delivery ? 1 : 0);
      expect(won).toBe(1);
      if (delivery) await c.mail.ack(delivery.receipt, {});
    }
    expect((await census(room, a)).size).toBe(15);
  });

  test('any number hand out one broadcast', async () => {
    const names = ['ann', 'bob', 'cy', 'dan'];
    const room = makeRoom(names);
    const stores = await crowd(room, 5);
    const [sender, ...others] = stores as [Store, Store];
    let sending = true;
    const sent = (async () => {
      for (let i = 0; i < 20; i++)
        accepted(await sender.mail.send([room.outgoing({ to: names })], { durability: 'full' }));
      sending = false;
    })();
    await Promise.all([
      sent,
      ...others.map(async (store, i) => {
        while (sending) await store.mail.recover(names[i] ?? '', policy);
      }),
    ]);
    const where = await census(room, sender);
    expect(where.size).toBe(80);
    for (const states of where.values()) expect(states).toEqual(['ready']);
    expect(readdirSync(room.layout.outbox)).toEqual([]);
  });

  test('agents registered at the same moment are all there', async () => {
    const room = makeRoom();
    const stores = await crowd(room, 4);
    const createdAt = '2026-11-20T09:00:00.000Z';
    await Promise.all(
      stores.flatMap((store) =>
        ['x', 'y', 'z'].map((name) => changeAgentIn(store, name, (card) => card ?? { name, createdAt })),
      ),
    );
    expect((await stores[0]?.documents.listAgents())?.map(({ name }) => name)).toEqual(['ann', 'bob', 'x', 'y', 'z']);
  });
});

describe('under one dedupe key', () => {
  test.for([
    ['in the middle of a day', Date.now()],
    // The machine's next one: a key has the time of its file, and one far ahead of the clock is over.
    ['around midnight', new Date().setUTCHours(23, 59, 59, 998)],
  ] as const)('many senders %s send one message', async ([, startMs]) => {
    for (let round = 0; round < 8; round++) {
      const room = makeRoom(['ann', 'bob', 'cy'], startMs);
      const stores = await crowd(room, 5);
      const results = await Promise.all(
        stores.map(async (store) => {
          const sent = accepted(
            await store.mail.send([room.outgoing({ to: ['bob', 'cy'], dedupeKey: 'k' })], { durability: 'full' }),
          );
          room.clock.advance(1);
          return sent;
        }),
      );
      expect(new Set(results.map(({ id }) => id)).size).toBe(1);
      expect(results.filter(({ duplicate }) => duplicate !== true)).toHaveLength(1);
      expect(await census(room, await room.open())).toEqual(
        new Map(['bob', 'cy'].map((name) => [`${name} ${results[0]?.id}`, ['ready']])),
      );
      expect(readdirSync(room.layout.outbox)).toEqual([]);
    }
  });

  test('of two senders with different words one is refused', async () => {
    const room = makeRoom();
    const [a, b] = (await crowd(room, 2)) as [Store, Store];
    const results = await Promise.all([
      a.mail.send([room.outgoing({ body: 'one', dedupeKey: 'k' })], { durability: 'full' }),
      b.mail.send([room.outgoing({ body: 'two', dedupeKey: 'k' })], { durability: 'full' }),
    ]);
    const codes = results.flat().map((result) => ('code' in result ? result.code : 'sent'));
    expect(codes.sort()).toEqual(['DEDUPE_MISMATCH', 'sent']);
    expect((await census(room, a)).size).toBe(1);
  });

  test.for([
    [
      'the key',
      ({ method, to }: DiskCall, room: Room) => method === 'link' && to?.startsWith(room.layout.dedupe) === true,
    ],
    [
      'the commit',
      ({ to }: DiskCall, room: Room) => to?.startsWith(room.layout.outbox) === true && !/\.new|\.gone/.test(to),
    ],
  ] as const)(
    'a sender that pauses in front of %s while a repeat comes answers with the one message',
    async ([, at]) => {
      const room = makeRoom(['ann', 'bob', 'cy']);
      let resume = (): void => undefined;
      const paused = new Promise<void>((resolve) => {
        resume = resolve;
      });
      let reached = (): void => undefined;
      const there = new Promise<void>((resolve) => {
        reached = resolve;
      });
      let once = true;
      const slow = await room.open(
        watchedDisk(async (call) => {
          if (!once || !at(call, room)) return;
          once = false;
          reached();
          await paused;
        }),
      );
      const outgoing = (): ReturnType<typeof room.outgoing> => room.outgoing({ to: ['bob', 'cy'], dedupeKey: 'k' });
      const first = slow.mail.send([outgoing()], { durability: 'full' });
      await there;
      const quick = await room.open();
      const repeat = accepted(await quick.mail.send([outgoing()], { durability: 'full' }));
      // What the repeat has sent is even read and done before the first one wakes up.
      expect(await drain(quick, 'cy')).toEqual(['hello']);
      resume();
      expect(accepted(await first).id).toBe(repeat.id);
      expect(await census(room, quick)).toEqual(
        new Map([
          [`bob ${repeat.id}`, ['ready']],
          [`cy ${repeat.id}`, ['archived']],
        ]),
      );
    },
  );
});

// The name is there before it is synced and told of, and a claim waits for neither.
describe('of a message that is claimed before its arrival has been written', () => {
  type Sending = (room: Room, sender: Store) => Promise<unknown>;
  /** The clock goes on by 10 ms in front of the rename, of the claim and of the arrival's line. */
  const claimedEarly = async (
    room: Room,
    send: Sending,
    { at = 'append', onClaim = async () => undefined }: { at?: string; onClaim?: () => Promise<void> } = {},
  ) => {
    const reader = await room.open();
    let claimed: Delivery | undefined;
    const sender = await room.open(
      watchedDisk(async ({ method, path, to = path }) => {
        if (!/\/bob\/(ready|events)\/./.test(to)) return;
        if (method === 'rename' || method === 'link') room.clock.advance(10);
        if (method !== at) return;
        room.clock.advance(10);
        claimed ??= await reader.mail.claim('bob', { token: newToken(), leaseMs, policy });
        await onClaim();
        room.clock.advance(10);
      }),
    );
    await send(room, sender);
    return reader.journal.history(claimed?.message.id ?? '');
  };
  const full = { durability: 'full' } as const;

  test.each<[string, Sending]>([
    ['one', async (room, sender) => sender.mail.send([room.outgoing()], full)],
    ['a batch', async (room, sender) => sender.mail.send([room.outgoing(), room.outgoing()], full)],
    [
      'one to several',
      async (room, sender) => sender.mail.send([room.outgoing({}, { mailboxes: ['ann', 'bob'] })], full),
    ],
    [
      'a delayed one',
      async (room, sender) => {
        await sender.mail.send([room.outgoing({}, { dueAt: room.clock.now() + 1000 })], full);
        room.clock.advance(1000);
        await sender.mail.recover('bob', policy);
      },
    ],
    [
      'a handed-in file',
      async (room, sender) => {
        writeFileSync(join(room.at('bob').drop, 'a.json'), '{"from":"ann","body":"x"}');
        await sender.mail.recover('bob', policy);
      },
    ],
  ])('sent as %s, the arrival has the earlier time', async (_, send) => {
    const story = (await claimedEarly(makeRoom(), send)).slice(-2);
    expect(story.map(({ event }) => event)).toEqual(['claimed', 'delivered']);
    expect(Date.parse(story[0]?.at ?? '') - Date.parse(story[1]?.at ?? '')).toBeGreaterThanOrEqual(20);
  });

  test('over midnight both are told to who reads on meanwhile', async () => {
    const room = makeRoom(['ann', 'bob'], Date.UTC(2026, 10, 21) - 15);
    const watcher = await room.open();
    let cursor = await watcher.journal.cursor(['bob'], 'start');
    const seen: string[] = [];
    const readOn = async (): Promise<void> => {
      const batch = await watcher.journal.readEvents(['bob'], cursor);
      ({ cursor } = batch);
      seen.push(...batch.events.map(({ event, at }) => `${event} ${at.slice(0, 10)}`));
    };
    const options = { at: 'syncDir', onClaim: readOn };
    await claimedEarly(room, async (_, sender) => sender.mail.send([room.outgoing()], full), options);
    await readOn();
    expect(seen).toEqual(['claimed 2026-11-21', 'delivered 2026-11-20']);
  });
});
