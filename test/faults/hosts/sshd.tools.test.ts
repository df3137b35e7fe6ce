/** A bridge over sshd on another host, whose cable is pulled while it carries. */
import { describe, expect } from 'vitest';
import { expectOnce, idsIn, sentMany, twoRoots } from '../../e2e/bridging.ts';
import { pause, test, until } from '../../e2e/rig.ts';
import { startSshd } from '../../e2e/sshd.ts';
import { demand, said, skips } from '../../lack.ts';
import { createNetwork, type Host, lackFor } from './network.ts';

const lack = await lackFor('sshd', 'ssh', 'ssh-keygen');

describe.skipIf(skips(lack))(said('a bridge over sshd on another host', lack), { timeout: 300_000 }, () => {
  test.for([
    // What was on its way TCP sends again.
    ['for a moment', [], 1],
    ['until ssh gives it up', ['ServerAliveInterval=1', 'ServerAliveCountMax=3'], 2],
  ] as const)(
    'goes on when the cable is pulled %s, and brings all of it once',
    async ([, options, ups], { bare: rig }) => {
      demand(lack);
      const network = createNetwork(2);
      const [near, far] = network.hosts as [Host, Host];
      const roots = await twoRoots(rig);
      const sshd = await startSshd(rig, far.address, far.within, options);
      try {
        const sent = await sentMany(rig, roots.a, 500);
        const via = sshd.ssh(`cd ${roots.b} && dreamos receive`);
        const running = rig.start(['bridge', 'b', '--via', via, '--json'], { cwd: roots.a, within: near.within });
        const told = (event: string): number => running.lines().filter((line) => line.includes(`"${event}"`)).length;
        await until('it carries', () => told('forwarded') >= 20);
        far.pull();
        sent.push(...(await sentMany(rig, roots.a, 500)));
        if (ups === 1) await pause(3000);
        else await until('it is down', () => told('down') > 0);
        expect((await idsIn(rig, roots.b, 'bob', 'ready')).length).toBeLessThan(sent.length);
        far.plug();
        await until('all is there', () => told('forwarded') >= sent.length, 90_000);
        expect((await running.kill('SIGTERM')).code).toBe(0);
        expect(told('up')).toBe(ups);
        await expectOnce(rig, roots, sent);
      } finally {
        await sshd.end();
        network.remove();
      }
    },
  );
});
