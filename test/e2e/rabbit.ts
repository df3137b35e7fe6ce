/** A RabbitMQ of its own on loopback, or a node of a cluster, in a folder of its own; what it starts ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';

export interface RabbitNode {
  /** What `rabbitmqctl eval` prints of it. */
  ask(erlang: string): Promise<string>;
  /** kill -9 */
  kill(): Promise<void>;
  /** With what it has on disk. @returns once it takes connections */
  begin(): Promise<void>;
  /** SIGSTOP, SIGCONT: it stands still, and goes on. */
  signal(one: 'SIGSTOP' | 'SIGCONT'): void;
  end(): Promise<void>;
}

export interface Rabbit extends RabbitNode {
  /** Without the password. */
  readonly url: string;
  readonly password: string;
}

export interface Place {
  readonly address: string;
  readonly port: number;
  readonly distPort: number;
  readonly epmdPort: number;
  readonly name: string;
  /** Its name has an address, and no host's name. */
  readonly isLong?: boolean;
  /** Of rabbitmq.conf. */
  readonly lines?: readonly string[];
  /** What begins its processes and becomes them. */
  readonly within?: readonly string[];
}

export const rabbitPassword = 'p@ss/word';
const bin = '/usr/lib/rabbitmq/bin';

export async function startRabbit(dir: string): Promise<Rabbit> {
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const name = `dreamos-${port}@localhost`;
  const node = rabbitNode(dir, { address: '127.0.0.1', port, distPort, epmdPort, name });
  await node.begin();
  return { ...node, url: `amqp://mail@127.0.0.1:${port}`, password: rabbitPassword };
}

/** It is not begun yet. */
export function rabbitNode(dir: string, place: Place): RabbitNode {
  const { address, port, distPort, epmdPort, name, isLong = false, lines = [], within = [] } = place;
  mkdirSync(dir, { recursive: true });
  const all = [
    `listeners.tcp.1 = ${address}:${port}`,
    ...['default_user = mail', `default_pass = ${rabbitPassword}`, 'log.file.level = warning'],
    ...['vm_memory_high_watermark.absolute = 400MB', 'disk_free_limit.absolute = 50MB'],
    ...lines,
  ];
  writeFileSync(join(dir, 'rabbitmq.conf'), `${all.join('\n')}\n`);
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
  writeFileSync(join(dir, '.erlang.cookie'), 'DREAMOSTEST');
  chmodSync(join(dir, '.erlang.cookie'), 0o400);
  const epmdEnv = { ERL_EPMD_ADDRESS: address, ERL_EPMD_PORT: String(epmdPort) };
  const listens = `-kernel inet_dist_use_interface {${address.replaceAll('.', ',')}}`;
  const env = {
    ...{ PATH: process.env['PATH'], HOME: dir, LANG: 'C.UTF-8', ...epmdEnv },
    ...{ RABBITMQ_NODENAME: name, RABBITMQ_USE_LONGNAME: String(isLong), RABBITMQ_DIST_PORT: String(distPort) },
    ...{ RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'), RABBITMQ_LOG_BASE: join(dir, 'log') },
    ...{ RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq'), RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins') },
    ...{ RABBITMQ_CONF_ENV_FILE: '/dev/null', RABBITMQ_PID_FILE: join(dir, 'pid') },
    ...{ RABBITMQ_SCHEMA_DIR: join(dir, 'schema'), RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated') },
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'feature-flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${listens} +S 1:1 +sbwt none`,
  };
  const run = (words: readonly string[], more: Parameters<typeof spawn>[2] = {}): ChildProcess => {
    const [file = '', ...args] = [...within, ...words];
    return spawn(file, args, { env, stdio: 'ignore', ...more });
  };
  // Begun here, it is no daemon that stays behind.
  const epmd = run(['epmd', '-address', address, '-port', String(epmdPort)]);
  let server: ChildProcess | undefined;
  const isOver = (): boolean => !server || server.exitCode !== null || server.signalCode !== null;
  const signal = (one: NodeJS.Signals): void => void process.kill(-(server?.pid ?? 0), one);
  const kill = async (): Promise<void> => {
    if (!server || isOver()) return;
    const ended = once(server, 'exit');
    signal('SIGKILL');
    await ended;
  };
  const answers = async (): Promise<boolean> => {
    const [code] = (await once(run(['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`]), 'exit')) as [number];
    return code === 0;
  };
  return {
    begin: async () => {
      // Not the one in /usr/sbin, which goes on as another user.
      server = run([`${bin}/rabbitmq-server`], { detached: true });
      while (!(await answers())) {
        if (isOver()) throw new Error(`RabbitMQ has ended: ${dir}/log`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    ask: async (erlang) => {
      const asked = run([`${bin}/rabbitmqctl`, '--quiet', 'eval', erlang], { stdio: ['ignore', 'pipe', 'ignore'] });
      let answer = '';
      asked.stdout?.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      await once(asked, 'close');
      return answer.trim();
    },
    kill,
    signal,
    end: async () => {
      await kill();
      epmd.kill('SIGKILL');
    },
  };
}
