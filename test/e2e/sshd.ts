/** A real sshd, of this user. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../free-port.ts';
import type { Rig } from './rig.ts';

export interface Sshd {
  readonly pid: number;
  /** A command line that runs another there. */
  readonly ssh: (command: string) => string;
  end(): Promise<void>;
}

/** @param within what begins it and becomes it @param more options of ssh */
export async function startSshd(
  { dir }: Rig,
  address = '127.0.0.1',
  within: readonly string[] = [],
  more: readonly string[] = [],
): Promise<Sshd> {
  const at = join(dir, 'ssh');
  mkdirSync(at);
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(at, name)]);
  writeFileSync(join(at, 'authorized'), readFileSync(join(at, 'user.pub')));
  const port = await freePort();
  const lines = [
    ...[`Port ${port}`, `ListenAddress ${address}`, `HostKey ${at}/host`, `AuthorizedKeysFile ${at}/authorized`],
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
  const [file = '', ...args] = [...within, '/usr/sbin/sshd', '-D', '-e', '-f', join(at, 'config')];
  const sshd: ChildProcess = spawn(file, args, {
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
    ...more,
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
      `exec ${words.join(' ')} ${userInfo().username}@${address} "PATH=${path}; export PATH; ${command}"`,
    end: async () => {
      const ended = new Promise((resolve) => sshd.once('exit', resolve));
      sshd.kill('SIGKILL');
      await ended;
    },
  };
}
