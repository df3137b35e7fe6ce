import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext, vi } from 'vitest';
import { freePort } from '../../free-port.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { codeOf } from '../../storage/contract/rig.ts';
import { leaseMs, policy } from '../../storage/dump/story.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { newToken } from '../../storage/contract/ways.ts';
import { startServer, type TestServer, typed } from '../../storage/redis/server.ts';
import { endLocks, killAndGoOn, killed } from './redis-kills.ts';
import { makeRedisScene, type RedisScene } from './redis-scene.ts';
import { tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 120_000 });

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('a move into a Redis and out of it', lack), () => {
  let server: TestServer;
  let to: string;
  beforeAll(async () => {
    demand(lack);
    // It syncs nothing, which a root has to be told.
    server = await startServer([]);
    to = server.address;
  });
  afterAll(() => server.close());

  const scene = async (context: TestContext, ...args: Parameters<typeof makeRedisScene>): Promise<RedisScene> => {
    const one = await makeRedisScene(...args);
    context.onTestFinished(() => one.close());
    return one;
  };
  const durability = 'relaxed';
  const keys = async (id: string): Promise<number> => {
    const all = await typed(server, `EVAL "return #redis.call('keys','{dreamos:${id}}:*')" 0`);
    return Number(/^:(\d+)/.exec(all)?.[1]);
  };
  const readyIn = async (store: Store): Promise<string[]> => {
    const ids: string[] = [];
    for await (const entry of store.look.list('bob', 'ready')) ids.push(entry.id);
    return ids;
  };
  const idIn = (place: string | null | undefined): string => (place ?? '').replace(/^.*#/, '');

  test('takes all along, there, to another one and back, and receipts stay good', async (context) => {
    const one = await scene(context);
    const before = await one.tally();
    const receipts = one.actor.receipts.slice(0, 3);
    const cursor = await (await one.open()).journal.cursor(undefined, 'start');
    const there = await one.move({ to, durability });
    expect(there).toMatchObject({ state: 'moved', mailboxes: 4, from: one.root });
    expect(there?.to).toMatch(/^redis\+unix:.*#[0-9A-Z]{26}$/);
    const moved = await one.open();
    expect(moved.engine).toBe('redis');
    // Its place says nothing there, and must not be taken for another one.
    await expect(moved.journal.readEvents(undefined, cursor)).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
      message: expect.stringContaining('of a root in files'),
    });
    expect(await one.tally()).toEqual(before);
    const again = await one.move({ to, durability });
    expect(again).toMatchObject({ state: 'moved', mailboxes: 4 });
    expect(await one.tally()).toEqual(before);
    expect(await codeOf(one.open(there?.to ?? ''))).toBe('ROOT_MOVED');
    const back = await one.move({ to: `file:${join(one.dir, 'back')}` });
    expect(back).toMatchObject({ state: 'moved', to: `file:${join(one.dir, 'back')}`, mailboxes: 4 });
    expect((await one.open()).engine ?? 'files').toBe('files');
    expect(await one.tally()).toEqual(before);
    const store = await one.open();
    for (const receipt of receipts) expect(await store.mail.ack(receipt, {})).toMatchObject({ state: 'archived' });
    // What is left is known, and goes when it is told to.
    expect(back?.left).toEqual(expect.arrayContaining([there?.to, again?.to]));
    expect(await keys(idIn(again?.to))).toBeGreaterThan(10);
    expect((await one.move({ how: 'purge' }))?.left).toEqual(expect.arrayContaining([there?.to, again?.to]));
    expect([await keys(idIn(there?.to)), await keys(idIn(again?.to))]).toEqual([0, 0]);
    expect((await one.move({ how: 'purge' }))?.left).toEqual([]);
    expect(await codeOf(one.open())).toBe('done');
  });

  test('a message that is spoilt there does not keep the root there', async (context) => {
    const one = await scene(context, tellLittle);
    const id = idIn((await one.move({ to, durability }))?.to);
    const [spoilt, ...rest] = await readyIn(await one.open());
    await typed(server, `HSET {dreamos:${id}}:b ${spoilt} ""`);
    expect(await one.move({ to: `file:${join(one.dir, 'back')}` })).toMatchObject({ state: 'moved' });
    expect(await readyIn(await one.open())).toEqual(rest);
    expect(await one.tally()).toMatchObject({ bob: { corrupt: 1 } });
    expect(one.warnings.filter((text) => text.includes(`${spoilt} of bob is no message`))).toHaveLength(1);
  });

  test('named by its address alone, what moves it and what removes the rest say where it is by then', async (context) => {
    const one = await scene(context, tellLittle);
    const root = (await one.move({ to, durability }))?.to ?? '';
    const folder = join(one.dir, 'back');
    const places: string[] = [];
    const onPlace = (place: string): void => void places.push(place);
    await one.move({ root, to: `file:${folder}`, onPlace });
    await one.move({ root, how: 'purge', onPlace });
    expect(places).toEqual([folder, folder]);
  });

  test('what is left in folders is removed, too, wherever the root is by then', async (context) => {
    const one = await scene(context, tellLittle);
    const first = join(one.dir, 'first');
    await one.move({ to: `file:${first}` });
    await one.move({ to, durability });
    const left = (await one.move({ to, durability }))?.left ?? [];
    const folders = () => readdirSync(one.dir).concat(readdirSync(dirname(one.root)));
    expect(left.filter((path) => path.includes('.moved-'))).toHaveLength(2);
    expect(folders().filter((name) => name.includes('.moved-'))).toHaveLength(2);
    expect((await one.move({ how: 'purge' }))?.left).toEqual(left);
    expect(folders().filter((name) => name.includes('.moved-'))).toEqual([]);
    expect((await one.move({ how: 'purge' }))?.left).toEqual([]);
    await expect(one.move({ to: `file:${one.root}` })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`${one.root} is where the root is looked for`) as string,
      hint: expect.stringMatching(/dreamos move --root 'redis\+unix:.*#[0-9A-Z]{26}' --to file:/) as string,
    });
  });

  test('what is left is removed by its address alone, by who may do so where it is now', async (context) => {
    const one = await scene(context, tellLittle);
    const place = (await one.move({ to, durability }))?.to ?? '';
    const roles = { all: { allow: { '*': ['*'] } }, self: { allow: { read: ['$self'] } } };
    const policyText = { roles, everyone: ['self'], agents: { ann: ['all'] } };
    await (await one.open()).documents.put('policy', policyText, undefined);
    const back = join(one.dir, 'back');
    await one.move({ to: `file:${back}`, as: 'ann' });
    expect(await codeOf(one.move({ root: place, how: 'purge', as: 'bob' }))).toBe('FORBIDDEN');
    expect(await keys(idIn(place))).toBeGreaterThan(10);
    expect(await one.move({ root: place, how: 'purge', as: 'ann' })).toMatchObject({ state: 'purged', left: [place] });
    expect(await keys(idIn(place))).toBe(0);
    // Where that is nobody gets from here.
    const next = (await one.move({ to, durability, as: 'ann' }))?.to ?? '';
    await one.move({ to: `file:${join(one.dir, 'far')}`, as: 'ann' });
    rmSync(join(one.dir, 'far'), { recursive: true });
    expect(await one.move({ root: next, how: 'purge', as: 'bob' })).toMatchObject({ state: 'purged', left: [next] });
    expect(await keys(idIn(next))).toBe(0);
  });

  test('who has it open there is told so whatever it does', async (context) => {
    const one = await scene(context, tellLittle);
    await one.move({ to, durability });
    const store = await one.open();
    const [receipt = ''] = one.actor.receipts;
    const message = one.actor.message();
    await one.move({ to: `file:${join(one.dir, 'back')}` });
    const after = await one.tally();
    const send = async (): Promise<void> => {
      const [result] = await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
      if (result instanceof Error) throw result;
    };
    const works: Record<string, () => Promise<unknown>> = {
      send,
      claim: () => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
      ack: () => store.mail.ack(receipt, {}),
      renew: () => store.mail.renew(receipt, { leaseMs }),
      counts: () => store.look.counts('bob'),
      getAgent: () => store.documents.getAgent('bob'),
      put: () => store.documents.put('reservations', {}, undefined),
      audit: () => store.audit.append('2026-11-20', '{}\n'),
      isThere: () => store.isThere?.() ?? Promise.resolve(),
    };
    for (const [name, work] of Object.entries(works))
      expect(`${name}: ${await codeOf(work())}`).toBe(`${name}: ROOT_MOVED`);
    expect(await one.tally()).toEqual(after);
  });

  test('what cannot be promised there is refused before anything is touched', async (context) => {
    const one = await scene(context, tellLittle);
    const before = await one.tally();
    expect(await codeOf(one.move({ to }))).toBe('CONFIG_INVALID');
    expect(await codeOf(one.move({ to: `${to}#01ARZ3NDEKTSV4RRFFQ69G5FAV`, durability }))).toBe('USAGE');
    expect(await codeOf(one.move({ to: `file:${join(one.dir, 'x')}`, durability }))).toBe('USAGE');
    expect(await codeOf(one.move({ to: 'redis+unix:///nowhere/s', durability }))).toBe('ENGINE_UNREACHABLE');
    expect(await one.move({ to, durability, how: 'dry-run' })).toMatchObject({ state: 'planned', messages: 4 });
    expect(await one.tally()).toEqual(before);
    expect(await one.move({ how: 'resume' })).toMatchObject({ state: 'none' });
    expect(existsSync(join(one.root, 'agent_mailboxes'))).toBe(true);
  });

  test('where the server ends in the middle, the mail is where it was, and what is loaded is named', async (context) => {
    const one = await scene(context, tellLittle);
    const before = await one.tally();
    const other = await startServer([]);
    context.onTestFinished(() => other.close());
    const onStep = (step: string): void => void (step === 'loaded' && other.process.kill('SIGKILL'));
    expect(await codeOf(one.move({ to: other.address, durability, onStep }))).toBe('ENGINE_UNREACHABLE');
    expect(await one.tally()).toEqual(before);
    expect(one.warnings.join()).toContain(`${other.address}#`);
  });

  test('given up while it is loaded for replicas, too, it leaves nothing there', async (context) => {
    const one = await scene(context, tellLittle);
    const before = await one.tally();
    const [port, other] = [await freePort(), await freePort()];
    const listen = (at: number) => ['--port', String(at), '--bind', '127.0.0.1'];
    const master = await startServer(listen(port));
    context.onTestFinished(() => master.close());
    const replica = await startServer([...listen(other), '--replicaof', `127.0.0.1 ${port}`]);
    context.onTestFinished(() => replica.close());
    await expect.poll(() => typed(master, 'WAIT 1 100'), { timeout: 20_000 }).toBe(':1\r\n');
    const stop = new AbortController();
    const onStep = (step: string): void => void (step === 'frozen' && stop.abort());
    const move = { to: master.address, durability, replicas: 1, onStep, signal: stop.signal } as const;
    expect(await one.move(move)).toBeUndefined();
    expect(await typed(master, 'DBSIZE')).toBe(':0\r\n');
    expect(await one.tally()).toEqual(before);
  });

  test('where the other end is gone for good, or lets nobody in any more, it is taken back all the same', async (context) => {
    for (const end of ['gone', 'closed'] as const) {
      const one = await scene(context, tellLittle);
      const before = await one.tally();
      const other = await startServer([]);
      context.onTestFinished(() => other.close());
      await killed(one, other.address, { behind: 'loadEnd' });
      if (end === 'gone') await other.kill('SIGKILL');
      else await typed(other, 'CONFIG SET requirepass secret');
      expect(await codeOf(one.open())).toBe('ROOT_MOVED');
      expect(await one.move({ how: 'abort' })).toMatchObject({ state: 'aborted' });
      expect(await one.tally()).toEqual(before);
      expect(one.warnings.join()).toContain(`${other.address}#`);
    }
  });

  test('where the server that has it ends in the middle, it can be gone on with or taken back', async (context) => {
    for (const how of ['resume', 'abort'] as const) {
      const one = await scene(context, tellLittle);
      const other = await startServer(['--appendonly', 'yes', '--appendfsync', 'always']);
      context.onTestFinished(() => other.close());
      const before = await one.tally();
      await one.move({ to: other.address, durability });
      const onStep = (step: string): void => void (step === 'loaded' && other.process.kill('SIGKILL'));
      const back = `file:${join(one.dir, 'back')}`;
      expect(await codeOf(one.move({ to: back, onStep }))).toBe('ENGINE_UNREACHABLE');
      await other.start();
      expect(await codeOf(one.open().then((store) => store.look.counts('bob')))).toBe('ROOT_MOVED');
      // Who was killed holds its lock for a while: one that failed has let go, or says so by its end.
      await typed(
        other,
        `DEL {dreamos:${idIn(JSON.parse(readFileSync(join(one.root, 'format.json'), 'utf8')).id as string)}}:lock:move`,
      );
      expect(await one.move({ how })).toMatchObject({ state: how === 'resume' ? 'moved' : 'aborted' });
      expect(await one.tally()).toEqual(before);
    }
  });

  test('behind the decision to go to another one it ends as it was begun, also in another folder', async (context) => {
    const one = await scene(context, tellLittle);
    await one.move({ to, durability });
    const before = await one.tally();
    const other = join(one.dir, 'other');
    cpSync(one.root, other, { recursive: true });
    await killed(one, to, { behind: 'moveSettle' });
    await endLocks(server);
    for (const root of [one.root, other]) {
      const moved = await one.move({ root, how: 'resume' });
      expect(moved).toMatchObject({ state: 'moved', messages: 4 });
      const format = JSON.parse(readFileSync(join(root, 'format.json'), 'utf8')) as object;
      expect(format).toMatchObject({ id: idIn(moved?.to), durability });
      expect(await typed(server, `HEXISTS {dreamos:${idIn(moved?.to)}}:root loader`)).toBe(':0\r\n');
      expect(await one.tally(root)).toEqual(before);
    }
  });

  for (const way of ['into', 'out of', 'across'] as const)
    test(`killed here and there on its way ${way} it, it is gone on with or taken back`, async (context) => {
      const own = await startServer([]);
      context.onTestFinished(() => own.close());
      // Each anywhere: redis-killed.long.test.ts.
      for (const n of [6, 14, 22, 30]) {
        expect(await killAndGoOn(own, way, 'resume', n)).toBe(true);
        expect(await killAndGoOn(own, way, 'abort', n)).toBe(true);
      }
    });

  test('of two who move it at once one is told so', async (context) => {
    const one = await scene(context, tellLittle);
    await one.move({ to, durability });
    const before = await one.tally();
    const moves = ['a', 'b', 'c'].map((name) =>
      one.move({ to: `file:${join(one.dir, name)}` }).catch((error: unknown) => error),
    );
    const ends = await Promise.all(moves);
    expect(ends.filter((end) => (end as { state?: string }).state === 'moved')).toHaveLength(1);
    for (const end of ends)
      if (end instanceof Error) expect((end as { code?: string }).code).toMatch(/^(?:STATE_CHANGED|ROOT_MOVED)$/);
    expect(await one.tally()).toEqual(before);
  });
});
