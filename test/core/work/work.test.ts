import { expect, test, vi } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { thread } from '../../../src/core/look/thread.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { reply } from '../../../src/core/send/reply.ts';
import type { Handled, Handler } from '../../../src/core/work/handle.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { work, type WorkOptions, type WorkTotals } from '../../../src/core/work/work.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { expectRefusal, gather, must } from '../rig.ts';
import { newToken } from '../../storage/contract/ways.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
const none = { acked: 0, failed: 0, returned: 0, dead: 0, settled: 0, lost: 0 };

/** Sends so many messages to the reviewer: `0`, `1`, `2` … */
async function sent(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await send(still.rig.root, { to: 'reviewer', body: String(n) });
}

/** What a promise comes to, while time goes on. */
async function finish<T>(promise: Promise<T>, withinMs = 600_000): Promise<T> {
  let over = false;
  void promise.catch(() => undefined).finally(() => (over = true));
  for (let ms = 0; !over && ms < withinMs; ms += 50) await vi.advanceTimersByTimeAsync(50);
  return promise;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const working = (handler: Handler, options: WorkOptions = {}): Promise<WorkTotals> =>
  work(still.rig.as('reviewer'), 'reviewer', handler, options);

const counts = () => still.rig.root.store.look.counts('reviewer');
const kinds = (): string[] => still.rig.mail.log.map(({ event }) => event);

test('a handler that returns nothing acks, and the next message is claimed only then', async () => {
  await sent(3);
  const bodies: string[] = [];
  const totals = await finish(working((job) => void bodies.push(job.message.body), { waitMs: 10 }));
  expect(totals).toEqual({ ...none, acked: 3 });
  expect(bodies).toEqual(['0', '1', '2']);
  expect(kinds().slice(3)).toEqual(['claimed', 'acked', 'claimed', 'acked', 'claimed', 'acked']);
});

test('a handler that throws has failed, with the reason; the last attempt leads to the dead-letter queue', async () => {
  await registerAgent(still.rig.root, { name: 'reviewer', settings: { maxAttempts: 2 } });
  await sent(1);
  const handled: Handled[] = [];
  const totals = await finish(
    working(() => Promise.reject(new Error('no such table')), { count: 2, onHandled: (one) => void handled.push(one) }),
  );
  expect(totals).toEqual({ ...none, failed: 1, dead: 1 });
  expect(handled).toMatchObject([
    { result: 'failed', reason: 'no such table', job: { attempt: 1 } },
    { result: 'dead', reason: 'no such table', job: { attempt: 2 } },
  ]);
  const dead = must((await still.rig.root.store.look.list('reviewer', 'dead')[Symbol.asyncIterator]().next()).value);
  expect(await still.rig.root.store.look.deadReason(dead)).toMatchObject({ reason: 'no such table', attempts: 2 });
});

test.for<[string, Handler, Partial<WorkTotals>, object]>([
  ['returned ack', () => ({ outcome: 'ack' }), { acked: 1 }, { archived: 1 }],
  ['returned fail', () => ({ outcome: 'fail', delayMs: 0 }), { failed: 1 }, { ready: 1 }],
  ['returned retry', () => ({ outcome: 'retry', reason: 'busy', delayMs: 5000 }), { returned: 1 }, { delayed: 1 }],
  ['returned dead', () => ({ outcome: 'dead', reason: 'nonsense' }), { dead: 1 }, { dead: 1 }],
  [
    'thrown dead',
    () => {
      throw Object.assign(new Error('bad data'), { outcome: 'dead' });
    },
    { dead: 1 },
    { dead: 1 },
  ],
  [
    'thrown text',
    () => {
      // oxlint-disable-next-line only-throw-error -- what JavaScript allows
      throw 'oh';
    },
    { failed: 1 },
    { delayed: 1 },
  ],
  ['returned nonsense', () => ({ outcome: 'nonsense' }) as never, { failed: 1 }, { delayed: 1 }],
])('an outcome that is %s holds', async ([, handler, totals, where]) => {
  await sent(1);
  expect(await finish(working(handler, { count: 1 }))).toEqual({ ...none, ...totals });
  expect(await counts()).toMatchObject(where);
});

test.for<[string, unknown, string]>([
  ['a delay that is none', { outcome: 'retry', delayMs: -1 }, 'the handler said a delayMs of -1'],
  ['a delay beyond all use', { outcome: 'fail', delayMs: Number.NaN }, 'the handler said a delayMs of NaN'],
  ['an outcome that is no text', { outcome: 10n }, 'the handler said 10n, which is none of'],
  ['a reason that is no text', { outcome: 'fail', reason: 7 }, '7'],
  ['a score that is none', { outcome: 'ack', score: 2 }, 'the handler said a score of 2'],
])('%s costs its message an attempt, and the next one is worked on', async ([, said, reason]) => {
  await sent(2);
  const handled: Handled[] = [];
  const handler: Handler = ({ message }) => (message.body === '0' ? (said as never) : undefined);
  const onHandled = (one: Handled): void => void handled.push(one);
  expect(await finish(working(handler, { count: 2, onHandled }))).toEqual({ ...none, failed: 1, acked: 1 });
  expect(handled).toMatchObject([{ result: 'failed', reason: expect.stringContaining(reason) as string }, {}]);
});

test('what a handler says of its work is in the log, whether it replies, or its reply can only be kept', async () => {
  await sent(3);
  const handler: Handler = async ({ message }) => {
    if (message.body === '2') await retireAgent(still.rig.root, 'planner');
    return { outcome: 'ack', score: 0.5, note: message.body, ...(message.body !== '0' && { reply: { body: 'x' } }) };
  };
  expect(await finish(working(handler, { count: 3 }))).toEqual({ ...none, acked: 3 });
  const said = still.rig.mail.log.filter(({ event }) => event === 'acked').map(({ score, note }) => ({ score, note }));
  expect(said).toEqual(['0', '1', '2'].map((note) => ({ score: 0.5, note })));
});

test('so does an error that can be no text', async () => {
  await sent(2);
  const handler: Handler = ({ message }) => {
    if (message.body === '0') throw Object.create(null);
  };
  expect(await finish(working(handler, { count: 2 }))).toEqual({ ...none, failed: 1, acked: 1 });
});

test('a handler that always says "not now" uses up no attempt and does not spin', async () => {
  await sent(1);
  const stop = new AbortController();
  const attempts: number[] = [];
  const times: number[] = [];
  const running = working(
    ({ attempt }) => {
      attempts.push(attempt);
      times.push(Date.now());
      return { outcome: 'retry' };
    },
    { signal: stop.signal },
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  stop.abort();
  const { returned } = await finish(running);
  expect(new Set(attempts)).toEqual(new Set([1]));
  // 1 to 2 s, 2 to 4 s, 4 to 8 s … 2.5 to 5 min.
  expect(must(times[1]) - must(times[0])).toBeGreaterThanOrEqual(1000);
  expect(must(times[4]) - must(times[3])).toBeGreaterThanOrEqual(8000);
  expect(returned).toBeGreaterThan(12);
  expect(returned).toBeLessThan(40);
  expect(await counts()).toMatchObject({ dead: 0, delayed: 1 });
});

test('also where no backoff is configured, "not now" does not spin', async () => {
  await registerAgent(still.rig.root, { name: 'reviewer', settings: { backoffMin: '0', backoffMax: '0' } });
  await sent(1);
  const stop = new AbortController();
  const running = working(() => ({ outcome: 'retry' }), { signal: stop.signal });
  await vi.advanceTimersByTimeAsync(10_000);
  stop.abort();
  expect((await finish(running)).returned).toBeLessThanOrEqual(101);
});

test('so many handlers run at a time, and nothing is claimed before it can begin', async () => {
  await sent(20);
  let now = 0;
  let most = 0;
  const running = working(
    async () => {
      most = Math.max(most, ++now);
      expect(await counts()).toMatchObject({ inflight: now });
      await sleep(1000);
      now--;
    },
    { concurrency: 12, waitMs: 10 },
  );
  await vi.advanceTimersByTimeAsync(500);
  expect(await counts()).toMatchObject({ inflight: 12, ready: 8 });
  expect(await finish(running)).toEqual({ ...none, acked: 20 });
  expect(most).toBe(12);
});

test('a slow handler does not hold up the others', async () => {
  await sent(5);
  const done: string[] = [];
  const running = working(
    async ({ message: { body } }) => {
      await sleep(body === '0' ? 10_000 : 100);
      done.push(body);
    },
    { concurrency: 2, count: 5 },
  );
  await finish(running);
  expect(done).toEqual(['1', '2', '3', '4', '0']);
});

test('the lease renews itself while the handler runs, and nobody else gets the message', async () => {
  await sent(1);
  const running = working(() => sleep(100_000), { leaseMs: 3000, count: 1 });
  await vi.advanceTimersByTimeAsync(90_000);
  await still.rig.root.store.mail.recover('reviewer', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 });
  expect(await counts()).toMatchObject({ inflight: 1, ready: 0 });
  expect(await finish(running)).toEqual({ ...none, acked: 1 });
  const renewals = kinds().filter((kind) => kind === 'renewed').length;
  expect(renewals).toBeGreaterThanOrEqual(95);
  expect(renewals).toBeLessThanOrEqual(101);
});

test('a renewal that fails is tried again in time', async () => {
  await sent(1);
  const root = still.rig.as('reviewer');
  const renew = root.store.mail.renew.bind(root.store);
  let calls = 0;
  root.store.mail.renew = async (...args) => {
    if (++calls % 2 === 1) throw new Error('no inode left');
    return renew(...args);
  };
  expect(await finish(work(root, 'reviewer', () => sleep(20_000), { leaseMs: 3000, count: 1 }))).toMatchObject({
    acked: 1,
  });
  expect(still.rig.warnings[0]).toContain('no inode left');
});

test('a lost lease aborts the signal, and what the handler says is dropped with a warning', async () => {
  await sent(1);
  const seen: unknown[] = [];
  let taken = '';
  const handler: Handler = async (_job, { signal }) => {
    // As if this process had been paused for longer than its lease.
    vi.setSystemTime(Date.now() + 60_000);
    taken = must(
      await still.rig.root.store.mail.claim('reviewer', { token: newToken(), leaseMs: 600_000, policy }),
    ).receipt;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    seen.push((signal.reason as Error).message);
  };
  expect(await finish(working(handler, { leaseMs: 3000, count: 1 }))).toEqual({ ...none, lost: 1 });
  expect(seen).toEqual(['The lease was lost: somebody else may be working on this message.']);
  expect(still.rig.warnings.join()).toContain('does not count');
  expect((await ack(still.rig.root, taken)).state).toBe('archived');
});

const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };

