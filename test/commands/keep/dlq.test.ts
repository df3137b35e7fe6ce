import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function dead(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'cannot parse']);
  return id;
}

test('dlq list tells why, as a table for people', async () => {
  const id = await dead();
  expect((await rig.dreamos('dlq list reviewer --json')).json).toEqual([
    {
      id,
      mailbox: 'reviewer',
      reason: 'cannot parse',
      attempts: 1,
      deadAt: '2026-11-20T09:00:00.000Z',
      message: expect.objectContaining({ body: 'hello' }),
    },
  ]);
  const { out } = await rig.dreamos('dlq list reviewer');
  expect(out).toMatch(/^id +dead since +attempts +from +subject +reason\n/);
  expect(out).toContain('cannot parse');
});

test('dlq show has the history', async () => {
  const id = await dead();
  const { json } = await rig.dreamos(`dlq show reviewer ${id} --json`);
  expect(json).toMatchObject([
    { id, reason: 'cannot parse', history: expect.arrayContaining([expect.objectContaining({ event: 'claimed' })]) },
  ]);
  expect((await rig.dreamos(`dlq show reviewer ${id}`)).out).toContain('claimed by reviewer');
});

test('dlq retry makes it ready, with attempts anew', async () => {
  const id = await dead();
  expect((await rig.dreamos(`dlq retry ${id} --as reviewer --json`)).json).toMatchObject([
    { id, state: 'ready', attempt: 0 },
  ]);
  expect((await rig.dreamos(`dlq retry reviewer ${id}`)).code).not.toBe(0);
});

test('dlq retry and purge need ids or --all', async () => {
  await dead();
  await dead();
  expect((await rig.dreamos('dlq purge reviewer')).code).toBe(2);
  expect((await rig.dreamos('dlq retry reviewer')).code).toBe(2);
  expect((await rig.dreamos('dlq retry reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --all')).code).toBe(2);
  expect((await rig.dreamos('dlq purge reviewer --all --force --json')).json).toMatchObject([
    { purged: true },
    { purged: true },
  ]);
  expect(await rig.dreamos('dlq list reviewer')).toMatchObject({ code: 0, out: '' });
});

test('an id without a mailbox is looked for in all; only one that died in several has to name one', async () => {
  const id = await dead();
  expect((await rig.dreamos(`dlq show ${id} --json`)).json).toMatchObject([{ id, mailbox: 'reviewer' }]);
  expect(await rig.dreamos(`dlq retry ${id} --as planner`)).toMatchObject({ code: 0, out: `${id} ready\n` });
  const again = await rig.dreamos(`dlq retry ${id} --json`);
  expect(again).toMatchObject({ code: 5, err: expect.stringContaining('STATE_CHANGED') as string });
  const none = await rig.dreamos('dlq purge 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --json');
  expect(none).toMatchObject({ code: 4, err: expect.stringContaining('MESSAGE_NOT_FOUND') as string });
  await rig.dreamos(['nack', await rig.claimed(), '--dead']);

  const both = await rig.sent('send reviewer,planner hello --as planner');
  for (const agent of ['reviewer', 'planner']) {
    const [claim] = (await rig.dreamos(`read ${agent} --json`)).json as { receipt: string }[];
    await rig.dreamos(['nack', claim?.receipt ?? '', '--dead']);
  }
  const several = await rig.dreamos(`dlq retry ${both} ${id}`);
  expect(several).toMatchObject({ code: 2, out: `${id} ready\n` });
  expect(several.err).toMatch(/planner.*reviewer|reviewer.*planner/);
  expect(await rig.dreamos(`dlq retry ${both} --as planner --json`)).toMatchObject({ json: [{ mailbox: 'planner' }] });
});
