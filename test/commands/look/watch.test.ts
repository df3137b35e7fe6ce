import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type Rig, closedPipe, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('list shows ready, delayed and in flight; receipts to their holder only', async () => {
  const one = await rig.sent();
  const two = await rig.sent('send reviewer later --as planner --delay 5m');
  const receipt = await rig.claimed();
  const mine = (await rig.dreamos('list --as reviewer --json')).json;
  expect(mine).toMatchObject([
    {
      id: two,
      mailbox: 'reviewer',
      state: 'delayed',
      priority: 'normal',
      attempt: 0,
      dueAt: '2026-11-20T09:05:00.000Z',
    },
    {
      id: one,
      state: 'inflight',
      attempt: 1,
      receipt,
      leaseUntil: '2026-11-20T09:15:00.000Z',
      message: { body: 'hello' },
    },
  ]);
  const theirs = await rig.dreamos('list reviewer --as planner --json');
  expect(theirs.out).not.toContain(receipt);
});

test('list --state takes several, all, and nothing else', async () => {
  const id = await rig.sent();
  await rig.dreamos(`ack ${await rig.claimed()}`);
  expect((await rig.dreamos('list reviewer --json')).json).toEqual([]);
  expect((await rig.dreamos('list reviewer --state ready,archived --json')).json).toMatchObject([{ id }]);
  expect((await rig.dreamos('list reviewer --state all --json')).json).toHaveLength(1);
  expect((await rig.dreamos('list reviewer --state done')).code).toBe(2);
});

test('an empty list is exit 0, and stderr says that it is empty', async () => {
  expect(await rig.dreamos('list reviewer')).toMatchObject({
    code: 0,
    out: '',
    err: 'Nothing in reviewer is ready or delayed or inflight.\n',
  });
});

test('a list line stays one line, whatever the subject says', async () => {
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'a\nb\u001B[31m']);
  const { out } = await rig.dreamos('list reviewer');
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  expect(out).toContain('a\\nb\\x1b[31m');
});

test('show finds a message wherever it is', async () => {
  const id = await rig.sent('send reviewer,planner hello --as planner');
  const { json } = await rig.dreamos(`show ${id} --json`);
  expect(json).toMatchObject([
    {
      message: { id, body: 'hello' },
      entries: expect.arrayContaining([
        expect.objectContaining({ mailbox: 'planner', state: 'ready' }),
        expect.objectContaining({ mailbox: 'reviewer' }),
      ]),
    },
  ]);
  expect((await rig.dreamos(`show ${id}`)).out).toContain('```\nhello\n```');
  expect((await rig.dreamos('show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE')).code).toBe(4);
  expect((await rig.dreamos('show hello')).code).toBe(2);
});

test('cancel takes back what nobody has claimed', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`cancel ${id} --json`)).json).toMatchObject([
    { id, mailbox: 'reviewer', state: 'archived' },
  ]);
  const held = await rig.sent();
  await rig.claimed();
  expect((await rig.dreamos(`cancel ${held}`)).code).toBe(5);
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

test('watch prints one line per event with its cursor, and goes on behind it', async () => {
  const since = await rig.root.store.cursor(undefined, 'now');
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

test.each([true, false])('status --watch whose watch fails ends and says why (on a terminal: %s)', async (terminal) => {
  const onRoot = ({ store }: Session): void => {
    store.watch = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The watch failed.');
    };
  };
  const { code, err } = await rig.dreamos('status --watch', { terminal, onRoot, env: { NO_COLOR: '1' } });
  expect(code).toBe(7);
  expect(err).toContain('The watch failed.');
});
