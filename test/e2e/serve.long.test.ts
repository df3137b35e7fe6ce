/** What becomes of a server that is killed, hurried, moved, or asked over TCP. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { rawly } from '../server/raw.ts';
import { errorOf, expectRefusal, type Line, test } from './rig.ts';
import { ask, served, socketOf, until } from './serving.ts';

describe.concurrent('serve', () => {
  test('killed, it has lost nothing that it confirmed, and the next one takes its place', async ({ rig }) => {
    for (let round = 0; round < 3; round++) {
      const server = await served(rig);
      expect(server.about).toMatchObject({ pid: server.child.pid });
      const before = (await ask(socketOf(rig), 'GET', '/v1/status?mailbox=reviewer')).value.items[0].ready as number;
      const sends = Array.from({ length: 20 }, () =>
        ask(socketOf(rig), 'POST', '/v1/send', { to: 'reviewer', body: 'x' }).then(
          ({ status }) => status,
          () => 0,
        ),
      );
      await Promise.race(sends);
      await server.kill('SIGKILL');
      const confirmed = (await Promise.all(sends)).filter((status) => status === 201).length;
      expect(statSync(socketOf(rig)).isSocket()).toBe(true);
      expect((await rig.dreamos('serve status')).code).toBe(3);
      const [status] = (await rig.dreamos('status reviewer --json')).json;
      expect(status?.['ready']).toBeGreaterThanOrEqual(before + confirmed);
      expect(status?.['ready']).toBeLessThanOrEqual(before + sends.length);
    }
    const last = await served(rig);
    expect((await rig.dreamos('doctor --json')).code).toBe(0);
    await last.kill('SIGINT');
  });

  test('a second signal ends it at once', async ({ rig }) => {
    const server = await served(rig);
    // A request whose body never ends is waited for.
    const asked = request({ socketPath: socketOf(rig), method: 'POST', path: '/v1/send', agent: false });
    asked.setHeader('content-type', 'application/json');
    asked.on('error', () => undefined).write('{');
    await ask(socketOf(rig), 'GET', '/v1/status');
    server.child.kill('SIGTERM');
    await until('it listens no more', () => !existsSync(socketOf(rig)));
    const begun = performance.now();
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(3000);
    asked.destroy();
  });

  test('a root whose path is too long for a socket names one that is not, and that works', async ({ bare }) => {
    const deep = join(bare.dir, 'd'.repeat(60), 'e'.repeat(60));
    mkdirSync(deep, { recursive: true });
    const env = { XDG_RUNTIME_DIR: bare.dir };
    await bare.dreamos('init planner reviewer', { cwd: deep });
    const refused = await bare.dreamos('serve --json', { cwd: deep, env });
    expectRefusal(refused, {
      exit: 5,
      code: 'CANNOT_LISTEN',
      names: 'server.sock',
      next: /dreamos serve --socket \S+\.sock$/,
    });
    const [, words = ''] = /dreamos (serve --socket \S+)"/.exec(refused.err) ?? [];
    const server = bare.start(`${words} --json`, { cwd: deep, env });
    await until('it listens', () => server.lines().length > 0, server.ended);
    const socket = words.split(' ').at(-1) ?? '';
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect((await bare.dreamos('serve status --json', { cwd: deep })).json).toMatchObject([{ socket }]);
    expect(await bare.dreamos('serve stop', { cwd: deep })).toMatchObject({ code: 0 });
  });

  test('over TCP there are tokens: printed once, revoked at once, and kept in no backup', async ({ rig }) => {
    const server = await served(rig, '--http 127.0.0.1:0');
    const http = String(server.about['http']);
    const made = await rig.dreamos('token create planner --quiet');
    expect(made).toMatchObject({ code: 0, err: '' });
    const secret = made.out.trim();
    const status = async (token: string): Promise<number | undefined> =>
      (
        await rawly(
          http,
          `GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
        )
      ).statuses[0];
    expect(await status(secret)).toBe(200);
    expect(statSync(join(rig.root, 'tokens.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(rig.root, 'tokens.json'), 'utf8')).not.toContain(secret.slice(-43));
    await rig.dreamos('backup mail.tar.gz');
    const [one] = (await rig.dreamos('token list --json')).json;
    expect(await rig.dreamos(['token', 'revoke', 'planner', '--id', String(one?.id)])).toMatchObject({ code: 0 });
    expect(await status(secret)).toBe(401);
    await server.kill('SIGTERM');
    const restored = await rig.shell('mv runtime gone && dreamos restore mail.tar.gz && ls -A runtime/agent_comms');
    expect(restored.code, restored.err).toBe(0);
    expect(restored.out).toContain('format.json');
    expect(restored.out).not.toMatch(/tokens|server/);
  });

  test('the page of a root has an address of who asks, for as long as it is served', async ({ rig }) => {
    const page = rig.start('dashboard --json --as planner');
    await until('it is served', () => page.lines().length > 0, page.ended);
    const said = JSON.parse(page.lines()[0] ?? '') as Line;
    expect(said).toMatchObject({ agent: 'planner', pid: page.child.pid });
    const url = new URL(String(said['url']));
    const [, token = ''] = url.hash.split('token=');
    const status = `GET /v1/status HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    expect((await rawly(url.origin, status)).statuses).toEqual([200]);
    expect((await rig.dreamos('serve status')).code).toBe(3);
    expect(await page.kill('SIGINT')).toMatchObject({ code: 0 });
    expect((await rig.dreamos('token list --json')).json).toEqual([]);

    const server = await served(rig, '--http 127.0.0.1:0');
    const [other] = (await rig.dreamos('dashboard --json --as reviewer')).json;
    expect(other).toMatchObject({ agent: 'reviewer', pid: server.child.pid });
    expect(String(other?.['url'])).toMatch(new RegExp(`^${String(server.about['http'])}/#token=dreamos_`));
    await server.kill('SIGTERM');
  });

  test('a server whose root is taken away ends, and says why', async ({ rig }) => {
    const server = await served(rig);
    await rig.shell('mv runtime gone');
    const ended = await server.ended;
    expect(ended.code).toBe(5);
    expect(errorOf(ended)).toMatchObject({ code: 'CANNOT_LISTEN', hint: 'dreamos serve' });
    expect(errorOf(ended).message).toContain(`${socketOf(rig)} was taken away`);
  });

  test('a browser is shown the page, and no list of processes its token', async ({ rig }) => {
    const opener = join(rig.dir, 'bin', 'xdg-open');
    writeFileSync(opener, '#!/bin/sh\necho "$@" > opened; stat -c %a "$1" >> opened; cat "$1" >> opened\n', {
      mode: 0o755,
    });
    const page = rig.start('dashboard --json --open --as planner');
    await until('it was opened', () => existsSync(join(rig.dir, 'opened')), page.ended);
    const { url } = JSON.parse(page.lines()[0] ?? '') as { url: string };
    await until('it was read', () => readFileSync(join(rig.dir, 'opened'), 'utf8').includes('</title>'), page.ended);
    const [path = '', mode, text = ''] = readFileSync(join(rig.dir, 'opened'), 'utf8').split('\n');
    expect(path).toMatch(/^\/.*dashboard\.html$/);
    expect(mode).toBe('600');
    expect(text).toContain(`content="0;url=${url}"`);
    await page.kill('SIGTERM');
    expect(existsSync(path)).toBe(false);
  });
});
