import { beforeEach, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { ackCarried } from '../../../src/core/bridge/acks.ts';
import { bridge } from '../../../src/core/bridge/bridge.ts';
import type { Ask } from '../../../src/core/policy/ask.ts';
import { guarded } from '../../../src/core/policy/guard.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { listen } from '../../../src/core/follow/listen.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { request } from '../../../src/core/send/request.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { work } from '../../../src/core/work/work.ts';
import { engineUnreachable } from '../../../src/storage/engine/refusals.ts';
import type { ClaimOptions } from '../../../src/storage/port/mail.ts';
import { type CutStore, cutStore, engineAddress, sessionOver } from '../away-engine.ts';
import { carrierTo, createWorld } from '../bridge/rig.ts';
import { gather, must, refusal } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
let engine: CutStore;
/** Of who works on the root while its engine comes and goes; all else in a test has it all the time. */
let own: Session;
beforeEach(() => {
  const reviewer = still.rig.as('reviewer');
  engine = cutStore(reviewer.store);
  own = sessionOver(engine.store, reviewer, 'reviewer');
});

const away = (): string[] => still.rig.warnings.filter((text) => text.includes(engineAddress));

test('a reader waits on while the engine is away, says so once, and gets what comes afterwards', async () => {
  const reading = readNext(own, 'reviewer', { waitMs: 60_000 });
  expect(await soFar(reading)).toBe('waiting');
  engine.isAway = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await soFar(reading)).toBe('waiting');
  expect(away()).toHaveLength(1);
  expect(away()[0]).toMatch(/does not answer: connection refused\. It is tried again/);
  const { id } = await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  engine.isAway = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(await soFar(reading)).toMatchObject({ message: { id } });
});

test('so does one that begins while it is away, and each outage is said', async () => {
  const reading = (): Promise<unknown> => readNext(own, 'reviewer', { waitMs: 60_000 });
  for (const outage of [1, 2]) {
    const first = reading();
    await soFar(first);
    engine.isAway = true;
    await vi.advanceTimersByTimeAsync(6000);
    await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
    engine.isAway = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(await soFar(first)).toMatchObject({ message: { body: 'x' } });
    expect(away()).toHaveLength(outage);
  }
});

test('it asks more and more seldom, at most every two seconds', async () => {
  const reading = readNext(own, 'reviewer', { waitMs: 600_000 });
  await soFar(reading);
  engine.isAway = true;
  await vi.advanceTimersByTimeAsync(10_000);
  engine.calls = 0;
  await vi.advanceTimersByTimeAsync(100_000);
  // Between one and two seconds for each, and a call or two of who looks by the way.
  expect(engine.calls).toBeGreaterThanOrEqual(50);
  expect(engine.calls).toBeLessThan(250);
  engine.isAway = false;
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(2000);
  await reading;
});

test('its time is over when it is over, and that it saw nothing is not said of an engine that is away', async () => {
  const reading = refusal(readNext(own, 'reviewer', { waitMs: 10_000 }));
  await soFar(reading);
  engine.isAway = true;
  await vi.advanceTimersByTimeAsync(9999);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(10);
  expect(await soFar(reading)).toMatchObject({ code: 'ENGINE_UNREACHABLE', kind: 'unreachable' });
});

test('without a time it is told at once', async () => {
  engine.isAway = true;
  expect(await refusal(readNext(own, 'reviewer'))).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  expect(away()).toEqual([]);
});

test('a signal ends it while the engine is away', async () => {
  const stop = new AbortController();
  const reading = readNext(own, 'reviewer', { waitMs: 60_000, signal: stop.signal });
  await soFar(reading);
  engine.isAway = true;
  await vi.advanceTimersByTimeAsync(7000);
  stop.abort();
  expect(await soFar(reading)).toBeUndefined();
});

test('a claim of which nobody knows whether it was made is made again by its own token', async () => {
  const tokens: string[] = [];
  const { claim } = still.rig.root.store.mail;
  let lost = 2;
  const broken = sessionOver(
    {
      ...own.store,
      mail: {
        ...still.rig.root.store.mail,
        claim: async (mailbox: string, options: ClaimOptions) => {
          tokens.push(options.token);
          const delivery = await claim(mailbox, options);
          // It is claimed, and the answer breaks off.
          if (delivery && lost-- > 0) throw engineUnreachable(engineAddress, 'the connection broke');
          return delivery;
        },
      },
    },
    own,
    'reviewer',
  );
  const sent = await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  const reading = readNext(broken, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(await soFar(reading)).toMatchObject({ attempt: 1, message: { id: sent.id } });
  expect(new Set(tokens).size).toBe(1);
  expect(tokens).toHaveLength(3);
});

test('who watches and who listens goes on where he was, with nothing left out and nothing twice', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const heard: string[] = [];
  const runs: Promise<void>[] = [];
  const begun = [
    new Promise((onBegun) => {
      const watching = async (): Promise<void> => {
        for await (const { id, event } of watch(own, { signal: stop.signal, mailboxes: ['reviewer'], onBegun }))
          seen.push(`${event} ${id}`);
      };
      runs.push(watching());
    }),
    new Promise((onBegun) => {
      const listening = async (): Promise<void> => {
        for await (const { message } of listen(own, 'news', { signal: stop.signal, onBegun }))
          heard.push(message?.body ?? '');
      };
      runs.push(listening());
    }),
  ];
  await Promise.all(begun);
  const ids: string[] = [];
  for (const [body, isAway] of [
    ['before', false],
    ['meanwhile', true],
    ['afterwards', false],
  ] as const) {
    engine.isAway = isAway;
    ids.push((await send(still.rig.as('planner'), { to: 'reviewer', body })).id);
    await publish(still.rig.as('planner'), 'news', { body });
    await vi.advanceTimersByTimeAsync(9000);
  }
  expect(seen).toEqual(ids.map((id) => `delivered ${id}`));
  expect(heard).toEqual(['before', 'meanwhile', 'afterwards']);
  // One of each.
  expect(away()).toHaveLength(2);
  stop.abort();
  await Promise.all(runs);
});

