/** A RabbitMQ of its own on loopback, in a folder of its own; what it starts ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';

export interface Rabbit {
  /** Without the password. */
  readonly url: string;
  readonly password: string;
  /** kill -9, and begins it anew with what it has on disk. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

const password = 'p@ss/word';

export async function startRabbit(dir: string): Promise<Rabbit> {
  mkdirSync(dir, { recursive: true });
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    ...['default_user = mail', `default_pass = ${password}`, 'log.file.level = warning'],
    ...['vm_memory_high_watermark.absolute = 400MB', 'disk_free_limit.absolute = 50MB'],
  ];
  writeFileSync(join(dir, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
  writeFileSync(join(dir, '.erlang.cookie'), 'DREAMOSTEST');
  chmodSync(join(dir, '.erlang.cookie'), 0o400);
  const epmdEnv = { ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: String(epmdPort) };
  const env = {
    ...{ PATH: process.env['PATH'], HOME: dir, LANG: 'C.UTF-8', ...epmdEnv },
    ...{ RABBITMQ_NODENAME: `dreamos-${port}@localhost`, RABBITMQ_DIST_PORT: String(distPort) },
    ...{ RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'), RABBITMQ_LOG_BASE: join(dir, 'log') },
    ...{ RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq'), RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins') },
    ...{ RABBITMQ_CONF_ENV_FILE: '/dev/null', RABBITMQ_PID_FILE: join(dir, 'pid') },
    ...{ RABBITMQ_SCHEMA_DIR: join(dir, 'schema'), RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated') },
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'feature-flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none',
  };
  // Begun here, it is no daemon that stays behind.
  const epmd = spawn('epmd', ['-address', '127.0.0.1', '-port', String(epmdPort)], { env, stdio: 'ignore' });
  let server: ChildProcess;
  const begin = async (): Promise<void> => {
    // Not the one in /usr/sbin, which goes on as another user.
    server = spawn('/usr/lib/rabbitmq/bin/rabbitmq-server', [], { env, stdio: 'ignore', detached: true });
    let isOver = false;
    server.once('exit', () => (isOver = true));
    while (!(await answers(port))) {
      if (isOver) throw new Error(`RabbitMQ has ended: ${dir}/log`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    process.kill(-(server.pid ?? 0), 'SIGKILL');
    await ended;
  };
  await begin();
  return {
    url: `amqp://mail@127.0.0.1:${port}`,
    password,
    restart: async () => {
      await kill();
      await begin();
    },
    end: async () => {
      await kill();
      epmd.kill('SIGKILL');
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
