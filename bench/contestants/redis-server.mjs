// A Redis of our own that answers a write only when it is synced, on a socket in its folder.
import { connect } from 'node:net';
import { join } from 'node:path';
import { start, stop } from '../processes.mjs';
import { Absent } from './absent.mjs';

/** @returns {Promise<{ path: string, stop(): Promise<void> }>} */
export async function startRedis(folder) {
  const path = join(folder, 'redis.sock');
  const settings = {
    port: 0,
    unixsocket: path,
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    'auto-aof-rewrite-percentage': 0,
    save: '',
    loglevel: 'warning',
  };
  const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const server = start('redis-server', args, { stdio: 'ignore' });
  await answering(server, path, 'redis-server', 'redis-server');
  return { path, stop: () => stop(server) };
}

/** Waits until a server takes connections. @throws Absent when it is not installed */
export async function answering(server, path, name, debianPackage) {
  let ended;
  server.ended.then(
    (code) => (ended = { code }),
    (error) => (ended = { code: error.code }),
  );
  for (let tries = 0; tries < 500; tries++) {
    if (await canConnect(path)) return;
    if (ended?.code === 'ENOENT')
      throw new Absent(`${name} is not installed (Debian: apt-get install ${debianPackage})`);
    if (ended) throw new Error(`${name} ended with ${ended.code} before it answered.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${name} does not answer.`);
}

function canConnect(path) {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.end());
  });
}
