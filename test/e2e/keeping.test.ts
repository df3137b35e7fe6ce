import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { archivedCount, archivedIds, finishedDaysAgo } from './finished-mail.ts';
import { test } from './rig.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.concurrent('keeping house', () => {
  test('two maintains at once, while a reader acks, lose and double nothing', async ({ rig }) => {
    const old = await finishedDaysAgo(rig, 700, 9);
    const stdin = Array.from({ length: 60 }, (_, n) => `{"body":"new ${n}"}\n`).join('');
    const fresh = (await rig.dreamos('send reviewer --batch --as planner', { stdin })).out.trim().split('\n');
    const [one, two, reader] = await Promise.all([
      rig.dreamos('maintain --json'),
      rig.dreamos('maintain --json'),
      rig.dreamos('read reviewer --count 60 --ack --json'),
    ]);
    expect([one, two, reader].map(({ code }) => code)).toEqual([0, 0, 0]);
    const packed = [...one.json, ...two.json].filter((line) => line['task'] === 'pack');
    expect(packed).toMatchObject([{ count: 700 }]);
    expect((await archivedIds(rig)).sort()).toEqual([...old, ...fresh].sort());
    expect(await archivedCount(rig)).toBe(760);
    expect((await rig.dreamos('doctor')).code).toBe(0);
    expect((await rig.shell(`zcat ${join(rig.box('reviewer'), 'archive')}/*.jsonl.gz | wc -l`)).out.trim()).toBe('700');
  });

  test('a packed message is shown, found, restored once and finished again', async ({ rig }) => {
    const [first = '', second = ''] = await finishedDaysAgo(rig, 2, 30);
    expect((await rig.dreamos('archive pack reviewer')).out).toMatch(/: 2 messages packed, \d+ bytes to \d+\n$/);
    expect((await rig.dreamos(`show ${first} --json`)).json[0]).toMatchObject({ message: { body: 'old 0' } });
    expect((await rig.dreamos('archive search OLD --json')).json.map(({ id }) => id)).toEqual([second, first]);
    const restores = await Promise.all([1, 2, 3].map(() => rig.dreamos(`archive restore reviewer ${first}`)));
    expect(restores.map(({ code }) => code).sort((a, b) => Number(a) - Number(b))).toEqual([0, 5, 5]);
    expect((await rig.dreamos('list reviewer --state all --json')).json).toHaveLength(2);
    const { json } = await rig.dreamos('read reviewer --json');
    expect(json[0]).toMatchObject({ attempt: 1, message: { id: first } });
    expect((await rig.dreamos(`ack ${json[0]?.receipt}`)).code).toBe(0);
    expect(await archivedIds(rig)).toEqual([second, first]);
  });

  test('a sender that waits for room goes on as soon as a reader has made some', async ({ rig }) => {
    await rig.dreamos('agent register reviewer --set maxMessages=1');
    await rig.sent('send reviewer first --as planner');
    expect(await rig.dreamos('send reviewer second --as planner')).toMatchObject({ code: 5, out: '' });
    const waiting = rig.start('send reviewer second --as planner --wait 60s');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(waiting.child.exitCode).toBeNull();
    expect((await rig.dreamos('read reviewer --ack --quiet')).code).toBe(0);
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect((await rig.dreamos('read reviewer --json')).json[0]).toMatchObject({ message: { body: 'second' } });
  });

  test('senders at once go over the limit by no more than one each', async ({ rig }) => {
    await rig.dreamos('agent register reviewer --set maxMessages=3');
    const sends = await Promise.all(
      Array.from({ length: 6 }, (_, n) => rig.dreamos(`send reviewer ${n} --as planner`)),
    );
    for (const { code } of sends) expect([0, 5]).toContain(code);
    const ready = (await rig.dreamos('status reviewer --json')).json[0]?.['ready'] as number;
    expect(ready).toBe(sends.filter(({ code }) => code === 0).length);
    expect(ready).toBeGreaterThanOrEqual(3);
    expect((await rig.dreamos('send reviewer more --as planner')).code).toBe(5);
  });
});
