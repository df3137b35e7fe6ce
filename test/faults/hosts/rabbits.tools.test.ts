/** A bridge through a cluster of three brokers, of which the one that leads its queues stands still, is killed, and is cut off. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { expectOnce, idsIn, sentMany, twoRoots } from '../../e2e/bridging.ts';
import { rabbitNode, type RabbitNode, rabbitPassword } from '../../e2e/rabbit.ts';
import { pause, type Rig, type Running, test, until } from '../../e2e/rig.ts';
import { demand, said, skips } from '../../lack.ts';
import { createNetwork, type Host, lackFor, type Network } from './network.ts';

const lack = await lackFor('epmd', 'rabbitmq-server');

interface Node extends RabbitNode {
  readonly name: string;
  readonly host: Host;
}

function nodesOn(hosts: readonly Host[], dir: string): Node[] {
  const names = hosts.map(({ address }) => `mail@${address}`);
  const lines = [
    'cluster_partition_handling = pause_minority',
    'net_ticktime = 5',
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${name}`),
  ];
  return hosts.map((host, i) => {
    const { address, within } = host;
    const name = names[i] ?? '';
    const at = { address, within, name, isLong: true, lines, port: 5672, distPort: 25_672, epmdPort: 4369 };
    return { ...rabbitNode(join(dir, `${i + 1}`), at), name, host };
  });
}

describe.skipIf(skips(lack))(said('three brokers on a host each', lack), { timeout: 600_000 }, () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-rabbits-')));
  let network: Network | undefined;
  let nodes: readonly Node[] = [];
  let hosts: readonly Host[] = [];
  beforeAll(async () => {
    demand(lack);
    network = createNetwork(5);
    hosts = network.hosts.slice(3);
    nodes = nodesOn(network.hosts.slice(0, 3), dir);
    await Promise.all(nodes.map((node) => node.begin()));
    for (const node of nodes)
      await until('all are in it', async () => (await node.ask('length(rabbit_nodes:all_running()).')) === '3', 90_000);
  }, 240_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.end()));
    network?.remove();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  /** The node that leads what goes to b, as one says that is there. */
  const leader = async (others: readonly Node[]): Promise<Node> => {
    const queue = 'rabbit_misc:r(<<"/">>, queue, <<"dreamos.b">>)';
    return until('one leads', async () => {
      const leads = await others[0]?.ask(
        `{ok, Q} = rabbit_amqqueue:lookup(${queue}), element(2, amqqueue:get_pid(Q)).`,
      );
      return others.find(({ name }) => leads?.includes(name));
    });
  };

  const bridges = (rig: Rig, roots: { a: string; b: string }): Running[] =>
    (['a', 'b'] as const).map((own, i) => {
      // Each begins with another one.
      const all = [...nodes.slice(i), ...nodes.slice(0, i)].map(({ host }) => host.address).join(',');
      const peer = own === 'a' ? 'b' : 'a';
      return rig.start(['bridge', peer, '--via', `amqp://mail@${all}`, '--name', own, '--json'], {
        cwd: roots[own],
        env: { DREAMOS_AMQP_PASSWORD: rabbitPassword },
        within: hosts[i]?.within ?? [],
      });
    });

  test('lose nothing and bring nothing twice, whatever happens to the one that leads', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const running = bridges(rig, roots);
    const sent: string[] = [];
    const there = (): Promise<string[]> => idsIn(rig, roots.b, 'bob', 'ready');
    const send = async (): Promise<void> => void sent.push(...(await sentMany(rig, roots.a, 50)));
    /**
     * What is sent from now on comes, too. A confirm that a leader took with it never comes: what waits for it goes again once
     * nothing was answered for a minute, and a broker that stands still is given up for another one then.
     */
    const goesOn = async (): Promise<void> => {
      await send();
      await until('it goes on', async () => (await there()).length === sent.length, 150_000);
    };
    await goesOn();
    const again = async (node: Node): Promise<void> => {
      await node.kill();
      await node.begin();
    };
    const faults: [name: string, begin: (node: Node) => unknown, end: (node: Node) => unknown][] = [
      ['is killed', (node) => node.kill(), (node) => node.begin()],
      // What the cluster has given up for gone comes back by a start of its own.
      ['stands still', (node) => node.signal('SIGSTOP'), again],
      ['is cut off', (node) => node.host.pull(), (node) => (node.host.plug(), again(node))],
    ];
    for (const [name, begin, end] of faults) {
      const node = await leader(nodes);
      const from = performance.now();
      await send();
      await begin(node);
      await goesOn();
      const ms = Math.round(performance.now() - from);
      console.log(`${node.name} ${name}: all that was sent meanwhile was there after ${ms} ms.`);
      await end(node);
      const back = async () => (await node.ask('length(rabbit_nodes:all_running()).')) === '3';
      await until('it is back', back, 90_000);
      await goesOn();
    }
    // What a broker still has comes again now.
    await pause(2000);
    for (const one of running) {
      const ended = await one.kill('SIGTERM');
      expect(ended.code, ended.err).toBe(0);
    }
    await expectOnce(rig, roots, sent);
  });
});