test('a handler that settles the message itself is believed', async () => {
  await sent(1);
  const root = still.rig.as('reviewer');
  const totals = await finish(
    work(root, 'reviewer', async ({ receipt }) => void (await ack(root, receipt)), { count: 1 }),
  );
  expect(totals).toEqual({ ...none, settled: 1 });
  expect(still.rig.warnings).toEqual([]);
});

test('after its time a handler is told, and the attempt has failed whatever it says', async () => {
  await sent(1);
  const handled: Handled[] = [];
  const running = working(
    async (_job, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    { handlerTimeoutMs: 30_000, count: 1, onHandled: (one) => void handled.push(one) },
  );
  await vi.advanceTimersByTimeAsync(29_999);
  expect(await soFar(running)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await finish(running)).toEqual({ ...none, failed: 1 });
  expect(handled).toMatchObject([{ reason: 'the handler ran longer than 30s', durationMs: 30_000 }]);
});

test('a handler that does not listen keeps its place for ten seconds more, and is left alone then', async () => {
  await sent(1);
  const running = working(() => new Promise(() => undefined), { handlerTimeoutMs: 1000, count: 1 });
  await vi.advanceTimersByTimeAsync(10_999);
  expect(await soFar(running)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await soFar(running)).toEqual({ ...none, failed: 1 });
});

test('the signal lets what runs finish and takes nothing new', async () => {
  await sent(3);
  const stop = new AbortController();
  const running = working(() => sleep(5000), { signal: stop.signal, concurrency: 2 });
  await vi.advanceTimersByTimeAsync(100);
  stop.abort();
  expect(await soFar(running)).toBe('waiting');
  expect(await finish(running)).toEqual({ ...none, acked: 2 });
  expect(await counts()).toMatchObject({ ready: 1, archived: 2 });
});

test('what is claimed at the moment of the signal is given back at once, unused', async () => {
  await sent(1);
  const stop = new AbortController();
  const root = still.rig.as('reviewer');
  const claim = root.store.mail.claim.bind(root.store);
  root.store.mail.claim = async (...args) => {
    stop.abort();
    return claim(...args);
  };
  expect(await finish(work(root, 'reviewer', () => undefined, { signal: stop.signal }))).toEqual(none);
  expect(await counts()).toMatchObject({ ready: 1, inflight: 0 });
  expect((await still.rig.root.store.look.find(must(still.rig.mail.log[0]).id))[0]).toMatchObject({ attempt: 0 });
});

test('in a hurry the handlers are told, and what they do not finish is given back unused', async () => {
  await sent(3);
  const hurry = new AbortController();
  const running = working(
    async ({ message }, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (message.body === '0') throw new Error('torn away');
    },
    { hurry: hurry.signal, concurrency: 2 },
  );
  await vi.advanceTimersByTimeAsync(100);
  hurry.abort();
  expect(await finish(running)).toEqual({ ...none, acked: 1, returned: 1 });
  expect(await counts()).toMatchObject({ ready: 2, archived: 1, inflight: 0, delayed: 0 });
});

test('a handler that says that its work is done has succeeded, whatever the time and the worker are then', async () => {
  await sent(1);
  const hurry = new AbortController();
  const aborted = vi.fn<() => void>();
  const running = working(
    async (_, { signal, done }) => {
      signal.addEventListener('abort', aborted);
      done();
      await sleep(1000);
      hurry.abort();
      await sleep(1000);
    },
    { count: 1, handlerTimeoutMs: 500, hurry: hurry.signal },
  );
  expect(await finish(running)).toEqual({ ...none, acked: 1 });
  expect(aborted).not.toHaveBeenCalled();
});

test('a reply is sent with the ack, in the thread', async () => {
  await sent(1);
  const handled: Handled[] = [];
  await finish(
    working(({ message }) => ({ outcome: 'ack', reply: { body: `${message.body}!` } }), {
      count: 1,
      onHandled: (one) => void handled.push(one),
    }),
  );
  const answer = must(
    await still.rig.root.store.mail.claim('planner', { token: newToken(), leaseMs: 1000, policy }),
  ).message;
  expect(answer).toMatchObject({
    id: handled[0]?.replied,
    from: 'reviewer',
    body: '0!',
    replyTo: handled[0]?.job.message.id,
  });
});

/** Killed in front of the ack, and run once more: the second answer has other words. */
async function answerTwice(): Promise<void> {
  const root = still.rig.as('reviewer');
  const ackOf = root.store.mail.ack.bind(root.store);
  let killed = true;
  root.store.mail.ack = async (...args) => {
    if (killed) throw new Error('killed here');
    return ackOf(...args);
  };
  let run = 0;
  const handler: Handler = () => ({ outcome: 'ack', reply: { body: `answer ${++run}` } });
  await expect(finish(work(root, 'reviewer', handler, { leaseMs: 1000 }))).rejects.toThrow('killed here');
  killed = false;
  expect(await finish(work(root, 'reviewer', handler, { count: 1 }))).toEqual({ ...none, acked: 1 });
}

test('a worker that has sent as much as it may waits with its reply, holds its message, and does no work twice', async () => {
  await registerAgent(still.rig.root, { name: 'reviewer', settings: { sendRate: 1, lease: '10s' } });
  await sent(2);
  await send(still.rig.as('reviewer'), { to: 'Builder', body: 'x' });
  let runs = 0;
  const running = working(() => ({ outcome: 'ack', reply: { body: `answer ${++runs}` } }), { count: 1 });
  await vi.waitFor(() => expect(kinds()).toContain('renewed'), { interval: 1, timeout: 10_000 });
  await vi.advanceTimersByTimeAsync(50_000);
  expect(await still.rig.root.store.mail.recover('reviewer', policy)).toMatchObject({ moved: 0 });
  expect(await counts()).toMatchObject({ ready: 1, inflight: 1, archived: 0 });
  expect(await finish(running)).toEqual({ ...none, acked: 1 });
  expect(runs).toBe(1);
  expect((await still.rig.root.store.look.counts('planner')).ready).toBe(1);
});

test('a second run whose reply has other words lets the first one stand', async () => {
  await sent(1);
  await answerTwice();
  expect(await still.rig.root.store.look.counts('planner')).toMatchObject({ ready: 1 });
  expect(still.rig.warnings.join()).toContain('The first answer stands');
});

test.for<[string, (root: Session) => Promise<unknown>, number, string]>([
  ['that is not registered', async () => undefined, 1, 'There is no agent "stranger"'],
  ['that has retired', (root) => retireAgent(root, 'planner'), 0, 'planner has retired'],
  [
    'whose mailbox is full',
    async (root) => {
      await registerAgent(root, { name: 'planner', settings: { maxMessages: 1 } });
      await send(root, { to: 'planner', body: 'first' });
    },
    0,
    'planner',
  ],
  [
    'that takes less',
    (root) => registerAgent(root, { name: 'planner', settings: { maxMessageBytes: 1024 } }),
    0,
    'takes at most 1024',
  ],
])('work for a sender %s is done once, and its reply is kept', async ([, spoil, stranger, why]) => {
  const { rig } = still;
  const from = stranger ? 'stranger' : 'planner';
  const { id } = await send(rig.as(from), { to: 'reviewer', body: 'sum it up' });
  await spoil(rig.root);
  await vi.advanceTimersByTimeAsync(1000);
  rig.warnings.length = 0;
  const body = 'summed up'.padEnd(1025);
  const handled: Handled[] = [];
  const totals = await finish(
    working(() => ({ outcome: 'ack', reply: { body } }), { waitMs: 10, onHandled: (one) => void handled.push(one) }),
  );
  expect(totals).toEqual({ ...none, acked: 1 });
  const kept = must(handled[0]?.kept);
  const [asked, answer] = await thread(rig.root, id);
  expect(asked).toMatchObject({ entries: [{ mailbox: 'reviewer', state: 'archived' }] });
  expect(answer).toMatchObject({
    message: { id: kept, from: 'reviewer', to: [from], replyTo: id, thread: id, type: 'reply', body },
    entries: [{ mailbox: 'reviewer', state: 'archived' }],
  });
  expect(rig.warnings).toEqual([expect.stringContaining(why)]);
  expect(rig.warnings[0]).toContain(
    `dreamos show ${kept} --json | jq -r .message.body | dreamos reply ${id} --as reviewer`,
  );
  // As the warning says, once he takes it.
  await registerAgent(rig.root, { name: from, settings: { maxMessages: 'none', maxMessageBytes: 1_048_576 } });
  await reply(rig.as('reviewer'), id, { body });
  expect((await rig.root.store.look.counts(from)).ready).toBeGreaterThan(0);
});

test('a worker that is killed between keeping a reply and the ack keeps it once', async () => {
  await send(still.rig.as('stranger'), { to: 'reviewer', body: 'sum it up' });
  await answerTwice();
  const archived = await gather(still.rig.root.store.look.list('reviewer', 'archived'));
  const bodies = await Promise.all(
    archived.map(async (entry) => must(await still.rig.root.store.look.read(entry)).body),
  );
  expect(bodies.toSorted()).toEqual(['answer 1', 'sum it up']);
});

test.for<[string, (root: Session) => Promise<unknown>]>([
  ['has retired', (root) => retireAgent(root, 'planner')],
  ['takes less', (root) => registerAgent(root, { name: 'planner', settings: { maxMessageBytes: 1024 } })],
])(
  'an answer that its sender has got, who %s since, is no second one when the message comes again',
  async ([, spoil]) => {
    const { rig } = still;
    await sent(1);
    const root = rig.as('reviewer');
    const answered = { body: 'done'.padEnd(1025) };
    vi.spyOn(root.store.mail, 'ack').mockRejectedValueOnce(new Error('killed here'));
    const handler: Handler = () => ({ outcome: 'ack', reply: answered });
    await expect(finish(work(root, 'reviewer', handler, { leaseMs: 1000 }))).rejects.toThrow('killed here');
    await spoil(rig.root);
    await vi.advanceTimersByTimeAsync(1000);
    rig.warnings.length = 0;
    const handled: Handled[] = [];
    await finish(work(root, 'reviewer', handler, { count: 1, onHandled: (one) => void handled.push(one) }));
    const [answer] = await gather(rig.root.store.look.list('planner', 'ready'));
    expect(handled).toMatchObject([{ result: 'acked', replied: must(answer).id, job: { attempt: 2 } }]);
    expect(handled[0]).not.toHaveProperty('kept');
    expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ archived: 1, inflight: 0 });
    expect(rig.warnings).toEqual([]);
  },
);

