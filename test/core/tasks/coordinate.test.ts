import { expect, test, vi } from 'vitest';
import { coordinate, type CoordinateOptions } from '../../../src/core/tasks/coordinate.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { refusal } from '../rig.ts';
import { createSignedRig } from '../identity/signatures/rig.ts';
import { createTaskRig } from './rig.ts';

/** Somebody who coordinates; what he says of himself. */
function coordinating(session: Session, options: CoordinateOptions = {}) {
  const stop = new AbortController();
  const said: string[] = [];
  const done = coordinate(session, {
    signal: stop.signal,
    onRole: ({ holds, token }) => {
      said.push(`${holds ? 'has' : 'gave'} ${token}`);
    },
    onTended: ({ assigned }) => {
      said.push(`assigned ${assigned}`);
    },
    ...options,
  });
  const saw = async (text: string): Promise<void> => {
    await vi.waitFor(() => expect(said).toContain(text), 20_000);
  };
  return { said, saw, end: () => (stop.abort(), done) };
}

test('who has the role gives out what is ready, and what becomes ready, as it happens', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const { id } = await createTask(root, { title: 'before' });
  await comes('ann', { maxTasks: 2 });
  const one = coordinating(root);
  await one.saw('assigned 1');
  expect(await stateOf(id)).toBe('assigned');
  const later = await createTask(root, { title: 'later', assign: false });
  await vi.waitFor(async () => expect(await stateOf(later.id)).toBe('assigned'), 20_000);
  await one.end();
  expect(one.said).toContain('gave 1');
});

test('one has the role at a time, and the next one has it when it is given back', async () => {
  const { root, comes } = await createTaskRig();
  const [one, other] = [coordinating(root), coordinating(await comes('bob'))];
  await one.saw('has 1');
  expect(other.said).toEqual([]);
  await one.end();
  await other.saw('has 1');
  await other.end();
});

test('one that was paused for longer than its lease gives nothing away any more, and the next one does', async () => {
  const { root, comes, clock, stateOf } = await createTaskRig();
  const second = await comes('bob');
  await comes('ann');
  const one = coordinating(root, { leaseMs: 5000 });
  await one.saw('has 1');
  // As a process that does not move: no renewal comes, and its lease runs out.
  clock.advance(60_000);
  const other = coordinating(second, { leaseMs: 5000 });
  await other.saw('has 2');
  await one.saw('gave 1');
  await heartbeat(root, 'ann', { status: 'idle' });
  const { id } = await createTask(root, { title: 'late', assign: false });
  await other.saw('assigned 1');
  expect(await stateOf(id)).toBe('assigned');
  await Promise.all([one.end(), other.end()]);
});

test('a role from before signatures were required is made anew, so somebody has it again', async () => {
  const { own, set, clock, warnings } = await createSignedRig();
  const before = coordinating(own);
  await before.saw('has 1');
  await before.end();
  await set('require');
  const one = coordinating(own);
  await vi.waitFor(() => {
    clock.advance(1000);
    expect(one.said).toContain('has 1');
  }, 20_000);
  await one.end();
  expect(warnings.join()).toMatch(/is not signed\. It is in the dead-letter queue of task-coordinator\./);
});

test('who coordinates has to be an agent', async () => {
  const { as } = await createTaskRig();
  expect(await refusal(coordinate(as(undefined)))).toMatchObject({ code: 'USAGE' });
  expect(await refusal(coordinate(as('nobody')))).toMatchObject({ code: 'AGENT_NOT_FOUND' });
});
