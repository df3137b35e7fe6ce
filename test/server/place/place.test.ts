import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { initRoot } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { tcpAddress } from '../../../src/server/place/address.ts';
import { notedServer, runningServer } from '../../../src/server/place/running.ts';
import { serve, type Served, type ServeOptions } from '../../../src/server/serve.ts';
import { usualSocket } from '../../../src/storage/file/disk/foreign/socket-files.ts';
import { refusal } from '../../core/rig.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { dial, rawly } from '../raw.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  removeScratch();
});

async function rootIn(dir: string, agents: readonly string[] = ['planner']): Promise<Session> {
  const { root } = await initRoot({ root: dir, agents });
  closing.push(() => root.close());
  return root;
}

async function serveOn(root: Session, options: ServeOptions): Promise<Served> {
  const served = await serve(root, options);
  closing.push(() => served.close(0));
  return served;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const aboutOf = async (path: string): Promise<string> =>
  (await rawly(path, 'GET /v1/-/server HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).text;

test('the socket is its owner’s alone, whatever the umask is', async () => {
  const dir = scratch();
  const before = process.umask(0);
  try {
    const served = await serveOn(await rootIn(dir), { socket: join(dir, 'sub', 's') });
    expect(modeOf(join(dir, 'sub', 's'))).toBe(0o600);
    expect(modeOf(join(dir, 'sub'))).toBe(0o700);
    expect(await aboutOf(served.about.socket)).toContain(`"pid":${process.pid}`);
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(before);
  }
});

test('a root has one server, wherever the second one would listen', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  await serveOn(root, { socket: join(dir, 'one') });
  for (const name of ['one', 'two']) {
    const error = await refusal(serve(root, { socket: join(dir, name) }));
    expect(error).toMatchObject({ kind: 'conflict', code: 'SERVER_RUNNING' });
    expect(error.message).toContain(`as process ${process.pid}`);
  }
  expect(existsSync(join(dir, 'one'))).toBe(true);
  expect(existsSync(join(dir, 'two'))).toBe(false);
});

test('two roots have two servers, and one does not take the socket of the other', async () => {
  const [one, two] = [scratch(), scratch()];
  const [first, second] = [await rootIn(one), await rootIn(two)];
  await serveOn(first, { socket: join(one, 's') });
  const error = await refusal(serve(second, { socket: join(one, 's') }));
  expect(error.code).toBe('SERVER_RUNNING');
  expect(error.message).toContain(`of the root ${first.path}`);
  await serveOn(second, { socket: join(two, 's') });
  expect((await runningServer(first))?.socket).toBe(join(one, 's'));
  expect((await runningServer(second))?.socket).toBe(join(two, 's'));
});

test('of many that start at once one serves', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => serveOn(root, { socket: join(dir, 's') })));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await aboutOf(join(dir, 's'))).toContain('200 OK');
});

test('the socket that a killed server left is taken over', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const path = join(dir, 's');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', script]).on('exit', resolve));
  expect(statSync(path).isSocket()).toBe(true);
  const served = await serveOn(root, { socket: path });
  expect(await runningServer(root)).toEqual(served.about);
});

test('what is no server of dreamos keeps its place', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const path = join(dir, 's');
  const other = createServer((socket) => void socket.end('220 hello\r\n')).listen(path);
  closing.push(async () => void other.close());
  expect((await refusal(serve(root, { socket: path }))).code).toBe('CANNOT_LISTEN');
  expect(statSync(path).isSocket()).toBe(true);
  writeFileSync(join(dir, 'file'), 'mine');
  symlinkSync(path, join(dir, 'link'));
  for (const name of ['file', 'link', 'outbox'])
    expect((await refusal(serve(root, { socket: join(dir, name) }))).code, name).toBe('CANNOT_LISTEN');
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('mine');
});

test('a folder that other users may change has no socket of ours, unless it is sticky', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const shared = join(dir, 'shared');
  mkdirSync(shared);
  for (const mode of [0o777, 0o720, 0o702]) {
    chmodSync(shared, mode);
    const error = await refusal(serve(root, { socket: join(shared, 's') }));
    expect([error.code, error.message], mode.toString(8)).toEqual([
      'CANNOT_LISTEN',
      expect.stringContaining('Other users may change'),
    ]);
  }
  chmodSync(shared, 0o1777);
  await serveOn(root, { socket: join(shared, 's') });
});

