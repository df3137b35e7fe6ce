/** A server that is read-only: what it answers, and that nothing in the root is another for it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { changeConfig } from '../../../src/core/config/change.ts';
import { chooseDead, listDead, retryDead } from '../../../src/core/keep/dlq.ts';
import { pruneArchive } from '../../../src/core/keep/maintain.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { createTasks } from '../../../src/core/tasks/many/batch.ts';
import { commandOf } from '../../../src/contract/operations.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { mayLook, methodOf, pathOf } from '../../../src/server/route/route.ts';
import { routes } from '../../../src/server/routes/all.ts';
import { gather } from '../../core/rig.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let planner: Session;
beforeAll(async () => {
  served = await createServed(['planner', 'reviewer'], { readOnly: true });
  planner = sessionOn(served.root, { as: 'planner', env: {} });
  await send(planner, { to: 'reviewer', body: 'x' });
  await publish(planner, 'build.done', { body: 'x' });
  const reviewer = sessionOn(served.root, { as: 'reviewer', env: {} });
  const taken = await readNext(reviewer, 'reviewer');
  await nack(reviewer, taken?.receipt ?? '', { dead: true, reason: 'cannot parse' });
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** What a call says for no more than a look. */
const dry: Readonly<Record<string, object>> = {
  'dlq.retry': { all: true },
  'dlq.purge': { all: true },
  'archive.pack': { mailbox: 'reviewer' },
  'archive.prune': { mailbox: 'reviewer', olderThan: '0' },
  'topics.prune': { topics: ['build.*'], olderThan: '1d' },
  'audit.prune': { olderThan: '1d' },
  'tasks.createAll': { tasks: [{ key: 'a', title: 'a' }] },
  'tasks.importBeads': { issues: [] },
  maintain: {},
};

test('it answers every look', async () => {
  for (const route of routes.filter((one) => methodOf(one) === 'GET')) {
    const { status, text } = await served.get(pathOf(route), { as: 'planner' });
    expect([200, 204, 400, 404], `${route.operation}: ${text}`).toContain(status);
  }
});

test('it says what the doctor finds, and repairs nothing', async () => {
  const before = filesIn(served.dir);
  const found = await served.get('/v1/doctor', { as: 'planner' });
  expect(found).toMatchObject({ status: 200, value: { next: null } });
  expect(found.value).toEqual((await served.post('/v1/doctor', {}, { as: 'planner' })).value);
  expect(filesIn(served.dir)).toEqual(before);
  const fixing = await served.post('/v1/doctor', { fix: true }, { as: 'planner' });
  expect(fixing).toMatchObject({ status: 403, value: { code: 'FORBIDDEN' } });
});

test('it tells what would be done, and does nothing of it', async () => {
  const looking = routes.filter((route) => methodOf(route) === 'POST' && Object.hasOwn(route.input().shape, 'dryRun'));
  expect(looking.map(({ operation }) => operation).sort()).toEqual(Object.keys(dry).sort());
  const before = filesIn(served.dir);
  for (const route of looking) {
    const said = { ...dry[route.operation], dryRun: true };
    const { status, text } = await served.post(pathOf(route), said, { as: 'planner' });
    expect(status, `${route.operation}: ${text}`).toBe(200);
  }
  expect(filesIn(served.dir)).toEqual(before);
  for (const { operation } of looking) {
    const path = `/v1/${operation.replace('.', '/')}`;
    const { status, value } = await served.post(path, dry[operation], { as: 'planner' });
    expect({ status, detail: value.detail }, operation).toEqual({
      status: 403,
      detail: `This server is read-only, and "${commandOf(operation)}" is more than a look.`,
    });
  }
});

test('what is never a look is refused before its body is read', async () => {
  const doing = routes.filter((route) => !mayLook(route));
  expect(doing.length).toBeGreaterThan(30);
  for (const route of doing) {
    const { status } = await served.ask('POST', pathOf(route), { as: 'planner', body: 'no JSON' });
    expect(status, route.operation).toBe(403);
  }
});

test('through it dreamos’ own clients look, and change nothing by an option that means nothing', async () => {
  const far = await connectRoot(`unix:${served.socket}`, { as: 'planner', env: {}, pid: process.pid });
  expect(await chooseDead(far, 'retry', undefined, 'all', {})).toHaveLength(1);
  expect(await gather(pruneArchive(far, 'reviewer', { olderThanMs: 0, dryRun: true }))).toEqual([]);
  expect(await createTasks(far, [{ key: 'a', title: 'a' }], { dryRun: true })).toHaveLength(1);
  const no = { code: 'FORBIDDEN' };
  await expect(gather(pruneArchive(far, 'reviewer', { olderThanMs: 0 }))).rejects.toMatchObject(no);
  await expect(send(far, { to: 'reviewer', body: 'x' }, { dryRun: true } as object)).rejects.toMatchObject(no);
  await expect(changeConfig(far, { maxAttempts: 3 })).rejects.toMatchObject({
    message: 'This server is read-only, and "config set" is more than a look.',
    hint: expect.stringContaining("DREAMOS_SERVER='' dreamos serve stop") as string,
  });
  const said = 'This server is read-only, and "work" is more than a look.';
  await expect(gather(consume(far, 'reviewer'))).rejects.toMatchObject({ message: said });
  expect(await retryDead(far, undefined, 'all', { dryRun: true })).toHaveLength(1);
  await expect(retryDead(far, undefined, 'all')).rejects.toMatchObject(no);
  expect(await gather(listDead(far))).toHaveLength(1);
  expect((await served.root.store.look.counts('reviewer')).ready).toBe(0);
});
