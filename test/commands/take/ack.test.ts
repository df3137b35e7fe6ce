import { beforeEach, expect, test } from 'vitest';
import { type Bench, createBench } from '../rig.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});

test('ack finishes by receipt', async () => {
  const id = await bench.sent();
  const receipt = await bench.claimed();
  const { code, json } = await bench.dreamos(`ack ${receipt} --json`);
  expect(code).toBe(0);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'archived', receipt }]);
});

test('ack finishes by id what --as holds', async () => {
  const id = await bench.sent();
  await bench.claimed();
  expect((await bench.dreamos(`ack ${id}`)).code).toBe(2);
  expect((await bench.dreamos(`ack ${id} --as reviewer`)).out).toBe(`${id} archived\n`);
});

test('of several every one is tried; the exit code is the first failure', async () => {
  await bench.sent();
  await bench.sent();
  const [one, two] = [await bench.claimed(), await bench.claimed()];
  await bench.dreamos(`ack ${one}`);
  const { code, out, err } = await bench.dreamos(`ack ${one} nonsense ${two} --json`);
  expect(code).toBe(5);
  expect(out.trim().split('\n')).toHaveLength(1);
  const codes = err
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { error: { code: string } }).error.code);
  expect(codes).toEqual(['ALREADY_SETTLED', 'RECEIPT_INVALID']);
});

test('nack gives back with a delay and a reason', async () => {
  const id = await bench.sent();
  const receipt = await bench.claimed();
  const { json } = await bench.dreamos(['nack', receipt, '--delay', '5m', '--reason', 'build is red', '--json']);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'delayed', receipt }]);
  expect(await bench.root.store.find(id)).toMatchObject([{ dueAt: Date.parse('2026-11-20T09:05:00.000Z') }]);
});

test('nack --dead goes to the dead-letter queue', async () => {
  const id = await bench.sent();
  expect((await bench.dreamos(`nack ${await bench.claimed()} --dead`)).out).toBe(`${id} dead\n`);
});

test('renew tells the new end of the lease', async () => {
  const id = await bench.sent();
  const receipt = await bench.claimed();
  const { json } = await bench.dreamos(`renew ${receipt} --lease 30m --json`);
  expect(json).toMatchObject([{ id, mailbox: 'reviewer', state: 'inflight', leaseUntil: '2026-11-20T09:30:00.000Z' }]);
  expect((await bench.dreamos(`renew ${receipt} --lease 13h`)).code).toBe(2);
});

test('reply answers in the thread and finishes the original', async () => {
  const id = await bench.sent('send reviewer hello --as planner --subject Look');
  const receipt = await bench.claimed();
  const { code, json } = await bench.dreamos(`reply ${receipt} fine --ack --ordering-key o --json`);
  expect(code).toBe(0);
  expect(json).toMatchObject([
    { id: expect.any(String), to: ['planner'], state: 'ready', acked: { id, state: 'archived' } },
  ]);
  const { json: got } = await bench.dreamos('read planner --json');
  expect(got).toMatchObject([
    { message: { from: 'reviewer', subject: 'Re: Look', thread: id, replyTo: id, body: 'fine', orderingKey: 'o' } },
  ]);
});

test('a second answer needs --again', async () => {
  await bench.sent();
  const receipt = await bench.claimed();
  await bench.dreamos(`reply ${receipt} fine`);
  const second = await bench.dreamos(`reply ${receipt} better`);
  expect(second.code).toBe(5);
  expect(second.err).toContain('--again');
  expect((await bench.dreamos(`reply ${receipt} better --again`)).code).toBe(0);
});
