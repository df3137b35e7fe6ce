import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
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

test('an answer that is to finish what nobody has claimed says that nobody holds it, and is not sent', async () => {
  const id = await rig.sent();
  expect(await rig.dreamos(`reply ${id} hi --ack --as reviewer`)).toMatchObject({
    code: 5,
    err: expect.stringContaining(`Message ${id} in reviewer is ready; nobody holds it`) as string,
  });
  expect((await rig.dreamos('list planner --json')).json).toEqual([]);
});
