/** Working through a server whose process is killed again and again, and by clients that are: what was said to be done is done, once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { connect as connectTo, Dreamos } from '../../src/index.ts';
import { pause, project, type Rig, type Running, test, until } from './rig.ts';

const { connect } = (await import(join(project, 'dist/index.js'))) as { connect: typeof connectTo };

interface Served {
  readonly server: string;
  readonly socket: string;
  mail(as: string): Promise<Dreamos>;
  /** kill -9, and a new one. @param meanwhile what is done while there is none */
  again(meanwhile?: () => Promise<void>): Promise<void>;
  /** As it is told to. */
  end(): Promise<void>;
  begin(): Promise<void>;
}

async function served(rig: Rig): Promise<Served> {
  const socket = `${rig.dir}.s`;
  const env = { DREAMOS_SERVER: '' };
  const begin = async (): Promise<Running> => {
    const running = rig.start(`serve --socket ${socket} --json`, { env });
    await until('the server listens', () => running.lines().length > 0);
    return running;
  };
  let running = await begin();
  const server = `unix:${socket}`;
  return {
    server,
    socket,
    end: async () => expect(await running.kill('SIGTERM')).toMatchObject({ code: 0 }),
    begin: async () => void (running = await begin()),
    mail: (as) => connect({ server, as, env: {}, warn: () => undefined }),
    again: async (meanwhile) => {
      await running.kill('SIGKILL');
      await meanwhile?.();
      running = await begin();
    },
  };
}

const away = new Set(['SERVER_UNREACHABLE', 'SEND_UNCERTAIN']);
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

async function bodies(mail: Dreamos, states: readonly ['ready'] | readonly ['archived']): Promise<string[]> {
  const all: string[] = [];
  for await (const { message } of mail.list('reviewer', { states: [...states] })) all.push(message?.body ?? '');
  return all.sort();
}

test('each send that was answered is there once, one without an answer at most once, and under a dedupe key once', async ({
  rig,
}) => {
  const there = await served(rig);
  const mail = await there.mail('planner');
  const answered = new Set<string>();
  const tried = new Set<string>();
  const stop = new AbortController();
  const sender = async (name: string, withKey: boolean): Promise<void> => {
    for (let i = 0; !stop.signal.aborted; i++) {
      const body = `${name}-${i}`;
      tried.add(body);
      for (;;) {
        try {
          await mail.send({ to: 'reviewer', body, ...(withKey && { dedupeKey: body }) });
          answered.add(body);
          break;
        } catch (error) {
          expect(away).toContain(codeOf(error));
          // Nobody had heard of it, or it has a key.
          if (!withKey && codeOf(error) === 'SEND_UNCERTAIN') break;
          await pause(20);
        }
      }
    }
  };
  const sending = ['a', 'b', 'c', 'keyed', 'keyed too'].map((name) => sender(name, name.startsWith('keyed')));
  for (let round = 0; round < 4; round++) {
    const before = answered.size;
    await until('some are sent', () => answered.size > before + 10);
    await there.again();
  }
  stop.abort();
  await Promise.all(sending);
  const sent = await bodies(mail, ['ready']);
  expect(new Set(sent).size).toBe(sent.length);
  expect([...answered].filter((body) => !sent.includes(body))).toEqual([]);
  expect(sent.filter((body) => !tried.has(body))).toEqual([]);
  expect([...tried].filter((body) => body.startsWith('keyed') && !sent.includes(body))).toEqual([]);
});

test('workers go on when their server is killed: every message is finished, and none is handled again behind that', async ({
  rig,
}) => {
  const there = await served(rig);
  const mail = await there.mail('reviewer');
  const planner = mail.as('planner');
  const all = Array.from({ length: 40 }, (_, i) => `m${i}`);
  for (const body of all) await planner.send({ to: 'reviewer', body });
  const finished = new Set<string>();
  const behind: string[] = [];
  const replied: string[] = [];
  const end = new AbortController();
  const working = mail.work(
    'reviewer',
    async ({ message }) => {
      if (finished.has(message.body)) behind.push(message.body);
      await pause(30);
      return { outcome: 'ack', reply: { body: `re ${message.body}` } };
    },
    {
      concurrency: 4,
      leaseMs: 3000,
      signal: end.signal,
      onHandled: ({ job, result, reason }) => {
        if (result === 'acked' || result === 'settled') finished.add(job.message.body);
        else replied.push(`${job.message.body} ${result} ${reason ?? ''}`);
        if (finished.size === all.length) end.abort();
      },
    },
  );
  for (const least of [5, 15, 25]) {
    await until('some are finished', () => finished.size >= least);
    await there.again();
  }
  await until('all are finished', () => finished.size === all.length, 60_000);
  end.abort();
  await working;
  expect(behind).toEqual([]);
  expect(await bodies(mail, ['archived'])).toEqual([...all].sort());
  const answers: string[] = [];
  for await (const { message } of planner.list('planner')) answers.push(message?.body ?? '');
  expect(answers.sort()).toEqual(all.map((body) => `re ${body}`).sort());
});

