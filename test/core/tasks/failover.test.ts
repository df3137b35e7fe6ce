import { expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { send } from '../../../src/core/send/send.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { takeOver } from '../../../src/core/tasks/failover.ts';
import { tend } from '../../../src/core/tasks/keeper.ts';
import { doneTask } from '../../../src/core/tasks/moves.ts';
import { nextTask } from '../../../src/core/tasks/next.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { gather, must, refusal } from '../rig.ts';
import { createTaskRig, goneMs, killedAt, orKilled, type TaskRig } from './rig.ts';

/** Time passes, and of these it is heard. */
async function othersGo({ clock, root }: TaskRig, ...there: string[]): Promise<void> {
  clock.advance(goneMs);
  for (const name of there) await heartbeat(root, name);
}

test('what a gone agent holds goes to its standby, and the late original is told so', async () => {
  const rig = await createTaskRig();
  const { root, comes } = rig;
  const ann = await comes('ann');
  await comes('bob', { maxTasks: 9 });
  const cy = await comes('cy', { standbyFor: ['ann'] });
  const { id } = await createTask(root, { title: 'work', assign: false });
  const { receipt } = must(await nextTask(ann));
  await othersGo(rig, 'bob', 'cy');
  expect(await takeOver(root)).toBe(1);
  expect(await refusal(ack(ann, receipt))).toMatchObject({ code: 'LEASE_LOST' });
  expect(await refusal(doneTask(ann, id))).toMatchObject({ code: 'TASK_STATE' });
  expect(await nextTask(cy)).toMatchObject({ id, attempt: 2 });
  expect(await doneTask(cy, id)).toMatchObject({ state: 'done', assignee: 'cy' });
});

test('a standby that cannot do it, has no room or is gone itself is passed over for the next best', async () => {
  const rig = await createTaskRig();
  const { root, comes, stateOf } = rig;
  const ann = await comes('ann', { capabilities: ['ts'] });
  await comes('cannot', { standbyFor: ['ann'] });
  await comes('full', { standbyFor: ['ann'], capabilities: ['ts', 'full'] });
  await comes('gone', { standbyFor: ['ann'], capabilities: ['ts'] });
  const { id } = await createTask(root, { title: 'work', requires: ['ts'], assign: false });
  await createTask(root, { title: 'busy', requires: ['full'] });
  await nextTask(ann);
  await comes('next', { capabilities: ['ts'] });
  await othersGo(rig, 'cannot', 'full', 'next');
  expect(await takeOver(root)).toBe(1);
  expect((await root.store.look.find(id))[0]?.mailbox).toBe('next');
  expect(await stateOf(id)).toBe('assigned');
});

test('what nobody else can take goes back into its queue, and to the first one who comes', async () => {
  const rig = await createTaskRig();
  const { root, comes, stateOf } = rig;
  const ann = await comes('ann', { capabilities: ['ts'] });
  const { id } = await createTask(root, { title: 'work', requires: ['ts'] });
  await nextTask(ann);
  await othersGo(rig);
  expect(await takeOver(root)).toBe(1);
  expect(await stateOf(id)).toBe('ready');
  expect(await takeOver(root)).toBe(0);
  const bob = await comes('bob', { capabilities: ['ts'] });
  expect(await nextTask(bob)).toMatchObject({ id, attempt: 2 });
});

test('mail of a gone agent goes to its standby where its card says so, and what it holds stays with its claim', async () => {
  const rig = await createTaskRig();
  const { root, comes } = rig;
  await comes('ann', { mailToStandby: true });
  await comes('bob');
  const standby = 'cy';
  await comes(standby, { standbyFor: ['ann', 'bob'] });
  for (const to of ['ann', 'bob']) await send(root, { to, body: 'hello' });
  await othersGo(rig, standby);
  expect(await takeOver(root)).toBe(1);
  const { look } = root.store;
  expect(await gather(look.list(standby, 'ready'))).toHaveLength(1);
  expect(await gather(look.list('bob', 'ready'))).toHaveLength(1);
});

test('mail of a gone agent that is to come later comes to its standby no sooner', async () => {
  const rig = await createTaskRig();
  const { root, comes, clock } = rig;
  await comes('ann', { mailToStandby: true });
  const standby = 'cy';
  await comes(standby, { standbyFor: ['ann'] });
  await send(root, { to: 'ann', body: 'at ten', delayMs: 3_600_000 });
  await othersGo(rig, standby);
  expect(await takeOver(root)).toBe(0);
  clock.advance(3_600_000);
  await heartbeat(root, standby);
  expect(await takeOver(root)).toBe(1);
  expect(await gather(root.store.look.list(standby, 'ready'))).toHaveLength(1);
});

test('the tasks of an agent that is deleted go to others, and its mail is archived', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const ann = await comes('ann', { maxTasks: 2 });
  const { id: held } = await createTask(root, { title: 'held' });
  const { receipt } = must(await nextTask(ann));
  const { id: assigned } = await createTask(root, { title: 'assigned' });
  await send(root, { to: 'ann', body: 'hello' });
  const bob = await comes('bob');
  expect(await deleteAgent(root, 'ann', { archive: true })).toMatchObject({ archived: 1 });
  expect(await refusal(ack(ann, receipt))).toMatchObject({ code: 'LEASE_LOST' });
  expect([await stateOf(held), await stateOf(assigned)].sort()).toEqual(['assigned', 'ready']);
  for (let i = 0; i < 2; i++) await doneTask(bob, must(await nextTask(bob)).id);
  expect([await stateOf(held), await stateOf(assigned)]).toEqual(['done', 'done']);
});

