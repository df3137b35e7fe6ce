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

test('ack finishes by id what --as holds', async () => {
  const id = await rig.sent();
  await rig.claimed();
  expect((await rig.dreamos(`ack ${id}`)).code).toBe(2);
  expect((await rig.dreamos(`ack ${id} --as reviewer`)).out).toBe(`${id} archived\n`);
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

test('nack gives back with a delay and a reason', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { json } = await rig.dreamos(['nack', receipt, '--delay', '5m', '--reason', 'build is red', '--json']);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'delayed', receipt }]);
  expect(await rig.root.store.find(id)).toMatchObject([{ dueAt: Date.parse('2026-11-20T09:05:00.000Z') }]);
});

test('nack --dead goes to the dead-letter queue', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`nack ${await rig.claimed()} --dead`)).out).toBe(`${id} dead\n`);
});

test('renew tells the new end of the lease', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { json } = await rig.dreamos(`renew ${receipt} --lease 30m --json`);
  expect(json).toMatchObject([{ id, mailbox: 'reviewer', state: 'inflight', leaseUntil: '2026-11-20T09:30:00.000Z' }]);
  expect((await rig.dreamos(`renew ${receipt} --lease 13h`)).code).toBe(2);
});

test('reply answers in the thread and finishes the original', async () => {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  const receipt = await rig.claimed();
  const { code, json } = await rig.dreamos(`reply ${receipt} fine --ack --ordering-key o --json`);
  expect(code).toBe(0);
  expect(json).toMatchObject([
    { id: expect.any(String), to: ['planner'], state: 'ready', acked: { id, state: 'archived' } },
  ]);
  const { json: got } = await rig.dreamos('read planner --json');
  expect(got).toMatchObject([
    { message: { from: 'reviewer', subject: 'Re: Look', thread: id, replyTo: id, body: 'fine', orderingKey: 'o' } },
  ]);
});

test('a second answer needs --again', async () => {
  await rig.sent();
  const receipt = await rig.claimed();
  await rig.dreamos(`reply ${receipt} fine`);
  const second = await rig.dreamos(`reply ${receipt} better`);
  expect(second.code).toBe(5);
  expect(second.err).toContain('--again');
  expect((await rig.dreamos(`reply ${receipt} better --again`)).code).toBe(0);
});
