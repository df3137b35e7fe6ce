import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('ack finishes by receipt', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { code, json } = await rig.dreamos(`ack ${receipt} --json`);
  expect(code).toBe(0);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'archived', receipt }]);
});

test('ack finishes by id what --as holds, or its only holder', async () => {
  const [first, second] = [await rig.sent(), await rig.sent()];
  await rig.claimed();
  await rig.claimed();
  expect((await rig.dreamos(`ack ${first} --as reviewer`)).out).toBe(`${first} archived\n`);
  expect((await rig.dreamos(`ack ${second}`)).out).toBe(`${second} archived\n`);
  const both = await rig.sent('send reviewer,planner hello --as planner');
  await rig.claimed();
  await rig.dreamos('read planner');
  expect((await rig.dreamos(`ack ${both}`)).code).toBe(2);
});

test('of several every one is tried; the exit code is the first failure', async () => {
  await rig.sent();
  await rig.sent();
  const [one, two] = [await rig.claimed(), await rig.claimed()];
  await rig.dreamos(`ack ${one}`);
  const { code, out, err } = await rig.dreamos(`ack ${one} nonsense ${two} --json`);
  expect(code).toBe(5);
  expect(out.trim().split('\n')).toHaveLength(1);
  const codes = err
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { error: { code: string } }).error.code);
  expect(codes).toEqual(['ALREADY_SETTLED', 'RECEIPT_INVALID']);
});

test('what is said of the work stands in the event log', async () => {
  await rig.sent();
  expect((await rig.dreamos(['ack', await rig.claimed(), '--score', '0.9', '--note', 'nearly right'])).code).toBe(0);
  const { out } = await rig.dreamos('watch reviewer --since start --wait 0s --json');
  const acked = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
    .at(-1);
  expect(acked).toMatchObject({ event: 'acked', score: 0.9, note: 'nearly right' });
});

test.for(['', '1.1', '-1', 'good', '0x1', 'NaN'])(
  'a score of "%s" is refused, and nothing is settled',
  async (score) => {
    await rig.sent();
    const receipt = await rig.claimed();
    const { code, err } = await rig.dreamos(['ack', receipt, `--score=${score}`]);
    expect(code).toBe(2);
    expect(err).toContain(`"${score}" cannot be --score`);
    expect((await rig.dreamos(['ack', receipt])).code).toBe(0);
  },
);