test('a task that came to an agent while that was being deleted goes on', async () => {
  const { root, comes } = await createTaskRig();
  await comes('ann');
  const bob = await comes('bob', { maxTasks: 2 });
  const { id } = await createTask(root, { title: 'work', assign: false });
  await deleteAgent(root, 'ann');
  const { look, mail } = root.store;
  await mail.handOver(must((await look.find(id))[0]), 'ann', {});
  await tend(root);
  expect(await nextTask(bob)).toMatchObject({ id });
});

test('a task at its last attempt goes round no more: it fails with its lease', async () => {
  const rig = await createTaskRig();
  const { root, clock, comes, stateOf } = rig;
  const ann = await comes('ann');
  await registerAgent(root, { name: 'ann', settings: { maxAttempts: 1 } });
  const { id } = await createTask(root, { title: 'kills who tries it' });
  await nextTask(ann);
  await comes('bob');
  await othersGo(rig, 'bob');
  expect(await takeOver(root)).toBe(0);
  expect(await stateOf(id)).toBe('active');
  clock.advance(16 * 60_000);
  await tend(root);
  expect(await stateOf(id)).toBe('failed');
});

test('a task that kills everybody who tries it fails in the end', async () => {
  const rig = await createTaskRig();
  const { root, clock, comes, stateOf } = rig;
  const { id } = await createTask(root, { title: 'poison' });
  for (let i = 0; i < 30 && (await stateOf(id)) !== 'failed'; i++) {
    const victim = await comes(`victim-${i}`);
    await nextTask(victim);
    clock.advance(goneMs);
    await tend(root);
    if ((await stateOf(id)) === 'active') clock.advance(16 * 60_000);
    await tend(root);
  }
  expect(await stateOf(id)).toBe('failed');
});

test('who dies at any change of a take-over leaves each task in one place, and the next one goes on', async () => {
  for (let n = 1; ; n++) {
    const rig = await createTaskRig();
    const { root, census, comes } = rig;
    const ann = await comes('ann', { maxTasks: 3 });
    for (let i = 0; i < 3; i++) await createTask(root, { title: `${i}` });
    await nextTask(ann);
    await comes('bob', { maxTasks: 2, standbyFor: ['ann'] });
    await othersGo(rig, 'bob');
    const doomed = killedAt(rig.as('planner'), n);
    await orKilled(takeOver(doomed.session));
    await takeOver(rig.as('reviewer'));
    const all = await census();
    expect(all.map(({ mailbox }) => mailbox).sort(), `killed at ${n}`).toEqual(['bob', 'bob', 'task-pool']);
    if (!doomed.killed()) return expect(n).toBeGreaterThan(3);
  }
});

test('several who take over at once give each task to one', async () => {
  const rig = await createTaskRig();
  const { root, as, census, comes } = rig;
  const ann = await comes('ann', { maxTasks: 5 });
  for (let i = 0; i < 5; i++) await createTask(root, { title: `${i}` });
  await nextTask(ann);
  for (const name of ['bob', 'cy']) await comes(name, { maxTasks: 2 });
  await othersGo(rig, 'bob', 'cy');
  await Promise.all(['planner', 'reviewer', 'bob', 'cy'].map((name) => tend(as(name))));
  const all = (await census()).map(({ mailbox }) => mailbox).sort();
  expect(all).toEqual(['bob', 'bob', 'cy', 'cy', 'task-pool']);
});

test('a task goes on when who has it is renamed, and its claim holds', async () => {
  const { root, as, comes } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  const after = await createTask(root, { title: 'after', dependsOn: [id] });
  const { receipt } = must(await nextTask(ann));
  await renameAgent(root, 'ann', 'anna');
  await ack(as('anna'), receipt);
  expect(await nextTask(as('anna'))).toMatchObject({ id: after.id });
});
