import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis of a test's own, on a unix socket in a folder of its own. */
export interface TestServer {
  /** `redis+unix:/…` */
  readonly address: string;
  readonly socket: string;
  readonly process: ChildProcess;
  /** As it was killed or ended. */
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

export const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];

/** @param options of redis-server @param within what begins it and becomes it */
export async function startServer(
  options: readonly string[] = durable,
  within: readonly string[] = [],
  program = process.env['DREAMOS_REDIS'] ?? 'redis-server',
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamos-redis-'));
  const socket = join(folder, 's');
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    const own = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''];
    const [file = '', ...words] = [...within, program, ...own, ...options];
    child = spawn(file, words, { stdio: 'ignore' });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    await Promise.race([failed, answering(socket)]).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    failed.catch(() => undefined);
  };
  await start();
  return {
    address: `redis+unix://${socket}`,
    socket,
    get process() {
      return child;
    },
    start,
    kill: async (signal) => {
      const gone = once(child, 'exit');
      child.kill(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone;
    },
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answering(path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const said = await new Promise<string>((resolve) => {
      const one = connect(path, () => one.write('PING\r\n'));
      one.on('data', (data) => {
        resolve(String(data));
        one.destroy();
      });
      one.on('error', () => resolve(''));
    });
    if (said.startsWith('+PONG') || said.startsWith('-NOAUTH')) return;
    await sleep(20);
  }
  throw new Error(`Nothing answers at ${path}.`);
}

/** What a person would type to the server itself. */
export async function typed(server: TestServer, ...commands: readonly string[]): Promise<string> {
  const socket = connect(server.socket);
  await once(socket, 'connect');
  let answer = '';
  for (const command of commands) {
    socket.write(`${command}\r\n`);
    answer += String(((await once(socket, 'data')) as [Buffer])[0]);
  }
  socket.destroy();
  return answer;
}
