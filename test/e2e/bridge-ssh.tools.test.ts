/** A bridge over a real sshd, of this user and on loopback. */
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { expectOnce, sentMany, twoRoots } from './bridging.ts';
import { test, until } from './rig.ts';
import { startSshd } from './sshd.ts';

const lack = await missing('sshd', 'ssh', 'ssh-keygen');

/** The processes of its sessions. */
function sessionsOf(pid: number): number[] {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString();
  const all = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return all.filter(([, parent]) => parent === pid).map(([one = 0]) => one);
}

test.skipIf(skips(lack))(
  said('mail goes over sshd, also when its session is killed in the middle', lack),
  { timeout: 120_000 },
  async ({ bare: rig }) => {
    demand(lack);
    const roots = await twoRoots(rig);
    const sshd = await startSshd(rig);
    try {
      const via = sshd.ssh(`cd ${roots.b} && dreamos receive`);
      const sent = await sentMany(rig, roots.a, 250);
      const running = rig.start(['bridge', 'b', '--via', via, '--json'], { cwd: roots.a });
      const told = (event: string): number => running.lines().filter((line) => line.includes(`"${event}"`)).length;
      await until('it carries', () => told('forwarded') >= 50);
      // Standing still, so that some of it is surely on its way when the session ends.
      const sessions = sessionsOf(sshd.pid);
      for (const pid of sessions) process.kill(pid, 'SIGSTOP');
      sent.push(...(await sentMany(rig, roots.a, 250)));
      for (const pid of sessions) process.kill(pid, 'SIGKILL');
      await until('all is there', () => told('forwarded') >= sent.length, 90_000);
      expect((await running.kill('SIGTERM')).code).toBe(0);
      expect(told('up')).toBe(2);
      await expectOnce(rig, roots, sent);
    } finally {
      await sshd.end();
    }
  },
);
