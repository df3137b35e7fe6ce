import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
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

test('show says in which topic a message is', async () => {
  const id = (await rig.dreamos('publish b.c one --as planner')).out.trim();
  expect((await rig.dreamos(`show ${id}`)).out).toMatch(/^In the topic: +b\.c, since 2026-11-20T09:00:00\.000Z$/m);
  expect((await rig.dreamos(`show ${id} --json`)).json).toMatchObject([{ entries: [{ mailbox: '#b.c' }] }]);
});

test('who types the beginning of an id is told that its end is meant', async () => {
  const id = await rig.sent();
  const { code, err } = await rig.dreamos(`show ${id.slice(0, 10)}`);
  expect(code).toBe(4);
  expect(err).toContain('An id is told by its end, not by its beginning');
  expect((await rig.dreamos('show ZZZZ')).err).not.toContain('beginning');
});
