import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { agedArchive, type Bench, test } from './rig.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Sends and finishes so many messages, as if it had been days ago. @returns their ids */
async function finishedDaysAgo(bench: Bench, count: number, days: number): Promise<string[]> {
  const stdin = Array.from({ length: count }, (_, n) => `{"body":"old ${n}"}\n`).join('');
  const { out } = await bench.dreamos('send reviewer --batch --as planner', { stdin });
  expect((await bench.dreamos(`read reviewer --count ${count} --ack --quiet`)).code).toBe(0);
  agedArchive(bench, 'reviewer', days);
  return out.trim().split('\n');
}

async function archivedIds(bench: Bench): Promise<string[]> {
  const { json } = await bench.dreamos('archive export reviewer --json');
  return json.map(({ id }) => id);
}

async function archivedCount(bench: Bench): Promise<unknown> {
  return (await bench.dreamos('status reviewer --json')).json[0]?.['archived'];
}

describe.concurrent('keeping house', () => {
  test('two maintains at once, while a reader acks, lose and double nothing', async ({ bench }) => {
    const old = await finishedDaysAgo(bench, 700, 9);
    const stdin = Array.from({ length: 60 }, (_, n) => `{"body":"new ${n}"}\n`).join('');
    const fresh = (await bench.dreamos('send reviewer --batch --as planner', { stdin })).out.trim().split('\n');
    const [one, two, reader] = await Promise.all([
      bench.dreamos('maintain --json'),
      bench.dreamos('maintain --json'),
      bench.dreamos('read reviewer --count 60 --ack --json'),
    ]);
    expect([one, two, reader].map(({ code }) => code)).toEqual([0, 0, 0]);
    const packed = [...one.json, ...two.json].filter((line) => line['task'] === 'pack');
    expect(packed).toMatchObject([{ count: 700 }]);
    expect((await archivedIds(bench)).sort()).toEqual([...old, ...fresh].sort());
    expect(await archivedCount(bench)).toBe(760);
    expect((await bench.dreamos('doctor')).code).toBe(0);
    expect((await bench.shell(`zcat ${join(bench.box('reviewer'), 'archive')}/*.jsonl.gz | wc -l`)).out.trim()).toBe(
      '700',
    );
  });

  test('kill -9 at any time, again and again, loses and doubles nothing', async ({ bench }) => {
    const ids = (await finishedDaysAgo(bench, 1000, 9)).sort();
    let killed = 0;
    for (let afterMs = 90; afterMs < 400; afterMs += 30) {
      const running = bench.start('maintain --json');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      if ((await running.kill('SIGKILL')).signal === 'SIGKILL') killed++;
      expect((await archivedIds(bench)).sort()).toEqual(ids);
      expect(await archivedCount(bench)).toBe(1000);
    }
    expect(killed).toBeGreaterThan(0);
    // The lock of one that was killed is waited for, and then taken over.
    expect((await bench.dreamos('maintain')).code).toBe(0);
    expect((await archivedIds(bench)).sort()).toEqual(ids);
    const names = readdirSync(join(bench.box('reviewer'), 'archive'));
    expect(names.filter((name) => !name.endsWith('.jsonl.gz'))).toEqual([]);
    const fixed = await bench.dreamos('doctor --fix --json');
    expect(fixed.code).toBe(0);
    expect((await archivedIds(bench)).sort()).toEqual(ids);
  });

  test('a packed message is shown, found, restored once and finished again', async ({ bench }) => {
    const [first = '', second = ''] = await finishedDaysAgo(bench, 2, 30);
    expect((await bench.dreamos('archive pack reviewer')).out).toMatch(/: 2 messages packed, \d+ bytes to \d+\n$/);
    expect((await bench.dreamos(`show ${first} --json`)).json[0]).toMatchObject({ message: { body: 'old 0' } });
    expect((await bench.dreamos('archive search OLD --json')).json.map(({ id }) => id)).toEqual([second, first]);
    const restores = await Promise.all([1, 2, 3].map(() => bench.dreamos(`archive restore reviewer ${first}`)));
    expect(restores.map(({ code }) => code).sort((a, b) => Number(a) - Number(b))).toEqual([0, 5, 5]);
    expect((await bench.dreamos('list reviewer --state all --json')).json).toHaveLength(2);
    const { json } = await bench.dreamos('read reviewer --json');
    expect(json[0]).toMatchObject({ attempt: 1, message: { id: first } });
    expect((await bench.dreamos(`ack ${json[0]?.receipt}`)).code).toBe(0);
    expect(await archivedIds(bench)).toEqual([second, first]);
  });

  test('a sender that waits for room goes on as soon as a reader has made some', async ({ bench }) => {
    await bench.dreamos('agent register reviewer --set maxMessages=1');
    await bench.sent('send reviewer first --as planner');
    expect(await bench.dreamos('send reviewer second --as planner')).toMatchObject({ code: 5, out: '' });
    const waiting = bench.start('send reviewer second --as planner --wait 60s');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(waiting.child.exitCode).toBeNull();
    expect((await bench.dreamos('read reviewer --ack --quiet')).code).toBe(0);
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect((await bench.dreamos('read reviewer --json')).json[0]).toMatchObject({ message: { body: 'second' } });
  });

  test('senders at once go over the limit by no more than one each', async ({ bench }) => {
    await bench.dreamos('agent register reviewer --set maxMessages=3');
    const sends = await Promise.all(
      Array.from({ length: 6 }, (_, n) => bench.dreamos(`send reviewer ${n} --as planner`)),
    );
    for (const { code } of sends) expect([0, 5]).toContain(code);
    const ready = (await bench.dreamos('status reviewer --json')).json[0]?.['ready'] as number;
    expect(ready).toBe(sends.filter(({ code }) => code === 0).length);
    expect(ready).toBeGreaterThanOrEqual(3);
    expect((await bench.dreamos('send reviewer more --as planner')).code).toBe(5);
  });
});