test('a path that Node would cut is refused, and the hint names one that is not', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const longest = join(dir, 'x'.repeat(103 - dir.length - 1));
  expect(Buffer.byteLength(longest)).toBe(103);
  const error = await refusal(serve(root, { socket: `${longest}x` }));
  expect(error.message).toContain('has 104 bytes');
  expect(existsSync(longest)).toBe(false);
  await serveOn(root, { socket: longest });
  expect(statSync(longest).isSocket()).toBe(true);

  const deep = `/${'r'.repeat(100)}`;
  expect(() => usualSocket(deep, { XDG_RUNTIME_DIR: '/run/user/7' })).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/--socket \/run\/user\/7\/dreamos\/[0-9a-f]{12}\.sock$/) }),
  );
  expect(() => usualSocket(deep, {})).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/--socket \/tmp\/dreamos-\d+\/[0-9a-f]{12}\.sock$/) }),
  );
  expect(usualSocket('/short', {})).toBe('/short/server.sock');
});

test('one that ends takes its socket and its note along, and leaves those of the next one', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const first = await serve(root, { socket: join(dir, 's') });
  expect(await notedServer(root)).toMatchObject({ socket: join(dir, 's') });
  await first.close();
  expect(existsSync(join(dir, 's'))).toBe(false);
  expect(await notedServer(root)).toBeUndefined();
  expect(await runningServer(root)).toBeUndefined();
  await serveOn(root, { socket: join(dir, 's') });
  await first.close();
  expect(await runningServer(root)).toBeDefined();
});

test('a server whose socket is taken away says so', async () => {
  const dir = scratch();
  const served = await serveOn(await rootIn(dir), { socket: join(dir, 's') });
  rmSync(join(dir, 's'));
  await expect(served.lost).resolves.toBeUndefined();
});

test('a server that was replaced leaves the socket of the next one', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const first = await serve(root, { socket: join(dir, 's') });
  rmSync(join(dir, 's'));
  const next = await serveOn(root, { socket: join(dir, 's') });
  await first.close(0);
  expect(await runningServer(root)).toEqual(next.about);
});

test('a port that is taken is told, and nothing is left of the server', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const first = await serveOn(root, { http: { host: '127.0.0.1', port: 0 } });
  const port = Number(new URL(first.about.http ?? '').port);
  const error = await refusal(serve(root, { socket: join(dir, 's'), http: { host: '127.0.0.1', port } }));
  expect(error).toMatchObject({ code: 'CANNOT_LISTEN', message: `Another program listens at 127.0.0.1:${port}.` });
  expect(existsSync(join(dir, 's'))).toBe(false);
  expect(await runningServer(root)).toBeUndefined();
});

test.each([
  [undefined, '127.0.0.1', 7420],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['localhost:80', '127.0.0.1', 80],
  ['127.9.0.1:80', '127.9.0.1', 80],
  ['[::1]:7420', '::1', 7420],
  ['8080', '127.0.0.1', 8080],
  [':8080', '127.0.0.1', 8080],
] as const)('%s is an address of this machine alone', (text, host, port) => {
  expect(tcpAddress(text)).toEqual({ host, port });
});

test.each([
  '0.0.0.0:7420',
  '192.168.0.1:80',
  '[::]:80',
  'example.org:80',
  '127.0.0.1.example:80',
  '127.0.0.256:80',
  '128.0.0.1:80',
])('%s is refused, with what to do instead', (text) => {
  expect(() => tcpAddress(text)).toThrow(expect.objectContaining({ hint: expect.stringMatching(/ssh -L /) }));
});

test.each(['127.0.0.1', '127.0.0.1:', '127.0.0.1:99999', 'x', '::1:80', ''])('%j is no address', (text) => {
  expect(() => tcpAddress(text)).toThrow(/is no address/);
});

const status = (agent?: string): string =>
  [
    'GET /v1/status HTTP/1.1',
    'Host: localhost',
    'Connection: close',
    ...(agent === undefined ? [] : [`Dreamos-Agent: ${agent}`]),
    '',
    '',
  ].join('\r\n');