test('a reply that meets settings which cannot be used for a moment is no attempt, and the next run sends it', async () => {
  await sent(1);
  const root = still.rig.as('reviewer');
  vi.spyOn(root.store.mail, 'send').mockResolvedValueOnce([
    new DreamosError('invalid', 'CONFIG_INVALID', 'config.json cannot be used.'),
  ]);
  const handled: Handled[] = [];
  const handler: Handler = () => ({ outcome: 'ack', reply: { body: 'done' } });
  await finish(work(root, 'reviewer', handler, { waitMs: 10_000, onHandled: (one) => void handled.push(one) }));
  expect(handled).toMatchObject([
    { result: 'returned', reason: 'the reply was refused: config.json cannot be used.' },
    { result: 'acked', job: { attempt: 1 }, replied: expect.any(String) as string },
  ]);
  expect(await still.rig.root.store.look.counts('planner')).toMatchObject({ ready: 1 });
  expect(await still.rig.root.store.look.counts('reviewer')).toMatchObject({ archived: 1 });
});

test('a reply that can be no message is a failed attempt', async () => {
  await sent(2);
  const handled: Handled[] = [];
  const replies = [{ body: 'x', subject: 's'.repeat(300) }, { body: 'x'.repeat(70_000_000) }];
  await finish(
    working(() => ({ outcome: 'ack', reply: must(replies.shift()) }), {
      count: 2,
      onHandled: (one) => void handled.push(one),
    }),
  );
  expect(handled).toMatchObject([
    { result: 'failed', reason: expect.stringContaining('the reply was refused') as string },
    { result: 'failed', reason: expect.stringContaining('takes at most 67108864') as string },
  ]);
});

