/** Who listens to topics of another root, and who tells him by ZeroMQ, as processes. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from './rig.ts';
import type { Rig, Running } from './rig.ts';
import { listening, rest, rootsWithKeys } from './zeromq.ts';

const way = (at: string): string[] => ['--at', 'b', '--via', at, '--key', 'keys', '--as', 'ann', '--json'];

/** What was heard, by its bodies; and where it goes on. */
const heard = (lines: readonly string[]) => lines.map((line) => JSON.parse(line));
const bodies = (lines: readonly string[]): string[] => heard(lines).map(({ message }) => message.body);

async function until(running: Running, body: string): Promise<void> {
  while (!bodies(running.lines()).includes(body)) {
    if (running.child.exitCode !== null) throw new Error(running.err());
    await rest();
  }
}

async function published(rig: Rig, b: string, from: number, to: number): Promise<string[]> {
  const all = Array.from({ length: to - from }, (_, i) => `m${from + i}`);
  for (const body of all) await rig.dreamos(['publish', 'build.done', body, '--as', 'bob', '--quiet'], { cwd: b });
  return all;
}

/** In front of a port: what goes through it may be cut, and refused from then on. */
async function proxyTo(address: string) {
  const port = Number(address.split(':').at(-1));
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => (open.delete(one), other.destroy()));
      if (isCut) one.destroy();
      else one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    at: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: (): void => {
      isCut = true;
      for (const one of open) one.destroy();
    },
    mend: (): void => void (isCut = false),
    close: (): void => {
      for (const one of open) one.destroy();
      server.close();
    },
  };
}

test('each message is heard once and in order, whatever is cut or killed meanwhile', async ({ bare: rig }) => {
  const { a, b } = await rootsWithKeys(rig);
  let { far, at } = await listening(rig, b);
  const proxy = await proxyTo(at);
  try {
    const first = rig.start(['listen', 'build.>', ...way(proxy.at), '--since', 'start'], { cwd: a });
    const all = await published(rig, b, 0, 2);
    await until(first, 'm1');
    proxy.cut();
    all.push(...(await published(rig, b, 2, 4)));
    while (!first.err().includes('cannot be asked')) await rest();
    expect(bodies(first.lines())).toEqual(['m0', 'm1']);
    proxy.mend();
    await until(first, 'm3');
    await far.kill('SIGKILL');
    all.push(...(await published(rig, b, 4, 5)));
    ({ far, at } = await listening(rig, b, at));
    await until(first, 'm4');
    await first.kill('SIGKILL');
    const lines = first.lines();
    expect(bodies(lines)).toEqual(all);
    all.push(...(await published(rig, b, 5, 6)));
    writeFileSync(join(a, 'heard'), `${lines.join('\n')}\n`);
    const behind = await rig.dreamos(['listen', 'build.>', ...way(at), '--since', '@heard', '--count', '1'], {
      cwd: a,
    });
    expect(behind.json.map(({ message }) => message.body)).toEqual(['m5']);
  } finally {
    proxy.close();
  }
});

test('where there is no root to receive in, no keys are made', async ({ bare: rig }) => {
  const words = ['receive', '--listen', 'tcp://127.0.0.1:0', '--key', 'keys'];
  expect(await rig.dreamos(words, { cwd: rig.dir })).toMatchObject({ code: 4, out: '' });
  expect(existsSync(join(rig.dir, 'keys'))).toBe(false);
});

test('only who lives there, has a known key and may subscribe hears anything', async ({ bare: rig }) => {
  const { a, b } = await rootsWithKeys(rig);
  const { at } = await listening(rig, b);
  await published(rig, b, 0, 1);
  const listen = (words: readonly string[]) =>
    rig.dreamos(['listen', '>', '--at', 'b', '--via', at, '--wait', '0s', '--since', 'start', '--json', ...words], {
      cwd: a,
    });
  const known = ['--key', 'keys', '--as', 'ann'];
  expect((await listen(known)).json).toMatchObject([{ topic: 'build.done', message: { body: 'm0' } }]);
  // bob lives in b itself.
  const other = await listen(['--key', 'keys', '--as', 'bob']);
  expect(other).toMatchObject({ code: 9, out: '' });
  expect(other.err).toContain('bob does not live at a');
  const [, theirs = ''] = /^public (\S{40})$/m.exec(readFileSync(join(b, 'keys'), 'utf8')) ?? [];
  expect(await listen(['--key', 'others', '--as', 'ann'])).toMatchObject({ code: 6 });
  appendFileSync(join(a, 'others'), `peer b ${theirs}\n`);
  const stranger = await listen(['--key', 'others', '--as', 'ann']);
  expect(stranger).toMatchObject({ code: 8, out: '' });
  expect(stranger.err).toContain('is not in the file of the other one');
  const allow = async (role: object): Promise<void> => {
    const policy = { roles: { ann: { allow: role }, bob: { allow: { '*': ['*'] } } }, everyone: [] };
    const stdin = JSON.stringify({ ...policy, agents: { ann: ['ann'], bob: ['bob'] } });
    expect(await rig.dreamos('policy set - --as bob', { cwd: b, stdin })).toMatchObject({ code: 0 });
  };
  await allow({ subscribe: ['#open.>'] });
  await rig.dreamos('publish open.day told --as bob', { cwd: b });
  expect((await listen(known)).json).toMatchObject([{ topic: 'open.day', message: { body: 'told' } }]);
  await allow({ look: ['ann'] });
  const denied = await listen(known);
  expect(denied).toMatchObject({ code: 9, out: '' });
  expect(denied.err).toContain('FORBIDDEN');
});