test('a worker settles what was worked on once the engine is there again', async () => {
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  let ran = 0;
  const working = work(
    own,
    'reviewer',
    async () => {
      ran++;
      engine.isAway = true;
      // Longer than it is known that there is no policy: that is asked, too.
      await new Promise((resolve) => setTimeout(resolve, 4000));
    },
    { count: 1 },
  );
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await soFar(working)).toBe('waiting');
  engine.isAway = false;
  await vi.advanceTimersByTimeAsync(3000);
  expect(await soFar(working)).toMatchObject({ acked: 1 });
  expect(ran).toBe(1);
  expect(away()).toHaveLength(1);
});

test('one that is stopped while it is away waits for it no longer than for a handler', async () => {
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  const stop = new AbortController();
  const handler = async (): Promise<void> => void (engine.isAway = true);
  const working = refusal(work(own, 'reviewer', handler, { signal: stop.signal }));
  await vi.advanceTimersByTimeAsync(60_000);
  stop.abort();
  await vi.advanceTimersByTimeAsync(9000);
  expect(await soFar(working)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(5000);
  expect(await soFar(working)).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  engine.isAway = false;
});

test('a bridge goes on until it is stopped: what was stored there is acked, and what comes afterwards is carried', async () => {
  const peer = await createWorld();
  const arrived: string[] = [];
  const carrier = carrierTo(peer.root, async ({ id }) => {
    arrived.push(id);
    engine.isAway = true;
    await new Promise((resolve) => setTimeout(resolve, 4000));
    return undefined;
  });
  await registerAgent(still.rig.root, { name: 'bob', at: 'b' });
  const stop = new AbortController();
  const bridging = bridge(own, 'b', { carrier, signal: stop.signal });
  const ids: string[] = [];
  for (const outage of [1, 2]) {
    ids.push((await send(still.rig.as('planner'), { to: 'bob', body: 'x' })).id);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await soFar(bridging)).toBe('waiting');
    expect(away()).toHaveLength(outage);
    engine.isAway = false;
    await vi.advanceTimersByTimeAsync(6000);
    expect(await gather(still.rig.root.store.look.list('bob', 'archived'))).toHaveLength(outage);
  }
  expect(arrived).toEqual(ids);
  stop.abort();
  expect(await bridging).toMatchObject({ forwarded: 2 });
});

test('what a bridge has carried while the policy could not be asked is acked afterwards', async () => {
  let isAway = true;
  const asked = async (): Promise<true> => {
    if (isAway) throw engineUnreachable(engineAddress, 'connection refused');
    return true;
  };
  const ask: Ask = { may: asked, check: async () => void (await asked()), refusal: async () => undefined };
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  const { receipt } = must(await readNext(own, 'reviewer'));
  const guardedOwn = sessionOver(guarded(own, 'bridge', 'read', ask, false), own, 'reviewer');
  const acking = ackCarried(guardedOwn, [receipt], { by: 'reviewer', peer: 'b', leftMs: () => 60_000 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await soFar(acking)).toBe('waiting');
  isAway = false;
  await vi.advanceTimersByTimeAsync(2000);
  await acking;
  expect(await gather(own.store.look.list('reviewer', 'archived'))).toHaveLength(1);
});

test('one that is stopped while it is away waits for it as long as for an answer', async () => {
  const peer = await createWorld();
  const carrier = carrierTo(peer.root, async () => {
    engine.isAway = true;
    return undefined;
  });
  await registerAgent(still.rig.root, { name: 'bob', at: 'b' });
  await send(still.rig.as('planner'), { to: 'bob', body: 'x' });
  const stop = new AbortController();
  const bridging = refusal(bridge(own, 'b', { carrier, signal: stop.signal }));
  await vi.advanceTimersByTimeAsync(60_000);
  stop.abort();
  await vi.advanceTimersByTimeAsync(4000);
  expect(await soFar(bridging)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(4000);
  expect(await soFar(bridging)).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  engine.isAway = false;
});

test('a request gets its answer that came meanwhile', async () => {
  const asking = request(own, { to: 'planner', body: 'how?' }, { waitMs: 60_000 });
  await soFar(asking);
  engine.isAway = true;
  const asked = await readNext(still.rig.as('planner'), 'planner');
  await reply(still.rig.as('planner'), asked?.receipt ?? '', { body: 'so' }, { ack: true });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await soFar(asking)).toBe('waiting');
  engine.isAway = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(await soFar(asking)).toMatchObject({ body: 'so' });
});
