import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sessionOn } from '../../../src/core/open-root.ts';
import { connect, type Draft, type Dreamos, exactData, exactDataOf } from '../../../src/index.ts';
import { bindTo } from '../../../src/library/library.ts';
import { createServed } from '../../server/rig.ts';
import { removeScratch } from '../../scratch.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let planner: Dreamos;
let reviewer: Dreamos;
const warnings: string[] = [];
const warn = (message: string): void => void warnings.push(message);

beforeEach(async () => {
  warnings.length = 0;
  served = await createServed(['planner', 'reviewer']);
  planner = await connect({ server: `unix:${served.socket}`, as: 'planner', env: {}, warn });
  reviewer = planner.as('reviewer');
});
afterEach(async () => {
  await served.close();
  removeScratch();
});

const sent = async (body: string) => (await planner.send({ to: 'reviewer', body })) as { id: string };

test('data arrives as it was written, and its numbers are not rounded', async () => {
  await planner.send({ to: 'reviewer', body: 'a', data: exactData('{"n": 1970670598291982290}') });
  const delivery = await reviewer.read('reviewer');
  expect(exactDataOf(delivery?.message as never)).toBe('{"n":1970670598291982290}');
});

test('several are sent of whatever can be gone through, each with its own answer, as on files', async () => {
  const files = bindTo(sessionOn(served.root, { as: 'planner', env: {} }));
  const unwritable: Record<string, unknown> = {};
  unwritable['self'] = unwritable;
  const bodies = [['a'], ['b', { to: 'nobody' }], ['c', { data: unwritable }], ['d', { data: 1n }], ['e']] as const;
  const drafts = bodies.map(([body, more]) => ({ to: 'reviewer', body, ...more }));
  const kinds: (() => Iterable<Draft>)[] = [
    () => drafts,
    () => new Set(drafts),
    () => drafts.values(),
    () => new Map(drafts.entries()).values(),
  ];
  for (const drawn of kinds)
    for (const root of [files, planner]) {
      const answers = await root.sendAll(drawn());
      expect(answers.map((one) => ('code' in one ? one.code : one.state))).toEqual([
        ...['ready', 'AGENT_NOT_FOUND', 'MESSAGE_INVALID', 'MESSAGE_INVALID', 'ready'],
      ]);
      expect((await reviewer.peek('reviewer', { limit: 9 })).map(({ message }) => message.body)).toEqual(['a', 'e']);
      for (let claim; (claim = await reviewer.read('reviewer'));) await reviewer.ack(claim.receipt);
    }
  function* endless(): Generator<Draft, void, void> {
    for (;;) yield { to: 'reviewer', body: 'a' };
  }
  for (const root of [files, planner]) {
    await expect(root.sendAll(endless())).rejects.toMatchObject({ code: 'USAGE', message: /more than 1000/ });
    await expect(root.sendAll(5 as never)).rejects.toMatchObject({ code: 'USAGE', message: /a list, not 5/ });
  }
  expect(await reviewer.peek('reviewer')).toEqual([]);
});

test('data is what JSON makes of it, as on files: with ways of its own, without what JSON has not', async () => {
  const files = bindTo(sessionOn(served.root, { as: 'planner', env: {} }));
  const data = {
    ...{ at: new Date(0), never: new Date(NaN), where: new URL('http://x/'), bytes: Buffer.from('a') },
    ...{ map: new Map([[1, 2]]), call: () => 1, calls: [() => 1], error: new Error('a'), n: NaN },
  };
  const drafts = { to: 'reviewer', body: 'a', data };
  for (const root of [files, planner]) {
    await root.send(drafts);
    const claim = await reviewer.read('reviewer');
    expect(claim?.message.data).toEqual(JSON.parse(JSON.stringify(data)));
    await root.as('reviewer').reply(claim?.receipt ?? '', { body: 'b', data });
    const answer = await planner.read('planner');
    expect(answer?.message.data).toEqual(JSON.parse(JSON.stringify(data)));
    await planner.ack(answer?.receipt ?? '');
    await root.schedule.add({ name: 'daily', cron: '0 0 * * *', message: drafts });
    expect((await planner.schedule.show('daily')).message.data).toEqual(JSON.parse(JSON.stringify(data)));
    await root.schedule.remove('daily');
  }
});

test('what an older build let be nested too deeply arrives, is handed over as it was written, and holds nobody up', async () => {
  const { id } = (await planner.send({ to: 'reviewer', body: 'deep', data: { n: 1 } })) as { id: string };
  await sent('good');
  const levels = 20_000;
  const deep = '['.repeat(levels) + ']'.repeat(levels);
  const files = readdirSync(served.dir, { recursive: true, encoding: 'utf8' });
  const file = files.find((path) => path.includes(id)) ?? '';
  const text = readFileSync(join(served.dir, file), 'utf8').replace('"data":{"n":1}', `"data":${deep}`);
  const content = text.slice(0, text.lastIndexOf(',"digest":'));
  const digest = createHash('sha256').update(content).digest('hex');
  writeFileSync(join(served.dir, file), `${content},"digest":"sha256:${digest}"}\n`);
  expect(exactDataOf((await reviewer.show(id)).message as never)).toBe(deep);
  for await (const { message } of reviewer.list('reviewer')) expect(message?.body).toMatch(/deep|good/);
  expect((await reviewer.peek('reviewer'))[0]?.message.body).toBe('deep');
  const handled: string[] = [];
  const totals = await reviewer.work('reviewer', ({ message }) => void handled.push(exactDataOf(message) ?? ''), {
    count: 2,
  });
  expect(totals).toMatchObject({ acked: 2 });
  expect(handled).toEqual([deep, 'null']);
  await expect(planner.send({ to: 'reviewer', body: 'a', data: exactData(deep) })).rejects.toMatchObject({
    code: 'MESSAGE_INVALID',
  });
});

