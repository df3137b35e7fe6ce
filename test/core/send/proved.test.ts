/** Who has proved who he is says in no way that he is another one. */
import { describe, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { createCoreRig, must, refusal, type CoreRig } from '../rig.ts';

const ways: Record<string, (session: Session, from: string | undefined) => Promise<unknown>> = {
  send: (session, from) => send(session, { to: 'reviewer', body: 'x', ...(from !== undefined && { from }) }),
  publish: (session, from) => publish(session, 'build.done', { body: 'x', ...(from !== undefined && { from }) }),
  request: (session, from) =>
    request(
      session,
      { to: 'reviewer', body: 'x', ...(from !== undefined && { from }) },
      { signal: AbortSignal.timeout(20) },
    ),
  schedule: (session, from) =>
    addSchedule(session, {
      name: 'nightly',
      cron: '0 3 * * *',
      message: { to: 'reviewer', body: 'x', ...(from !== undefined && { from }) },
    }),
  task: (session, from) => createTask(session, { title: 'x', ...(from !== undefined && { from }) }),
};

async function proved(rig: CoreRig): Promise<Session> {
  return { ...rig.as('planner'), proved: true };
}

describe.each(Object.keys(ways))('%s', (name) => {
  test('is refused from another, and done from oneself', async () => {
    const rig = await createCoreRig();
    const session = await proved(rig);
    const way = must(ways[name]);
    const error = await refusal(way(session, 'reviewer'));
    expect(error).toMatchObject({ kind: 'denied', code: 'FORBIDDEN' });
    expect(error.message).toBe('planner has proved who he is, and sends nothing as reviewer.');
    await way(session, 'PLANNER');
    await way(await proved(await createCoreRig()), undefined);
  });
});

test('of several each is judged by itself', async () => {
  const session = await proved(await createCoreRig());
  const results = await sendAll(session, [
    { to: 'reviewer', body: 'x', from: 'reviewer' },
    { to: 'reviewer', body: 'x' },
  ]);
  expect(results).toMatchObject([{ code: 'FORBIDDEN' }, { mailboxes: ['reviewer'] }]);
});

test('an answer is from who answers', async () => {
  const rig = await createCoreRig();
  await send(rig.as('reviewer'), { to: 'planner', body: 'x' });
  const session = await proved(rig);
  const { receipt } = must(await readNext(session, 'planner'));
  expect((await refusal(reply(session, receipt, { body: 'y', from: 'Builder' }))).code).toBe('FORBIDDEN');
  await reply(session, receipt, { body: 'y' });
  expect(must(await readNext(rig.as('reviewer'), 'reviewer')).message.from).toBe('planner');
});

test('what others have scheduled comes from them, whoever fires it', async () => {
  const rig = await createCoreRig();
  await addSchedule(rig.as('reviewer'), { name: 'daily', cron: '0 3 * * *', message: { to: 'Builder', body: 'x' } });
  rig.clock.advance(2 * 86_400_000);
  await fireDue(await proved(rig));
  expect(must(await readNext(rig.as('Builder'), 'Builder')).message.from).toBe('reviewer');
});
