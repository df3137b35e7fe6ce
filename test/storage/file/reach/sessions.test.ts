import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dayMs } from '../../../../src/model/basics/limits.ts';
import { createIds } from '../../../../src/model/id.ts';
import { createFakeClock } from '../../contract/fake-clock.ts';
import { makeFileStore } from '../make-store.ts';

test('a session whose process is over counts as over, also if it was so before it was noted', async () => {
  const made = await makeFileStore({ clock: createFakeClock(), ids: createIds() });
  const { reach } = made.store;
  const { pid } = spawnSync('true');
  const session = { state: 'idle', since: 0, interactive: true, agent: 'bob' } as const;
  await reach.putSession({ ...session, host: 'claude', session: 'dead', pid });
  await reach.putSession({ ...session, host: 'claude', session: 'alive', pid: process.pid });
  expect((await reach.sessions()).map((one) => one.session)).toEqual(['alive']);
  expect(await reach.isRunning({ host: 'claude', session: 'dead' })).toBe(false);
  expect(await reach.sweep({ dryRun: false })).toBe(1);
  expect(await reach.getSession({ host: 'claude', session: 'dead' })).toBeUndefined();
  await made.close();
});

test('who rings from outside is known for a week, although it ends with each ring', async () => {
  const clock = createFakeClock();
  const made = await makeFileStore({ clock, ids: createIds() });
  const { reach } = made.store;
  const { pid } = spawnSync('true');
  await reach.putSession({
    ...{ host: 'wake', session: 'reviewer.bell', state: 'idle', since: clock.now() },
    ...{ interactive: true, agent: 'bob', pid },
  });
  expect(await reach.sweep({ dryRun: false })).toBe(0);
  clock.advance(8 * dayMs);
  expect(await reach.sweep({ dryRun: false })).toBe(1);
  await made.close();
});
