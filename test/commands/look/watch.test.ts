import { beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { type Rig, closedPipe, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('watch prints one line per event with its cursor, and goes on behind it', async () => {
  const since = await rig.root.store.journal.cursor(undefined, 'now');
  const watching = rig.dreamos(`watch reviewer --since ${since} --count 2 --json`);
  const id = await rig.sent('send reviewer hello --as planner --subject S');
  await rig.claimed();
  const { code, json } = await watching;
  expect(code).toBe(0);
  expect(json).toMatchObject([
    {
      cursor: expect.any(String),
      at: expect.any(String),
      mailbox: 'reviewer',
      event: 'delivered',
      id,
      from: 'planner',
      subject: 'S',
      type: 'message',
      priority: 'normal',
    },
    { event: 'claimed', id, by: 'reviewer', attempt: 1 },
  ]);
  const first = String(json[0]?.['cursor']);
  expect((await rig.dreamos(`watch reviewer --since ${first} --count 1 --json`)).json).toMatchObject([
    { event: 'claimed' },
  ]);
});

test('watch --since @file goes on behind its last line, and from the start when it is empty or missing', async () => {
  await rig.sent();
  const all = await rig.dreamos('watch --since start --count 1 --json');
  await rig.sent();
  const rest = (files: Record<string, string>) => rig.dreamos('watch --since @seen --wait 20ms --json', { files });
  expect((await rest({ seen: all.out })).json).toHaveLength(1);
  expect((await rest({ seen: '' })).json).toHaveLength(2);
  expect((await rest({})).json).toHaveLength(2);
  expect((await rest({ seen: 'nonsense\n' })).code).toBe(6);
});

test('watch for people is one aligned line per event, and the cursor to resume with is on stderr', async () => {
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'two\nlines']);
  const { out, err } = await rig.dreamos('watch --since start --count 1');
  expect(out).toMatch(
    /^2026-11-20T09:00:00\.000Z {2}reviewer {4}delivered {6}[0-9A-Z]{26} {2}from planner "two\\nlines"\n$/,
  );
  expect(err).toMatch(/^To go on from here: dreamos watch --since \S+\n$/);
});

test('what is told again after a power cut says so, to people and in JSON', async () => {
  await rig.sent();
  await rig.dreamos('publish b x --as planner');
  const onRoot = ({ store }: Session): void => {
    const readEvents = store.journal.readEvents.bind(store.journal);
    vi.spyOn(store.journal, 'readEvents').mockImplementation(async (...args) => {
      const batch = await readEvents(...args);
      return { ...batch, events: batch.events.map((event) => ({ ...event, again: true as const })) };
    });
  };
  for (const words of ['watch', 'listen b']) {
    const line = `${words} --since start --count 1`;
    expect((await rig.dreamos(line, { onRoot })).out).toMatch(/ \(told again\)\n$/);
    expect((await rig.dreamos(`${line} --json`, { onRoot })).json).toMatchObject([{ again: true }]);
    expect((await rig.dreamos(line)).out).not.toContain('again');
  }
});

test('watch --wait with nothing is exit 3', async () => {
  expect((await rig.dreamos('watch --wait 20ms')).code).toBe(3);
});

test('watch into a closed pipe ends quietly', async () => {
  await rig.sent();
  expect(await rig.dreamos('watch --since start', { stdout: closedPipe() })).toMatchObject({ code: 0, err: '' });
});

test('watch refuses a cursor that is none', async () => {
  expect((await rig.dreamos('watch --since nonsense')).code).toBe(6);
});
