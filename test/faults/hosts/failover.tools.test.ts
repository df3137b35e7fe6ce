/** A Redis and its replica on a host each, of which the first one's cable is pulled, and the other one takes its place. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, type Running, test, until } from '../../e2e/rig.ts';
import { demand, said, skips } from '../../lack.ts';
import { type TestServer, typed } from '../../storage/redis/server.ts';
import { createNetwork, type Host, lackFor, type Network } from './network.ts';
import { idsOf, keepSending, placeOf, redisOn } from './redis.ts';

const lack = await lackFor('redis-server');

interface Pair {
  readonly rig: Rig;
  readonly hosts: { readonly first: Host; readonly second: Host };
  readonly servers: { readonly first: TestServer; readonly second: TestServer };
  /** Of who works there. */
  readonly terms: { readonly cwd: string; readonly within: readonly string[] };
  readonly watching: Running;
}

/** @param more of `dreamos init` */
async function withPair(rig: Rig, more: readonly string[], work: (pair: Pair) => Promise<void>): Promise<void> {
  demand(lack);
  const network: Network = createNetwork(3);
  const started: TestServer[] = [];
  const serve = async (...args: Parameters<typeof redisOn>): Promise<TestServer> => {
    const server = await redisOn(...args);
    started.push(server);
    return server;
  };
  try {
    const [first, second, third] = network.hosts as [Host, Host, Host];
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5', '--repl-ping-replica-period', '1'];
    const master = await serve(first, quick);
    const replica = await serve(second, [...quick, '--replicaof', first.address, '6379']);
    await until('there is a replica', async () =>
      (await typed(replica, 'INFO replication')).includes('master_link_status:up'),
    );
    const terms = { cwd: join(rig.dir, 'third'), within: third.within };
    mkdirSync(terms.cwd);
    const address = `redis://${placeOf(first)},${placeOf(second)}/0`;
    const made = await rig.dreamos(['init', '--store', address, 'planner', 'reviewer', ...more], terms);
    expect(made.code, made.err).toBe(0);
    const watching = rig.start('watch reviewer --since start --json', terms);
    await work({ rig, hosts: { first, second }, servers: { first: master, second: replica }, terms, watching });
  } finally {
    for (const server of started) await server.close();
    network.remove();
  }
}

const heardBy = (watching: Running): string[] =>
  watching
    .lines()
    .map((line) => JSON.parse(line) as { readonly event: string; readonly id: string })
    .filter(({ event }) => event === 'delivered')
    .map(({ id }) => id);

describe.skipIf(skips(lack))(said('a failover between two hosts', lack), { timeout: 300_000 }, () => {
  test('loses nothing that was confirmed, where a replica has to have it', async ({ bare }) =>
    withPair(bare, ['--replicas', '1'], async ({ rig, hosts, servers, terms, watching }) => {
      const senders = keepSending(rig, terms);
      await until('mail is sent', () => senders.confirmed.length > 10);
      hosts.first.pull();
      await until('nothing is confirmed', () => senders.refusals() > 1);
      await typed(servers.second, 'REPLICAOF NO ONE');
      await typed(servers.first, `REPLICAOF ${hosts.second.address} 6379`);
      const before = senders.confirmed.length;
      await until('it is found, and confirms nothing alone', () => senders.refused.has('SEND_UNCERTAIN 7'));
      expect(senders.confirmed).toHaveLength(before);
      hosts.first.plug();
      await until('mail is sent again', () => senders.confirmed.length > before + 10);
      await senders.end();
      const there = (await idsOf(rig, 'ready', terms)).toSorted();
      expect(there).toEqual(senders.confirmed.toSorted());
      expect(await typed(servers.first, 'ROLE')).toContain('slave');
      await until('all is heard', () => heardBy(watching).length >= there.length);
      expect(heardBy(watching).toSorted()).toEqual(there);
    }));

  test('may lose what only the first one had, and has nothing twice; who follows goes on', async ({ bare }) =>
    withPair(bare, [], async ({ rig, hosts, servers, terms, watching }) => {
      const send = async (key: string): Promise<string> =>
        rig.sent(['send', 'reviewer', key, '--as', 'planner', '--dedupe-key', key], terms);
      const onBoth = [await send('a'), await send('b')];
      // WAIT counts who has all that was written before it, by its own connection: so it writes something.
      expect(await typed(servers.first, 'SET probe 1', 'WAIT 1 20000')).toBe('+OK\r\n:1\r\n');
      hosts.second.pull();
      const onOne = [await send('c'), await send('d'), await send('e')];
      await until('all is heard', () => heardBy(watching).length === 5);
      hosts.first.pull();
      hosts.second.plug();
      await typed(servers.second, 'REPLICAOF NO ONE');
      const after = await send('f');
      const there = await idsOf(rig, 'ready', terms);
      expect(there).toEqual([...new Set(there)]);
      for (const id of [...onBoth, after]) expect(there).toContain(id);
      const lost = onOne.filter((id) => !there.includes(id));
      console.log(`Without --replicas ${lost.length} of 3 were lost that were confirmed while the replica was away.`);
      // What is sent again under its key is there then, once.
      for (const key of ['c', 'd', 'e']) await send(key);
      expect(await idsOf(rig, 'ready', terms)).toHaveLength(6);
      await until('who follows goes on', () => heardBy(watching).includes(after));
    }));
});
