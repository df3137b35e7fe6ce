/** A bridge over a real sshd, of this user and on loopback. */
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { idsIn, twoRoots } from './bridging.ts';
import { test } from './rig.ts';
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
    const { a, b } = await twoRoots(rig);
    const sshd = await startSshd(rig);
    try {
      const via = sshd.ssh(`cd ${b} && dreamos receive`);
      const lines = Array.from({ length: 500 }, (_, i) => JSON.stringify({ to: 'bob', body: `m${i}` })).join('\n');
      const sent = (await rig.dreamos('send --batch --as ann --json', { cwd: a, stdin: lines })).json.map(
        ({ id }) => id,
      );
      const running = rig.start(['bridge', 'b', '--via', via, '--json'], { cwd: a });
      const told = (event: string): number => running.lines().filter((line) => line.includes(`"${event}"`)).length;
      while (told('forwarded') < 50) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const pid of sessionsOf(sshd.pid)) process.kill(pid, 'SIGKILL');
      while (told('forwarded') < sent.length) await new Promise((resolve) => setTimeout(resolve, 50));
      const ended = await running.kill('SIGTERM');
      expect(ended.code).toBe(0);
      expect(told('up')).toBe(2);
      expect((await idsIn(rig, b, 'bob', 'ready')).toSorted()).toEqual(sent.toSorted());
      expect(await idsIn(rig, a, 'bob', 'archived')).toHaveLength(sent.length);
    } finally {
      await sshd.end();
    }
  },
);
