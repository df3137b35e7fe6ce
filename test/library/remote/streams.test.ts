/** What is told as it happens, through a server that goes away and comes back. */
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sessionOn } from '../../../src/core/open-root.ts';
import { followOverview } from '../../../src/core/overview/overview.ts';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { watchTasks } from '../../../src/core/tasks/watch/watch.ts';
import { connect, type Dreamos } from '../../../src/index.ts';
import { bindTo } from '../../../src/library/library.ts';
import { createServed } from '../../server/rig.ts';
import { removeScratch } from '../../scratch.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let mail: Dreamos;
/** Without a server. */
let beside: Dreamos;
const warnings: string[] = [];
const end = { signal: new AbortController().signal, now: () => undefined as void };

vi.setConfig({ testTimeout: 30_000 });
afterAll(() => vi.resetConfig());
beforeEach(async () => {
  warnings.length = 0;
  const stop = new AbortController();
  Object.assign(end, { signal: stop.signal, now: () => stop.abort() });
  served = await createServed(['planner', 'reviewer']);
  const warn = (message: string): void => void warnings.push(message);
  mail = await connect({ server: `unix:${served.socket}`, as: 'planner', env: {}, warn });
  beside = bindTo(sessionOn(served.root, { as: 'planner', env: {}, warn: () => undefined }));
});
afterEach(async () => {
  end.now();
  await served.close();
  removeScratch();
});

const sent = async (body: string) => (await beside.send({ to: 'reviewer', body })) as { id: string };

const connected = () => connectRoot(`unix:${served.socket}`, { env: {}, pid: process.pid, warn: () => undefined });

async function until(holds: () => boolean): Promise<void> {
  for (const late = Date.now() + 20_000; !holds();) {
    if (Date.now() > late) throw new Error(`it does not come; warned of: ${warnings.join(' ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a watch goes on with what has happened meanwhile, tells it once, and says once that nobody was there', async () => {
  const begun: string[] = [];
  const told: string[] = [];
  const watching = (async () => {
    for await (const { event, id } of mail.watch({ signal: end.signal, onBegun: (cursor) => begun.push(cursor) }))
      if (event === 'delivered') told.push(id);
  })();
  await until(() => begun.length > 0);
  const ids: string[] = [];
  for (const round of ['a', 'b', 'c']) {
    await served.stop();
    ids.push((await sent(`${round} meanwhile`)).id);
    await served.begin();
    ids.push((await sent(`${round} behind`)).id);
    await until(() => told.length >= ids.length);
  }
  end.now();
  await watching;
  expect(told).toEqual(ids);
  expect(begun).toHaveLength(1);
  expect(warnings).toEqual([expect.stringContaining('does not answer')]);
});

test('what was told before it went away counts, and so does the time without anything', async () => {
  await sent('a');
  const told: string[] = [];
  const watching = (async () => {
    for await (const { event } of mail.watch({ since: 'start', count: 2 })) told.push(event);
  })();
  await until(() => told.length === 1);
  await served.stop();
  await sent('b');
  await sent('c');
  await served.begin();
  await watching;
  expect(told).toEqual(['delivered', 'delivered']);

  let hasBegun = false;
  const waiting = mail.watch({ waitMs: 1500, onBegun: () => void (hasBegun = true) }).next();
  await until(() => hasBegun);
  await served.stop();
  await expect(waiting).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  await expect(mail.watch().next()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  await served.begin();
});

test('the signal ends what waits for a server', async () => {
  let hasBegun = false;
  const waiting = mail.watch({ signal: end.signal, onBegun: () => void (hasBegun = true) }).next();
  await until(() => hasBegun);
  await served.stop();
  await until(() => warnings.length > 0);
  end.now();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await served.begin();
});

test('who listens hears what was published meanwhile', async () => {
  let hasBegun = false;
  const heard: string[] = [];
  const listening = (async () => {
    const how = { signal: end.signal, onBegun: () => void (hasBegun = true) };
    for await (const { message } of mail.listen('news', how)) heard.push(message.body);
  })();
  await until(() => hasBegun);
  await beside.publish('news', { body: 'before' });
  await until(() => heard.length === 1);
  await served.stop();
  await beside.publish('news', { body: 'meanwhile' });
  await served.begin();
  await beside.publish('news', { body: 'behind' });
  await until(() => heard.length === 3);
  end.now();
  await listening;
  expect(heard).toEqual(['before', 'meanwhile', 'behind']);
});

test('an overview is looked at anew', async () => {
  const session = await connected();
  const ready: number[] = [];
  const watching = (async () => {
    for await (const { mailboxes } of followOverview(session, { signal: end.signal, leastMs: 0 }))
      ready.push(mailboxes.reduce((sum, one) => sum + one.ready, 0));
  })();
  await until(() => ready.length > 0);
  await served.stop();
  await sent('meanwhile');
  await served.begin();
  await until(() => ready.at(-1) === 1);
  end.now();
  await watching;
  expect(ready[0]).toBe(0);
});

test('the end of a task that came meanwhile is told, with what led to it', async () => {
  const session = await connected();
  const { id } = await beside.tasks.create({ title: 'a' });
  let hasBegun = false;
  const told: string[] = [];
  const watching = (async () => {
    const events = watchTasks(session, id, { onBegun: () => void (hasBegun = true) });
    for (;;) {
      const { done, value } = await events.next();
      if (done) return value;
      told.push(value.event);
    }
  })();
  await until(() => hasBegun);
  await served.stop();
  const reviewer = beside.as('reviewer');
  await reviewer.tasks.accept(id);
  await reviewer.tasks.done(id);
  await served.begin();
  expect(await watching).toMatchObject({ entry: { id }, state: 'done' });
  expect(told).toEqual(expect.arrayContaining(['claimed', 'acked']));
  expect(told.at(-1)).toBe('acked');
});
