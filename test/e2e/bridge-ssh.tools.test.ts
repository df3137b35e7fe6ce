/** A bridge over a real sshd, of this user and on loopback. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { idsIn, twoRoots } from './bridging.ts';
import { freePort } from '../free-port.ts';
import { type Rig, test } from './rig.ts';

const lack = await missing('sshd', 'ssh', 'ssh-keygen');

interface Sshd {
  readonly pid: number;
  /** A command line that runs another there. */
  readonly ssh: (command: string) => string;
  end(): Promise<void>;
}

async function startSshd({ dir }: Rig): Promise<Sshd> {
  const at = join(dir, 'ssh');
  mkdirSync(at);
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(at, name)]);
  writeFileSync(join(at, 'authorized'), readFileSync(join(at, 'user.pub')));
  const port = await freePort();
  const lines = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at}/host`, `AuthorizedKeysFile ${at}/authorized`],
    ...[
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PidFile none',
      'PermitRootLogin prohibit-password',
    ],
  ];
  writeFileSync(join(at, 'config'), `${lines.join('\n')}\n`);
  // Where the system's own has never run.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const sshd: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(at, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    sshd.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Server listening')) resolve();
    });
    sshd.once('exit', () => reject(new Error(`sshd has ended: ${log}`)));
  });
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
  ];
  const words = [
    'ssh',
    '-F',
    'none',
    '-i',
    join(at, 'user'),
    '-p',
    String(port),
    ...options.flatMap((one) => ['-o', one]),
  ];
  const path = `${join(dir, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  return {
    pid: sshd.pid ?? 0,
    ssh: (command) =>
      `exec ${words.join(' ')} ${userInfo().username}@127.0.0.1 "PATH=${path}; export PATH; ${command}"`,
    end: async () => {
      const ended = new Promise((resolve) => sshd.once('exit', resolve));
      sshd.kill('SIGKILL');
      await ended;
    },
  };
}

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
