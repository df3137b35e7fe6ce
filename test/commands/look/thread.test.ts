import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('thread shows a conversation, its bodies cut and harmless', async () => {
  const id = await rig.sent();
  rig.time.nowMs += 1000;
  const body = `\u001B[31mred\n${'x'.repeat(200)}\n3\n4\n5\n6`;
  await rig.dreamos(['reply', await rig.claimed(), body]);
  const { out, err } = await rig.dreamos(`thread ${id}`);
  expect(err).toBe('');
  const replyId = /\w{26}/.exec(out.split('\n\n')[1] ?? '')?.[0] ?? '';
  expect(out).toBe(`2026-11-20T09:00:00.000Z  planner -> reviewer
${id}  (reviewer: inflight)
  | hello

2026-11-20T09:00:01.000Z  reviewer -> planner
${replyId}  (planner: ready)
  | \\x1b[31mred
  | ${'x'.repeat(100)}…
  | 3
  | 4
  | … 2 more lines: dreamos show ${replyId}
`);
  const { json } = await rig.dreamos(`thread ${replyId} --json`);
  expect(json).toMatchObject([
    { message: { id }, entries: [{ mailbox: 'reviewer', state: 'inflight' }] },
    { message: { id: replyId }, entries: [{ mailbox: 'planner', state: 'ready' }] },
  ]);
  expect((await rig.dreamos('thread nowhere')).code).toBe(4);
});
