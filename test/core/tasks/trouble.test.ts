import { expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { takeOver } from '../../../src/core/tasks/failover.ts';
import { tend } from '../../../src/core/tasks/keeper.ts';
import { nextTask } from '../../../src/core/tasks/next.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { must } from '../rig.ts';
import { createTaskRig, goneMs } from './rig.ts';

type What = 'its mailbox' | 'what it has said' | 'nothing';

/** As one sees it who may not read what is of these. */
function withTrouble(session: Session, mailbox: string, what: What): Session {
  const { store } = session;
  const fails = (): never => {
    throw new DreamosError('disk', 'DISK_FAILED', `${mailbox} cannot be read`, { hint: 'Look at its permissions' });
  };
  const list: typeof store.look.list = (name, state) =>
    what === 'its mailbox' && name === mailbox ? fails() : store.look.list(name, state);
  const get: typeof store.presence.get = (name) =>
    what === 'what it has said' && name === mailbox ? fails() : store.presence.get(name);
  return {
    ...session,
    store: { ...store, look: { ...store.look, list }, presence: { ...store.presence, get } },
  };
}

test('an agent that cannot be looked at keeps no task from the others, and is said once', async () => {
  for (const what of ['its mailbox', 'what it has said'] as const) {
    const { root, comes, warnings } = await createTaskRig();
    await comes('ann');
    await comes('bob', { maxTasks: 2 });
    const session = withTrouble(root, 'ann', what);
    expect(await createTask(session, { title: 'one' })).toMatchObject({ assignee: 'bob' });
    await createTask(root, { title: 'two', assign: false });
    expect(await tend(session)).toBe(1);
    expect(warnings.filter((text) => text.includes('ann cannot be read'))).toHaveLength(1);
  }
});

test('what a gone agent has goes on, though another one that is gone cannot be looked into', async () => {
  const { root, comes, clock } = await createTaskRig();
  for (const name of ['ann', 'bob']) must(await nextTaskOf(await comes(name), root));
  clock.advance(goneMs);
  await comes('cy');
  await heartbeat(root, 'cy');
  expect(await takeOver(withTrouble(root, 'ann', 'its mailbox'))).toBe(1);
});

async function nextTaskOf(agent: Session, root: Session): Promise<unknown> {
  await createTask(root, { title: 'work', assign: false });
  return nextTask(agent);
}

test('a queue that cannot be looked into holds up none of the others', async () => {
  const { root, comes } = await createTaskRig();
  const { mailbox } = await createTask(root, { title: 'lost for now' });
  const other = await createTask(root, { title: 'work', requires: ['ts'] });
  await comes('ann', { capabilities: ['ts'], maxTasks: 2 });
  expect(await tend(withTrouble(root, mailbox, 'its mailbox'))).toBe(1);
  expect((await root.store.look.find(other.id, 'ann'))[0]).toMatchObject({ state: 'ready' });
});
