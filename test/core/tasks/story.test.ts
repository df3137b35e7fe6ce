import { expect, onTestFinished, test } from 'vitest';
import { initRoot } from '../../../src/core/open-root.ts';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { listTasks } from '../../../src/core/tasks/list.ts';
import { nextTask } from '../../../src/core/tasks/next.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../../../src/core/tasks/moves.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionOn } from '../../../src/core/open-root.ts';

test('a task goes from who wants it to who can do it, and what waits for it follows', async () => {
  const warnings: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'dreamos-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { root } = await initRoot({
    root: folder,
    as: 'boss',
    agents: ['boss'],
    warn: (text) => warnings.push(text),
  });
  const as = (name: string) => sessionOn(root, { as: name, warn: (text) => warnings.push(text) });
  const first = await createTask(root, { title: 'parse', requires: ['ts'] });
  expect(first).toMatchObject({ state: 'ready', mailbox: 'task-pool.ts', missing: 'somebody who can: ts' });
  await registerAgent(root, { name: 'ann', capabilities: ['ts'] });
  await registerAgent(root, { name: 'bob', capabilities: ['docs'] });
  await heartbeat(root, 'ann', { status: 'idle' });
  await heartbeat(root, 'bob', { status: 'idle' });
  const after = await createTask(root, { title: 'document', requires: ['docs'], dependsOn: [first.id] });
  expect(after).toMatchObject({ state: 'blocked', waitsFor: [first.id] });
  const taken = await nextTask(as('ann'));
  expect(taken).toMatchObject({ id: first.id, state: 'active', assignee: 'ann', attempt: 1 });
  expect(await reportProgress(as('ann'), first.id, { percent: 50, note: 'half' })).toMatchObject({
    progress: { percent: 50, by: 'ann' },
  });
  expect(await nextTask(as('bob'))).toBeUndefined();
  const done = await doneTask(as('ann'), first.id, { result: 'parsed' });
  expect(done).toMatchObject({ state: 'done', result: 'parsed' });
  const all = [];
  for await (const task of listTasks(root)) all.push(task);
  expect(all).toMatchObject([{ id: after.id, state: 'assigned', assignee: 'bob' }]);
  const its = await nextTask(as('bob'));
  expect(its).toMatchObject({ id: after.id });
  expect(await failTask(as('bob'), after.id, 'no words')).toMatchObject({ state: 'failed', reason: 'no words' });
  expect(await retryTask(root, after.id)).toMatchObject({ state: 'assigned', assignee: 'bob', attempt: 0 });
  expect(await cancelTask(root, after.id)).toMatchObject({ state: 'cancelled' });
  const [a, b] = [
    await createTask(root, { title: 'a', assign: false }),
    await createTask(root, { title: 'b', priority: 'high', assign: false }),
  ];
  const c = await createTask(root, { title: 'c', dependsOn: [a.id, b.id] });
  const nb = await nextTask(as('ann'));
  expect(nb).toMatchObject({ id: b.id });
  await ack(as('ann'), nb?.receipt ?? '');
  const na = await nextTask(as('ann'));
  expect(na).toMatchObject({ id: a.id });
  await expect(nextTask(as('ann'))).rejects.toMatchObject({ code: 'LIMITED' });
  await ack(as('ann'), a.id);
  expect(await nextTask(as('bob'))).toMatchObject({ id: c.id });
  expect(warnings).toEqual([]);
  await root.close();
});
