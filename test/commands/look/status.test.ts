import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('status counts, and is a table for people', async () => {
  await rig.sent();
  rig.time.nowMs += 240_000;
  const { json } = await rig.dreamos('status reviewer --json');
  expect(json).toEqual([
    {
      mailbox: 'reviewer',
      ready: 1,
      inflight: 0,
      delayed: 0,
      dead: 0,
      archived: 0,
      corrupt: 0,
      oldestReadyAgeMs: 240_000,
      lastReadAt: null,
    },
  ]);
  const { out } = await rig.dreamos('status');
  expect(out).toMatch(/^mailbox +ready +inflight +delayed +dead +archived +corrupt +oldest +last read\n/);
  expect(out).toMatch(/\nreviewer +1 +0 +0 +0 +0 +0 +4m +never\n/);
});

test('status --watch tells each change once, as JSON of the mailboxes that changed', async () => {
  const interrupt = new AbortController();
  const onOutput = (text: string) => {
    const lines = text.split('\n').length - 1;
    if (lines === 2) void rig.sent();
    if (lines === 3) interrupt.abort(130);
  };
  const { code, json } = await rig.dreamos('status --watch --json', { signal: interrupt.signal, onOutput });
  expect(code).toBe(130);
  expect(json.map((one) => [one['mailbox'], one['ready']])).toEqual([
    ['planner', 0],
    ['reviewer', 0],
    ['reviewer', 1],
  ]);
});

test('status --watch on a terminal keeps one table in its place', async () => {
  const interrupt = new AbortController();
  const onOutput = (text: string) => {
    const tables = text.split('mailbox').length - 1;
    if (tables === 1) void rig.sent();
    if (tables === 2) interrupt.abort(130);
  };
  const env = { NO_COLOR: '1' };
  const { out } = await rig.dreamos('status --watch', { signal: interrupt.signal, onOutput, terminal: true, env });
  // Three lines up, clear to the end, and the table again.
  expect(out).toContain('\u001B[3A\r\u001B[Jmailbox');
});

test('status --watch fits the screen: the busiest first, and how many more there are', async () => {
  const long = 'a'.repeat(60);
  const many = await createRig([long, ...Array.from({ length: 30 }, (_, i) => `bot${i}`)]);
  await many.dreamos('send bot17 x --from bot1');
  await many.dreamos(`send ${long} x --from bot1`);
  await many.dreamos(`send ${long} x --from bot1`);
  const interrupt = new AbortController();
  const { out } = await many.dreamos('status --watch', {
    signal: interrupt.signal,
    onOutput: () => interrupt.abort(130),
    terminal: true,
    screen: { rows: 10, columns: 80 },
    env: { NO_COLOR: '1' },
  });
  const lines = out.replace('\r\u001B[J', '').trimEnd().split('\n');
  expect(lines).toHaveLength(9);
  expect(lines[1]).toMatch(/^a+… +2 /);
  expect(lines[2]).toMatch(/^bot17 +1 /);
  expect(lines.at(-1)).toBe('… and 24 more');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each([true, false])('status --watch whose watch fails ends and says why (on a terminal: %s)', async (terminal) => {
  const onRoot = ({ store }: Session): void => {
    store.journal.watch = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The watch failed.');
    };
  };
  const { code, err } = await rig.dreamos('status --watch', { terminal, onRoot, env: { NO_COLOR: '1' } });
  expect(code).toBe(7);
  expect(err).toContain('The watch failed.');
});

test('status says how many sends a mailbox has refused, when the last was, and why', async () => {
  await rig.dreamos('agent register reviewer --set maxMessages=1');
  await rig.sent();
  for (let n = 0; n < 2; n++) expect((await rig.dreamos('send reviewer x --as planner')).code).not.toBe(0);
  rig.time.nowMs += 60_000;
  const { err, out } = await rig.dreamos('status reviewer');
  expect(out + err).toMatch(
    /reviewer has refused 2 sends in the last 24 h, the last 1m ago: MAILBOX_FULL: reviewer is full/,
  );
  const { json } = await rig.dreamos('status reviewer --json');
  expect(json[0]).toMatchObject({ refused: { count: 2, code: 'MAILBOX_FULL', lastAt: expect.any(String) } });
  rig.time.nowMs += 86_400_000;
  expect((await rig.dreamos('status reviewer --json')).json[0]).not.toHaveProperty('refused');
});
