import { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { MailboxGone } from '../../../src/storage/port/refusals.ts';
import type { Outgoing } from '../../../src/storage/port/mail.ts';
import { type DiskCall, diskFailure, watchedDisk } from '../../storage/file/disks.ts';
import { drain, makeRoom } from '../../storage/file/room.ts';
import { type CoreRig, createCoreRig } from '../rig.ts';

const bodies = (count: number): string[] => Array.from({ length: count }, (_, i) => `message ${i}`);
const sendEach = (root: Session, words: readonly string[], more = {}) =>
  Promise.allSettled(words.map((body) => send(root, { to: 'reviewer', body, ...more })));

describe('sends at the same time', () => {
  let rig: CoreRig;
  /** The bodies of each call of the store. */
  let calls: string[][];
  let answer: (
    call: readonly Outgoing[],
    real: () => ReturnType<Session['store']['mail']['send']>,
  ) => ReturnType<typeof real>;

  beforeEach(async () => {
    rig = await createCoreRig();
    calls = [];
    answer = (_, real) => real();
    const { mail } = rig.root.store;
    const real = mail.send.bind(mail);
    mail.send = (outgoing, how) => {
      calls.push(outgoing.map(({ message }) => message.body));
      return answer(outgoing, () => real(outgoing, how));
    };
  });

  test('are one call of the store, and each has its own answer', async () => {
    const results = await sendEach(rig.root, bodies(16));
    expect(calls).toEqual([bodies(16)]);
    const ids = results.map((result) => (result.status === 'fulfilled' ? result.value.id : result.reason));
    expect(new Set(ids).size).toBe(16);
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids);
  });

  test('one after another are a call each', async () => {
    for (const body of bodies(3)) await send(rig.root, { to: 'reviewer', body });
    expect(calls).toEqual(bodies(3).map((body) => [body]));
  });

  /** Has the first call of the store wait. */
  function holdFirst(): { letGo: () => void; held: Promise<void> } {
    let letGo = (): void => undefined;
    const open = new Promise<void>((resolve) => (letGo = resolve));
    let reached = (): void => undefined;
    const held = new Promise<void>((resolve) => (reached = resolve));
    answer = async (_, real) => {
      reached();
      await open;
      return real();
    };
    return { letGo, held };
  }

  test('that come one by one while another is on its way go together behind it', async () => {
    const { letGo, held } = holdFirst();
    const all = [send(rig.root, { to: 'reviewer', body: 'first' })];
    await held;
    for (const body of bodies(5)) {
      all.push(send(rig.root, { to: 'reviewer', body }));
      await new Promise(setImmediate);
    }
    expect(calls).toEqual([['first']]);
    letGo();
    await Promise.all(all);
    expect(calls).toEqual([['first'], bodies(5)]);
    await send(rig.root, { to: 'reviewer', body: 'last' });
    expect(calls.at(-1)).toEqual(['last']);
  });

  // Who is heard before whom is the machine's to say: of four times one has to go well, and without waiting none does.
  test('of connections of their own, which are heard only between two syncs, go together', { retry: 3 }, async () => {
    const [senders, rounds] = [16, 10];
    const asked = new Int32Array(new SharedArrayBuffer(4));
    let sent = 0;
    answer = async (_, real) => {
      // As a sync does: nothing is heard meanwhile, and it lasts until all have asked who can.
      for (let seen; (seen = Atomics.load(asked, 0)) < senders + sent;) Atomics.wait(asked, 0, seen);
      await new Promise(setImmediate);
      return real();
    };
    const worker = new Worker(
      `const { parentPort, workerData: asked } = require('node:worker_threads');
       const left = Array(${senders}).fill(${rounds});
       const next = (i) => {
         if (left[i]-- > 0) parentPort.postMessage(i);
         Atomics.add(asked, 0, 1);
         Atomics.notify(asked, 0);
       };
       parentPort.on('message', next);
       for (let i = 0; i < ${senders}; i++) next(i);`,
      { eval: true, workerData: asked },
    );
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject).on('message', (i: number) => {
        send(rig.root, { to: 'reviewer', body: `of ${i}` }).then(() => {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
          worker.postMessage(i);
          if (++sent === senders * rounds) resolve();
        }, reject);
      });
    });
    await worker.terminate();
    expect(calls.flat()).toHaveLength(senders * rounds);
    // A call for each round, and a few where one was heard before the others.
    expect(calls.length).toBeLessThan(1.7 * rounds);
  });

  test('wait for no other whose disk has failed', async () => {
    const { letGo, held } = holdFirst();
    const real = answer;
    answer = async (...call) => {
      await real(...call);
      throw new Error('a bug');
    };
    const first = send(rig.root, { to: 'reviewer', body: 'first' });
    await held;
    const rest = sendEach(rig.root, bodies(2));
    await new Promise(setImmediate);
    letGo();
    await expect(first).rejects.toThrow('a bug');
    expect((await rest).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toEqual([['first'], bodies(2)]);
  });

  test('are as many in a call as have some 256 KiB together, their data counted', async () => {
    const long = 'x'.repeat(150 * 1024);
    await sendEach(rig.root, bodies(5), { data: { long } });
    expect(calls).toEqual([bodies(2), ['message 2', 'message 3'], ['message 4']]);
    calls.length = 0;
    await sendEach(rig.root, [`${long}a`, `${long}b`, 'c']);
    expect(calls.map((call) => call.length)).toEqual([2, 1]);
  });

  test('without syncs, or where there are limits, go on their own', async () => {
    await sendEach(rig.root, bodies(3), { durability: 'relaxed' });
    expect(calls.map((call) => call.length)).toEqual([1, 1, 1]);
    await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessages: 4 } });
    calls.length = 0;
    const results = await sendEach(rig.root, bodies(3));
    expect(calls.every((call) => call.length === 1)).toBe(true);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('a draft that is refused is no matter of the others', async () => {
    const results = await Promise.allSettled([
      send(rig.root, { to: 'reviewer', body: 'one' }),
      send(rig.root, { to: 'nobody', body: 'two' }),
      send(rig.root, { to: 'Builder', body: 'three' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls.flat()).toEqual(['one', 'three']);
  });

  test('what fails on the disk in common is tried alone', async () => {
    const failed = diskFailure({ method: 'create', path: '/root' });
    answer = (call, real) =>
      call.length > 1 || call[0]?.message.body === 'message 1' ? Promise.resolve(call.map(() => failed)) : real();
    const results = await sendEach(rig.root, bodies(3));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([bodies(3), ['message 0'], ['message 1'], ['message 2']]);
  });

  test('what one of them fails for the others do not', async () => {
    const gone = new MailboxGone('reviewer');
    answer = async (call, real) =>
      call.some(({ mailboxes }) => mailboxes.includes('reviewer')) ? call.map(() => gone) : real();
    const to = ['reviewer', 'Builder', 'Builder'];
    const results = await Promise.allSettled(to.map((name) => send(rig.root, { to: name, body: name })));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  test('what is sent stays so when the store fails at another that is tried alone', async () => {
    const failed = diskFailure({ method: 'create', path: '/root' });
    answer = async (call, real) => {
      if (call.length === 1) throw new Error('a bug');
      return [failed, ...(await real()).slice(1)];
    };
    const results = await sendEach(rig.root, bodies(3));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  test('with a key, or to several, they go on their own', async () => {
    await sendEach(rig.root, bodies(2), { replaceKey: 'state' });
    await Promise.all(bodies(2).map((dedupeKey) => send(rig.root, { to: 'reviewer', body: 'x', dedupeKey })));
    await Promise.all(bodies(2).map((body) => send(rig.root, { to: ['reviewer', 'Builder'], body })));
    expect(calls.every((call) => call.length === 1)).toBe(true);
  });

  test('what may have been sent is not sent again', async () => {
    const uncertain = new DreamosError('disk', 'SEND_UNCERTAIN', 'It may be there.');
    answer = async (_, real) => [...(await real()).slice(0, 2), uncertain];
    const results = await sendEach(rig.root, bodies(3));
    expect(results[2]).toMatchObject({ status: 'rejected', reason: uncertain });
    expect(calls).toEqual([bodies(3)]);
  });

  test('a store that fails as a whole fails each of them', async () => {
    answer = () => Promise.reject(new Error('a bug'));
    const results = await sendEach(rig.root, bodies(3));
    expect(results).toEqual(results.map(() => ({ status: 'rejected', reason: new Error('a bug') })));
    answer = (_, real) => real();
    expect(await send(rig.root, { to: 'reviewer', body: 'next' })).toMatchObject({ state: 'ready' });
  });

  test('very many, and what is long, are several calls', async () => {
    await sendEach(rig.root, bodies(600));
    expect(calls.map((call) => call.length)).toEqual([256, 256, 88]);
    calls.length = 0;
    await sendEach(rig.root, [...bodies(3), 'x'.repeat(300_000), ...bodies(2)]);
    expect(calls.map((call) => call.length)).toEqual([4, 2]);
  });

  test('a batch is one call as before, and what comes beside it another', async () => {
    const all = sendAll(
      rig.root,
      bodies(3).map((body) => ({ to: 'reviewer', body })),
    );
    await Promise.all([all, send(rig.root, { to: 'reviewer', body: 'beside' })]);
    expect(calls.map((call) => call.length).toSorted((a, b) => a - b)).toEqual([1, 3]);
  });
});

test('on the disk sixteen at once take the syncs of one, and are delivered in their order', async () => {
  const synced: DiskCall[] = [];
  const room = makeRoom(['planner', 'reviewer']);
  const store = await room.open(
    watchedDisk((call) => {
      if (call.synced === true || call.method.startsWith('sync')) synced.push(call);
    }),
  );
  const root = rootOver(store, { path: room.root, clock: room.clock, ids: room.ids }, { env: {}, as: 'planner' });
  await send(root, { to: 'reviewer', body: 'first' });
  synced.length = 0;
  await send(root, { to: 'reviewer', body: 'alone' });
  const ofOne = synced.length;
  synced.length = 0;
  await sendEach(root, bodies(16));
  expect(ofOne).toBeGreaterThan(0);
  expect(synced).toHaveLength(ofOne);
  expect(await drain(store, 'reviewer')).toEqual(['first', 'alone', ...bodies(16)]);
});