test('each agent has a door of its own, in a folder of its own; those who come get one, and who goes has none', async () => {
  const dir = scratch();
  const root = await rootIn(dir, ['planner', 'reviewer']);
  const doors = join(dir, 'doors');
  await serveOn(root, { socket: join(dir, 's'), agentSockets: { folder: doors, users: {} } });
  const door = (agent: string): string => join(doors, agent, 'sock');
  for (const agent of ['planner', 'reviewer'])
    expect([modeOf(join(doors, agent)), modeOf(door(agent))]).toEqual([0o700, 0o600]);
  expect((await rawly(door('planner'), status())).statuses).toEqual([200]);
  expect((await rawly(door('planner'), status('Planner'))).statuses).toEqual([200]);
  const wrong = await rawly(door('planner'), status('reviewer'));
  expect(wrong.statuses).toEqual([403]);
  expect(wrong.text).toContain('This socket is of planner, and you say that you are reviewer.');
  const draft = JSON.stringify({ to: 'planner', body: 'x' });
  const posted = `POST /v1/send HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${draft.length}\r\n\r\n${draft}`;
  const sent = await rawly(door('reviewer'), posted);
  expect(sent.statuses).toEqual([201]);

  await registerAgent(root, { name: 'tester' });
  await renameAgent(root, 'reviewer', 'critic');
  await expectSoon(
    () => existsSync(door('tester')) && existsSync(door('critic')) && !existsSync(join(doors, 'reviewer')),
  );
  expect((await rawly(door('critic'), status('critic'))).statuses).toEqual([200]);
}, 30_000);

test('doors are not made where others could put theirs', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const open = join(dir, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  symlinkSync(dir, join(dir, 'link'));
  for (const folder of [open, join(dir, 'link')]) {
    const error = await refusal(serve(root, { socket: join(dir, 's'), agentSockets: { folder, users: {} } }));
    expect(error.code).toBe('CANNOT_LISTEN');
  }
  expect(existsSync(join(open, 'planner'))).toBe(false);
});

test('a folder that a killed server left is used again', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  mkdirSync(join(dir, 'doors', 'planner'), { recursive: true, mode: 0o755 });
  symlinkSync('/etc/passwd', join(dir, 'doors', 'planner', 'sock'));
  const mode = modeOf('/etc/passwd');
  await serveOn(root, { socket: join(dir, 's'), agentSockets: { folder: join(dir, 'doors'), users: {} } });
  expect((await rawly(join(dir, 'doors', 'planner', 'sock'), status())).statuses).toEqual([200]);
  expect(modeOf('/etc/passwd')).toBe(mode);
});

test('what an agent’s user puts in the place of its socket keeps no server from ending, and stays', async () => {
  const dir = scratch();
  const root = await rootIn(dir, ['planner', 'reviewer']);
  const doors = join(dir, 'doors');
  const served = await serve(root, { socket: join(dir, 's'), agentSockets: { folder: doors, users: {} } });
  const door = join(doors, 'planner', 'sock');
  rmSync(door);
  mkdirSync(door);
  await served.close(0);
  expect(await notedServer(root)).toBeUndefined();
  expect(statSync(door).isDirectory()).toBe(true);
  expect(existsSync(join(doors, 'reviewer'))).toBe(false);
});

test('two servers with one folder take no door from each other', async () => {
  const [one, two] = [scratch(), scratch()];
  const doors = join(one, 'doors');
  const agentSockets = { folder: doors, users: {} };
  const [first, second] = [await rootIn(one, ['planner']), await rootIn(two, ['planner', 'tester'])];
  const warnings: string[] = [];
  const door = join(doors, 'planner', 'sock');
  const before = await serveOn(first, { socket: join(one, 's'), agentSockets });
  const other = await serve(second, { socket: join(two, 's'), agentSockets, warn: (text) => void warnings.push(text) });
  expect(warnings.filter((text) => !text.startsWith('No user'))).toEqual([
    `planner has no socket: Another program listens at ${door}.`,
  ]);
  expect((await rawly(join(doors, 'tester', 'sock'), status())).statuses).toEqual([200]);
  await other.close(0);
  expect((await rawly(door, status())).statuses).toEqual([200]);

  rmSync(door);
  await serveOn(second, { socket: join(two, 's'), agentSockets });
  await before.close(0);
  expect((await rawly(door, status())).statuses).toEqual([200]);
});

test('a server whose socket was taken away lets what it is at finish', async () => {
  const dir = scratch();
  const root = await rootIn(dir);
  const served = await serve(root, { socket: join(dir, 's') });
  const draft = JSON.stringify({ to: 'planner', from: 'planner', body: 'x' });
  const head = `POST /v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${draft.length}\r\n\r\n`;
  const socket = dial(join(dir, 's'));
  socket.write(head + draft.slice(0, 9));
  await new Promise((resolve) => setTimeout(resolve, 100));
  rmSync(join(dir, 's'));
  let isClosed = false;
  const closed = served.close().then(() => (isClosed = true));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isClosed).toBe(false);
  socket.write(draft.slice(9));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toContain('HTTP/1.1 201');
  await closed;
});

async function expectSoon(holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(holds()).toBe(true);
}
