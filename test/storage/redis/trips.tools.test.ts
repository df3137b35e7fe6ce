import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { openRedisStore } from '../../../src/storage/redis/open.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { type Proxy, startProxy } from './proxy.ts';
import { makeRoot, type Root } from './rig.ts';
import { startServer, type TestServer } from './server.ts';

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('what goes to a Redis server', lack), () => {
  let server: TestServer;
  let proxy: Proxy;
  let made: Root;
  let store: Store;
  let session: Session;
  // However slow the machine is, one call comes right behind the other.
  let uptime = 0;
  const clock = { now: systemClock.now, uptime: () => uptime };

  beforeAll(async () => {
    demand(lack);
    server = await startServer();
    proxy = await startProxy(server.socket, `${server.socket}.proxy`);
    made = await makeRoot(server.address);
    const ids = createIds();
    const warn = (): void => undefined;
    const place = { address: proxy.address, id: made.id };
    store = await openRedisStore(place, { clock, ids, warn, patienceMs: 2000 });
    session = rootOver(store, { path: '/root', clock, ids }, { env: {}, warn, as: 'ann' });
    await registerAgent(session, { name: 'bob' });
    await send(session, draft('first'));
    const { receipt } = (await readNext(session, 'bob')) ?? {};
    await ack(session, receipt ?? '');
  });
  afterAll(async () => {
    await store.close();
    await made.close();
    await proxy.close();
    await server.close();
  });

  const draft = (body: string) => ({ to: 'bob', subject: 'x', body });
  const commandsOf = async (work: () => Promise<unknown>): Promise<number> => {
    proxy.cut(undefined);
    await work();
    return proxy.commands();
  };

  test('a send, a claim and an ack are one command each', async () => {
    expect(await commandsOf(() => send(session, draft('one')))).toBe(1);
    let receipt = '';
    expect(await commandsOf(async () => (receipt = (await readNext(session, 'bob'))?.receipt ?? ''))).toBe(1);
    expect(await commandsOf(() => ack(session, receipt))).toBe(1);
  });

  test('so are a hundred messages of one call, and twenty calls at once', async () => {
    const bodies = Array.from({ length: 100 }, (_, i) => draft(String(i)));
    expect(await commandsOf(() => sendAll(session, bodies))).toBe(1);
    expect(await commandsOf(() => Promise.all(bodies.slice(0, 20).map((one) => send(session, one))))).toBe(1);
  });

  test('after a rest one more looks whether anything has changed', async () => {
    uptime += 500;
    expect(await commandsOf(() => send(session, draft('rested')))).toBe(2);
  });

  test('what somebody else has changed is known behind the next answer', async () => {
    const other = await made.open();
    const put = async (name: 'settings' | 'agents/bob', value: unknown) => {
      const before = await other.documents.get(name);
      expect(await other.documents.put(name, value, before?.version)).toBe(true);
    };
    const card = await other.documents.getAgent('bob');
    await put('agents/bob', { ...card, retiredAt: new Date().toISOString() });
    // Not yet: it comes right behind the last answer.
    await send(session, draft('late'));
    await expect(send(session, draft('later'))).rejects.toMatchObject({ code: 'AGENT_RETIRED' });
    await put('agents/bob', card);
    uptime += 500;
    await send(session, draft('back'));
  });
});