test('when the storage fails the worker ends with its error, after what runs', async () => {
  await sent(2);
  const root = still.rig.as('reviewer');
  const ackOf = root.store.mail.ack.bind(root.store);
  let acks = 0;
  root.store.mail.ack = async (...args) => {
    if (++acks === 1) throw new Error('EIO');
    return ackOf(...args);
  };
  const running = work(root, 'reviewer', ({ message }) => sleep(message.body === '0' ? 10 : 5000), { concurrency: 2 });
  await expect(finish(running)).rejects.toThrow('EIO');
  expect(await counts()).toMatchObject({ archived: 1, inflight: 1 });
});

test('it ends when nothing came for so long, and takes only what fits', async () => {
  await sent(1);
  const running = working(() => undefined, { waitMs: 5000, filter: { from: 'Builder' } });
  await vi.advanceTimersByTimeAsync(4999);
  expect(await soFar(running)).toBe('waiting');
  expect(await finish(running)).toEqual(none);
});

test('nobody ends for want of mail while a handler runs: behind its ordering key there may be more', async () => {
  for (const body of ['0', '1', '2']) await send(still.rig.root, { to: 'reviewer', body, orderingKey: 'main' });
  const slow = async (): Promise<void> => sleep(2000);
  expect(await finish(working(slow, { concurrency: 4, waitMs: 0 }))).toEqual({ ...none, acked: 3 });

  await sent(1);
  const running = working(slow, { concurrency: 4, waitMs: 500 });
  await vi.advanceTimersByTimeAsync(1500);
  // Nor does what comes meanwhile wait for the handler to end.
  await sent(1);
  await vi.advanceTimersByTimeAsync(400);
  expect(await counts()).toMatchObject({ inflight: 2, ready: 0 });
  await vi.advanceTimersByTimeAsync(1700);
  expect(await counts()).toMatchObject({ inflight: 0 });
  expect(await soFar(running)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(500);
  expect(await soFar(running)).toEqual({ ...none, acked: 2 });
});

test('schedules are sent while all handlers run', async () => {
  // Time that stands still does not wait for what is loaded when it is needed.
  await import('../../../src/core/schedules/fire-due.ts');
  const { root } = still.rig;
  await addSchedule(root, {
    name: 'tick',
    cron: '* * * * *',
    message: { to: 'builder', body: 'tick', from: 'builder' },
  });
  await sent(1);
  const running = working(() => sleep(200_000), { waitMs: 10 });
  await vi.advanceTimersByTimeAsync(190_000);
  expect(await root.store.look.counts('Builder')).toMatchObject({ ready: 3 });
  await finish(running);
});

test.for([{ concurrency: 0 }, { concurrency: 1.5 }, { count: 0 }, { handlerTimeoutMs: 0 }, { leaseMs: 1 }])(
  '%o is refused, and nothing is claimed',
  async (options) => {
    await sent(1);
    await expectRefusal(
      working(() => undefined, options),
      'USAGE',
    );
    expect(await counts()).toMatchObject({ ready: 1 });
  },
);

test('who is not there has no work', async () => {
  await expectRefusal(
    work(still.rig.root, 'nobody', () => undefined),
    'AGENT_NOT_FOUND',
  );
});