test('a worker’s handler is called here, and what it says is done there: acks, answers, retries and the dead', async () => {
  for (const body of ['ack', 'answer', 'dead']) await sent(body);
  const handled: string[] = [];
  const totals = await reviewer.work(
    'reviewer',
    async ({ message }) => {
      if (message.body === 'answer') return { outcome: 'ack', reply: { body: 'so' } };
      if (message.body === 'dead') return { outcome: 'dead', reason: 'never' };
      return undefined;
    },
    { count: 3, onHandled: ({ result }) => void handled.push(result) },
  );
  expect(totals).toMatchObject({ acked: 2, dead: 1 });
  expect(handled).toEqual(['acked', 'acked', 'dead']);
  const answer = await planner.read('planner');
  expect(answer?.message).toMatchObject({ from: 'reviewer', body: 'so' });
  expect(warnings).toEqual([]);
});

test('an answer that its recipient cannot take is kept in the worker’s archive', async () => {
  const { id } = await sent('ask');
  await planner.agent.retire('planner');
  const kept: unknown[] = [];
  await reviewer.work('reviewer', () => ({ outcome: 'ack', reply: { body: 'late' } }), {
    count: 1,
    onHandled: (one) => void kept.push(one.kept),
  });
  expect(kept).toEqual([expect.any(String)]);
  expect((await reviewer.thread(id)).map(({ message }) => message.body)).toEqual(['ask', 'late']);
});

test('a consumer gets one after the other, and holds what it has not settled', async () => {
  await sent('a');
  await sent('b');
  const bodies: string[] = [];
  for await (const job of reviewer.consume('reviewer', { waitMs: 0 })) {
    bodies.push(job.message.body);
    if (job.message.body === 'a') await job.ack({ score: 1 });
    else await job.nack({ dead: true, reason: 'no' });
  }
  expect(bodies).toEqual(['a', 'b']);
  const [status] = await planner.status(['reviewer']);
  expect(status).toMatchObject({ ready: 0, inflight: 0, archived: 1, dead: 1 });
});

test('a consumer does not claim before it is asked for the next', async () => {
  await sent('a');
  await sent('b');
  const jobs = reviewer.consume('reviewer');
  await jobs.next();
  expect((await planner.status(['reviewer']))[0]).toMatchObject({ ready: 1, inflight: 1 });
  await jobs.return(undefined);
});

test('a request gets its answer, and a look its events, as they come', async () => {
  const events: string[] = [];
  const end = new AbortController();
  const watching = (async () => {
    for await (const { event } of planner.watch({ since: 'start', signal: end.signal })) events.push(event);
  })();
  const working = reviewer.work('reviewer', () => ({ outcome: 'ack', reply: { body: 'yes' } }), { count: 1 });
  const answer = await planner.request({ to: 'reviewer', body: 'well?' }, { waitMs: 20_000 });
  expect(answer?.body).toBe('yes');
  await working;
  while (!events.includes('acked')) await new Promise((resolve) => setTimeout(resolve, 10));
  end.abort();
  await watching;
  expect(events).toEqual(expect.arrayContaining(['delivered', 'claimed', 'acked']));
});

test('a signal ends what waits, and nothing is claimed behind it', async () => {
  const end = new AbortController();
  const reading = reviewer.read('reviewer', { waitMs: 60_000, signal: end.signal });
  await new Promise((resolve) => setTimeout(resolve, 50));
  end.abort();
  expect(await reading).toBeUndefined();
  await sent('late');
  expect((await planner.status(['reviewer']))[0]).toMatchObject({ ready: 1, inflight: 0 });
  expect(await reviewer.read('reviewer', { waitMs: 60_000, signal: end.signal })).toBeUndefined();
});

test('a read that waits goes on where the server is begun anew meanwhile', async () => {
  const reading = reviewer.read('reviewer', { waitMs: 30_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await served.stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await served.begin();
  const { id } = await sent('hello');
  expect((await reading)?.message.id).toBe(id);
  expect(warnings).toEqual([expect.stringContaining('does not answer')]);
});

test('what cannot be done through a server says so', async () => {
  const refused = [
    planner.backup('b.tar.gz'),
    planner.identity.create('planner'),
    planner.alerts.check({ run: async () => ({ code: 0 }) as never }),
    planner.doctor({ fix: true }).next(),
  ];
  for (const one of refused)
    await expect(one).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('through a server'),
    });
});

test('nobody there: it says so at once, and what to do', async () => {
  await expect(connect({ server: `unix:${served.dir}/none`, env: {} })).rejects.toMatchObject({
    kind: 'unreachable',
    code: 'SERVER_UNREACHABLE',
    hint: expect.stringContaining('dreamos serve'),
  });
  await expect(connect({ server: 'http://127.0.0.1:1', env: {} })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(connect({ env: {} })).rejects.toMatchObject({ code: 'USAGE' });
});