test(
  'a watch, and a task’s, go on when their server is killed: each event once and in order, and the end that came meanwhile',
  { timeout: 180_000 },
  async ({ rig }) => {
    const there = await served(rig);
    const mail = await there.mail('planner');
    const env = { DREAMOS_SERVER: there.server };
    const watching = rig.start('watch reviewer --since start --json', { env });
    const stop = new AbortController();
    const ids: string[] = [];
    const sender = async (name: string): Promise<void> => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const body = `${name}-${i}`;
        for (;;) {
          try {
            const { id } = (await mail.send({ to: 'reviewer', body, dedupeKey: body })) as { id: string };
            ids.push(id);
            break;
          } catch (error) {
            expect(away).toContain(codeOf(error));
            await pause(20);
          }
        }
      }
    };
    const sending = ['a', 'b', 'c'].map(sender);
    for (let round = 0; round < 3; round++) {
      const before = watching.lines().length;
      await until('some are told', () => watching.lines().length > before + 10);
      await there.again();
    }
    const { id } = await mail.tasks.create({ title: 'a' });
    const ofTask = rig.start(`task watch ${id} --json`, { env });
    // Nothing but an event says that it watches.
    const watches = async () => {
      if (ofTask.lines().length > 0) return true;
      await rig.dreamos(`task progress ${id} --percent 1 --as reviewer`);
      return false;
    };
    expect(await rig.dreamos(`task accept ${id} --as reviewer`)).toMatchObject({ code: 0 });
    await until('it watches', watches);
    await there.again(async () => {
      expect(await rig.dreamos(`task done ${id} --as reviewer`)).toMatchObject({ code: 0 });
    });
    const end = await ofTask.ended;
    expect(end).toMatchObject({ code: 0 });
    expect(end.json.at(-1)).toMatchObject({ event: 'acked', id });
    stop.abort();
    await Promise.all(sending);
    const all = await rig.dreamos('watch reviewer --since start --wait 0s --json');
    await until('all are told', () => watching.lines().length >= all.json.length);
    const { out, err } = await watching.kill('SIGTERM');
    expect(out).toBe(all.out);
    expect(
      all.json
        .filter(({ event }) => event === 'delivered')
        .map((one) => one.id)
        .sort(),
    ).toEqual(expect.arrayContaining([...ids].sort()));
    expect(err.match(/does not answer/g)).toHaveLength(1);
  },
);

test(
  'a server that ends takes back nothing that was handed over: neither of a reader that was slow to hear it, nor of a worker',
  { timeout: 180_000 },
  async ({ rig }) => {
    const there = await served(rig);
    const mail = await there.mail('reviewer');
    const env = { DREAMOS_SERVER: there.server };
    const counts = async () => JSON.parse((await rig.dreamos('status reviewer --json')).out) as Record<string, number>;
    // A reader that has been stopped before it has heard of what its server has claimed for it.
    const stoppedWith = async (ms = 1000): Promise<{ reading: Running; id: string }> => {
      const reading = rig.start('read reviewer --wait 60s --json', { env });
      await pause(ms);
      reading.child.kill('SIGSTOP');
      const id = await rig.sent('send reviewer slow --as planner --quiet');
      for (let look = 0; look < 10; look++) if ((await counts())['inflight'] === 1) return { reading, id };
      // It did not wait yet.
      reading.child.kill('SIGCONT');
      await rig.dreamos(['ack', (await reading.ended).json[0]?.receipt ?? '']);
      return stoppedWith(2 * ms);
    };
    for (const how of ['in time', 'late'] as const) {
      const { reading, id } = await stoppedWith();
      const ended = there.end();
      if (how === 'late') await ended;
      else await until('nobody listens', () => !existsSync(there.socket));
      reading.child.kill('SIGCONT');
      const { json } = await reading.ended;
      await ended;
      expect(json[0]?.message.id).toBe(id);
      expect(await counts()).toMatchObject({ ready: 0, inflight: 1 });
      expect(await rig.dreamos(['ack', json[0]?.receipt ?? ''])).toMatchObject({ code: 0 });
      await there.begin();
    }
    const handled: string[] = [];
    const working = mail.work(
      'reviewer',
      async ({ message }) => {
        handled.push(message.body);
        if (handled.length > 1) return;
        await there.end();
        await there.begin();
      },
      { count: 2 },
    );
    for (const body of ['first', 'second']) await mail.as('planner').send({ to: 'reviewer', body });
    expect(await working).toMatchObject({ acked: 2 });
    expect(handled).toEqual(['first', 'second']);
  },
);

test('what a reader that is killed was about to get is there at once, unused', async ({ rig }) => {
  const there = await served(rig);
  const planner = await there.mail('planner');
  const env = { DREAMOS_SERVER: there.server };
  let givenBack = 0;
  for (let round = 0; round < 8; round++) {
    const reading = rig.start('read reviewer --wait 60s --json', { env });
    await pause(round * 60);
    const { id } = await planner.send({ to: 'reviewer', body: `r${round}` });
    await pause(round * 2);
    const { out } = await reading.kill('SIGKILL');
    // What it has printed it had.
    if (out.includes(id)) await planner.as('reviewer').ack(id);
    const statusNow = async () => (await planner.status(['reviewer']))[0];
    const end = performance.now() + 5000;
    while ((await statusNow())?.inflight !== 0 && performance.now() < end) await pause(20);
    const left = await statusNow();
    // Killed between having it and printing it, it has it until its lease ends, as without a server.
    if (left?.inflight === 1) await planner.as('reviewer').nack(id, { free: true, delayMs: 0 });
    else if (left?.ready === 0) continue;
    else givenBack++;
    const delivery = await planner.as('reviewer').read('reviewer');
    expect(delivery).toMatchObject({ attempt: 1, message: { id } });
    await planner.as('reviewer').ack(delivery?.receipt ?? '');
  }
  expect(givenBack).toBeGreaterThan(0);
});
