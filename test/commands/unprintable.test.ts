import { beforeEach, expect, test } from 'vitest';
import type { Session } from '../../src/core/root/root.ts';
import { nestDeeply } from '../core/rig.ts';
import { createRig, meanwhile, type Result, type Rig } from './rig.ts';

// A message that no tool can print is that message's trouble: whoever looks or works goes on with the next.
let rig: Rig;
let bad: string;
let good: string;
const asReviewer = '--as reviewer';

beforeEach(async () => {
  rig = await createRig();
});

const spoilt = (line: string): Promise<Result> =>
  rig.dreamos(line, { onRoot: (root) => nestDeeply(root, ({ id }) => id === bad) });

async function bothReady(): Promise<void> {
  bad = await rig.sent('send reviewer bad --as planner --thread t');
  good = await rig.sent('send reviewer good --as planner --thread t');
}

test.each([
  'list reviewer --json',
  'peek reviewer -n 5',
  'peek reviewer -n 5 --json',
  'search good',
  'thread t --json',
])('"%s" names it and goes on', async (line) => {
  await bothReady();
  const { code, out, err } = await spoilt(line);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(bad) as string });
  expect(out).toContain(good);
  expect(out).not.toContain(bad);
});

test.each(['archive list reviewer --json', 'archive search good', 'archive export reviewer'])(
  '"%s" names it and goes on',
  async (line) => {
    await bothReady();
    await rig.dreamos('read reviewer -n 2 --ack');
    const { code, out, err } = await spoilt(line);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(bad) as string });
    expect(out).toContain(good);
  },
);

test('"dlq list --json" names it and goes on; without --json it is in the table', async () => {
  await bothReady();
  for (let n = 0; n < 2; n++) await rig.dreamos(`nack ${await rig.claimed()} --dead`);
  const { code, out, err } = await spoilt('dlq list reviewer --json');
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(bad) as string });
  expect(out).toContain(good);
  expect((await spoilt('dlq list reviewer')).out).toContain(bad);
});

test.each(['listen ci.* --since start --wait 1ms --json', 'topics show ci.build --json'])(
  '"%s" names it and goes on',
  async (line) => {
    bad = await rig.sent('publish ci.build bad --as planner');
    good = await rig.sent('publish ci.build good --as planner');
    const { code, out, err } = await spoilt(line);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(bad) as string });
    expect(out).toContain(good);
  },
);

test.each(['show', 'show --json', 'archive show reviewer'])(
  '"%s" of it alone is exit 6, and says so',
  async (words) => {
    await bothReady();
    await rig.dreamos('read reviewer -n 2 --ack');
    const { code, out, err } = await spoilt(`${words} ${bad}`);
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toContain(`Message ${bad} cannot be printed`);
    expect(err).toContain(`dreamos trace ${bad}`);
  },
);

test.each(['--json', '--ack', '--wait 1m'])('"read %s" fails its attempt and reads the next one', async (words) => {
  await bothReady();
  const { code, out, err } = await spoilt(`read reviewer ${words}`);
  expect(code, err).toBe(0);
  expect(out).toContain(good);
  expect(err).toContain(`Message ${bad} cannot be printed`);
  expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ delayed: 1 });
});

test('its last attempt leads to the dead letters, with the reason', async () => {
  await rig.dreamos('config set maxAttempts 1');
  await bothReady();
  const { out, err } = await spoilt('read reviewer');
  expect(out).toContain(good);
  expect(err).toContain('dreamos dlq list reviewer');
  expect((await rig.dreamos('dlq list reviewer --json')).json).toMatchObject([
    { id: bad, attempts: 1, reason: expect.stringContaining('cannot be printed') as string },
  ]);
});

test('a wait that finds nothing else ends with its time, exit 3', async () => {
  await rig.dreamos('config set maxAttempts 1');
  bad = await rig.sent();
  const { code, out } = await spoilt('read reviewer --wait 200ms');
  expect({ code, out }).toEqual({ code: 3, out: '' });
});

test('an answer is given back to the mailbox of who asked, and the request says so', async () => {
  const onRoot = (root: Session): void => nestDeeply(root, ({ body }) => body === 'yes');
  const answer = async (): Promise<void> =>
    void (await rig.dreamos(`reply ${await rig.claimed()} yes --ack ${asReviewer}`));
  const { code, out, err } = await meanwhile(rig, 'request reviewer well? --as planner --wait 10s', answer, { onRoot });
  expect({ code, out }).toEqual({ code: 6, out: '' });
  expect(err).toContain('cannot be printed');
  expect(await rig.root.store.look.counts('planner')).toMatchObject({ inflight: 0, archived: 0, delayed: 1 });
});
