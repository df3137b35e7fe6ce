import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const paused = 'reviewer is paused since 2026-11-20T09:00:00Z by planner';

test('pause and resume say what holds now', async () => {
  const first = await rig.dreamos('pause reviewer --as planner');
  expect(first.out).toBe('Paused reviewer: it takes mail, and nothing is claimed from it.\n');
  expect(first.err).toContain('dreamos resume reviewer');
  expect((await rig.dreamos('pause reviewer')).out).toBe(`No change: ${paused}.\n`);
  expect((await rig.dreamos('agent list')).out).toContain('paused 2026-11-20T09:00:00.000Z');
  expect((await rig.dreamos('agent show reviewer')).out).toMatch(/pausedBy: +planner/);
  expect((await rig.dreamos('resume reviewer')).out).toBe('Resumed reviewer: its mail is delivered again.\n');
  expect((await rig.dreamos('resume reviewer')).out).toBe('reviewer was not paused.\n');
  expect((await rig.dreamos('pause --json --as reviewer')).json).toMatchObject([{ name: 'reviewer', changed: true }]);
  expect((await rig.dreamos('pause nobody')).code).toBe(4);
  expect((await rig.dreamos('resume')).code).toBe(2);
});

test('read, work, peek, list and status say that it is paused, since when and by whom', async () => {
  const id = await rig.sent();
  await rig.dreamos('pause reviewer --as planner');
  const says = `${paused}: dreamos resume reviewer`;
  expect(await rig.dreamos('read reviewer')).toMatchObject({ code: 3, out: '', err: `${says}\n` });
  const json = await rig.dreamos('read reviewer --json');
  expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'AGENT_PAUSED', hint: 'dreamos resume reviewer' } });
  expect(await rig.dreamos('read reviewer --quiet')).toMatchObject({ code: 3, err: '' });
  for (const line of ['read reviewer --wait 1ms', 'work reviewer --wait 1ms -- cat']) {
    // Once, when the wait begins.
    const { code, err } = await rig.dreamos(line);
    expect({ code, told: err.split(says).length - 1 }).toEqual({ code: 3, told: 1 });
    expect(err).toMatch(/\nNothing came for reviewer within 1ms\.\n$/);
    const { err: lines } = await rig.dreamos(line.replace(' --wait', ' --json --wait'));
    expect(lines.trimEnd().split('\n').at(-1)).toContain('"AGENT_PAUSED"');
  }
  const listed = await rig.dreamos('list reviewer');
  expect([listed.out, listed.err]).toEqual([expect.stringContaining(id), expect.stringContaining(says)]);
  expect((await rig.dreamos('peek reviewer')).err).toContain(says);
  const shown = await rig.dreamos('status');
  expect(shown.out).toMatch(/^reviewer \(paused\) +1 /m);
  expect(shown.out).toMatch(/^planner +0 /m);
  expect(shown.err).toContain(says);
  expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([
    { mailbox: 'reviewer', pausedAt: '2026-11-20T09:00:00.000Z', pausedBy: 'planner' },
  ]);
  await rig.dreamos('resume reviewer');
  expect((await rig.dreamos('read reviewer')).code).toBe(0);
});
