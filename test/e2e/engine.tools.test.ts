/** Roots in Redis, by the built command and a server of the test's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { freePort } from '../free-port.ts';
import { missing, said, skips } from '../lack.ts';
import { durable, startServer, type TestServer } from '../storage/redis/server.ts';
import { errorOf, expectRefusal, idle, type Rig, test, tree, until } from './rig.ts';

const lack = await missing('redis-server', 'redis-cli', 'openssl');

/** A root on the server, in the rig's folder. @returns what names it from everywhere */
async function init(rig: Rig, server: TestServer, more: readonly string[] = []): Promise<string> {
  const made = await rig.dreamos(['init', '--store', server.address, 'planner', 'reviewer', '--json', ...more]);
  expect(made, made.err).toMatchObject({ code: 0 });
  return String(made.json[0]?.['store']);
}

describe.skipIf(skips(lack))(said('a root in Redis', lack), { timeout: 60_000 }, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  test('is a folder that says where it is, or its address; two folders have the same mail', async ({ bare: rig }) => {
    const store = await init(rig, server);
    expect(tree(rig.root).map((line) => line.split(' ')[0])).toEqual(['/', '/.gitignore', '/format.json']);
    expect(JSON.parse(readFileSync(join(rig.root, 'format.json'), 'utf8'))).toMatchObject({
      version: 2,
      engine: 'redis',
    });
    const id = await rig.sent('send reviewer hello --as planner');
    const elsewhere = `mkdir -p ../$(basename "$PWD").b && cd ../$(basename "$PWD").b && `;
    const joined = await rig.shell(`${elsewhere}dreamos init --store '${store}' && dreamos read reviewer --json`);
    expect(joined, joined.err).toMatchObject({ code: 0 });
    const { receipt } = JSON.parse(joined.out.trim().split('\n').at(-1) ?? '') as { receipt: string };
    for (const env of [{}, { DREAMOS_ROOT: store }]) {
      const [held] = (await rig.dreamos('list reviewer --state inflight --json', { env, cwd: '/' })).json;
      if ('DREAMOS_ROOT' in env) expect(held).toMatchObject({ id });
    }
    expect(await rig.dreamos(['ack', receipt, '--root', store], { cwd: '/' })).toMatchObject({ code: 0 });
    expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ ready: 0, archived: 1 }]);
    expect(tree(rig.root).map((line) => line.split(' ')[0])).toEqual(['/', '/.gitignore', '/format.json']);
    await rig.shell('rm -r ../$(basename "$PWD").b');
  });

  test('a send there loads of the build and of Node what files do, the connection, and no more', async ({
    bare: rig,
  }) => {
    await init(rig, server);
    const tell = `
      const fs = require('fs'), read = fs.readFileSync, files = [];
      fs.readFileSync = (path, ...more) => (files.push(String(path)), read(path, ...more));
      process.on('exit', () => fs.writeFileSync('loaded', [...files, ...process.moduleLoadList].join('\\n')));`;
    writeFileSync(join(rig.dir, 'tell.cjs'), tell);
    const sent = await rig.shell('NODE_OPTIONS="--require $PWD/tell.cjs" dreamos send reviewer hello --as planner');
    expect(sent, sent.err).toMatchObject({ code: 0 });
    const loaded = readFileSync(join(rig.dir, 'loaded'), 'utf8').split('\n');
    const ofBuild = loaded.flatMap((path) => /dist\/(\w+)\.cjs$/.exec(path)?.[1] ?? []);
    expect(ofBuild).toEqual(['dreamos', 'redis']);
    const ofNode = ['net', 'assert', 'zlib', 'tls', 'dns', 'child_process', 'perf_hooks'];
    expect(ofNode.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual(['net']);
  });

  test('does the whole round: topics, requests, workers, tasks, schedules, settings, policies', async ({
    bare: rig,
  }) => {
    await init(rig, server);
    const script = `
      set -e
      dreamos subscribe news --as reviewer
      dreamos publish news hello --as planner
      dreamos work reviewer --count 1 --reply -- sh -c 'test -n "$DREAMOS_ROOT"; dreamos status planner >/dev/null; cat >/dev/null; echo done'
      dreamos request reviewer question --as planner --wait 20s &
      dreamos work reviewer --count 1 --reply -- sh -c 'cat >/dev/null; echo answer'
      wait
      dreamos config set lease 5m
      test "$(dreamos config get lease --json | jq -r .value)" = 5m
      dreamos task create --title first --as planner
      dreamos task list
      dreamos schedule add daily '0 9 * * *' reviewer morning --as planner
      dreamos send reviewer later --delay 1h --as planner
      dreamos send reviewer bad --as planner
      receipt=$(dreamos read reviewer --json | jq -r .receipt)
      dreamos nack "$receipt" --dead --reason no
      dreamos dlq list reviewer
      dreamos maintain
      dreamos doctor
    `;
    const ended = await rig.shell(script);
    expect(ended.code, `${ended.out}${ended.err}`).toBe(0);
    expect(ended.out).toMatch(/answer/);
  });

  test('tells a password to nobody, and is refused without it', async ({ bare: rig }) => {
    const secret = 'hunter2-of-the-engine';
    const locked = await startServer();
    try {
      const file = join(rig.dir, 'password');
      writeFileSync(file, `${secret}\n`, { mode: 0o600 });
      const env = { DREAMOS_STORE_PASSWORD_FILE: file };
      const set = await rig.shell(`redis-cli -s ${locked.socket} CONFIG SET requirepass ${secret}`);
      expect(set).toMatchObject({ out: 'OK\n' });
      const refused = await rig.dreamos(['init', '--store', locked.address, '--json']);
      expect(refused.code).toBeGreaterThan(7);
      expect(errorOf(refused).hint).toContain('dreamos help engines');
      const made = await rig.dreamos(['init', '--store', locked.address, 'planner', 'reviewer'], { env });
      expect(made, made.err).toMatchObject({ code: 0 });
      const sent = await rig.dreamos('send reviewer hi --as planner', { env });
      const wrong = await rig.dreamos('status', { env: { DREAMOS_STORE_PASSWORD: `${secret}x` } });
      expect(wrong.code).toBeGreaterThan(7);
      const reading = rig.start('watch --since start --wait 300ms --json', { env });
      expect(readFileSync(`/proc/${reading.child.pid}/cmdline`, 'utf8')).not.toContain(secret);
      const seen = await reading.ended;
      const shown = await rig.shell(
        'dreamos audit list; dreamos config get; dreamos doctor; cat runtime/agent_comms/format.json',
        {
          env,
        },
      );
      const inAddress = await rig.dreamos(['status', '--root', `redis://:${secret}@host/0#01A`, '--json']);
      expectRefusal(inAddress, {
        exit: 2,
        code: 'USAGE',
        names: /holds a user or a password/,
        next: /DREAMOS_STORE_PASSWORD_FILE/,
      });
      const debug = await rig.dreamos('status', { env: { DREAMOS_DEBUG: '1', DREAMOS_STORE_PASSWORD: `${secret}x` } });
      const all = [refused, made, sent, wrong, seen, shown, inAddress, debug].flatMap(({ out, err }) => [out, err]);
      expect(all.join('\n')).not.toContain(secret);
    } finally {
      await locked.close();
    }
  });

  test('needs no more than what help engines lets it have', async ({ bare: rig }) => {
    const own = await startServer();
    try {
      const help = (await rig.dreamos('help engines')).out;
      const [, line = ''] = /(ACL SETUSER [\s\S]*?[^\\])\n/.exec(help) ?? [];
      const acl = line.replace(/\\\n\s*/g, '').replace('password', 'secret');
      expect(await rig.shell(`redis-cli -s ${own.socket} ${acl}`)).toMatchObject({ out: 'OK\n' });
      const env = { DREAMOS_STORE_USER: 'dreamos', DREAMOS_STORE_PASSWORD: 'secret' };
      const made = await rig.dreamos(['init', '--store', own.address, 'planner', 'reviewer'], { env });
      expect(made, made.err).toMatchObject({ code: 0 });
      const round = await rig.shell(
        `set -e
        dreamos read reviewer --wait 20s --ack & sleep 1
        dreamos send reviewer hi --as planner; wait
        dreamos config set lease 5m; dreamos doctor; dreamos maintain; dreamos status; dreamos stats`,
        { env },
      );
      expect(round.code, round.err).toBe(0);
      const others = await rig.shell(`redis-cli -s ${own.socket} --user dreamos --pass secret --no-auth-warning GET x`);
      expect(others.out).toContain('NOPERM');
    } finally {
      await own.close();
    }
  });

  test('of a server that does not sync what it confirms is refused, unless that is said', async ({ bare: rig }) => {
    const lax = await startServer(['--appendonly', 'no']);
    try {
      const refused = await rig.dreamos(['init', '--store', lax.address, '--json']);
      expectRefusal(refused, { exit: 6, code: 'CONFIG_INVALID', names: /appendonly|appendfsync/, next: /relaxed/ });
      expect(tree(rig.dir).filter((line) => line.startsWith('/runtime'))).toEqual([]);
      expect(await rig.dreamos(['init', '--store', lax.address, '--durability', 'relaxed'])).toMatchObject({ code: 0 });
      expect(readFileSync(join(rig.root, 'format.json'), 'utf8')).toContain('"durability":"relaxed"');
    } finally {
      await lax.close();
    }
  });

  test('that is away ends a command after two seconds, and is waited for by who waits', async ({ bare: rig }) => {
    const own = await startServer();
    try {
      await init(rig, own);
      const reading = rig.start('read reviewer --wait 60s --json');
      const watching = rig.start('watch reviewer --wait 60s --count 1 --json');
      const working = rig.start('work planner --count 1 --wait 60s -- cat');
      for (const one of [reading, watching, working]) await idle(one);
      await own.kill('SIGKILL');
      const beganAt = performance.now();
      const refused = await rig.dreamos('status --json');
      expectRefusal(refused, { exit: 8, code: 'ENGINE_UNREACHABLE', names: own.socket, next: /dreamos/ });
      const tookMs = performance.now() - beganAt;
      expect(tookMs).toBeGreaterThan(1500);
      expect(tookMs).toBeLessThan(15_000);
      const quickly = await rig.dreamos('send reviewer x --as planner --json', {
        env: { DREAMOS_ENGINE_TIMEOUT: '100ms' },
      });
      expect(errorOf(quickly).code).toBe('ENGINE_UNREACHABLE');
      await until('each says so', () => [reading, watching, working].every((one) => one.err() !== ''));
      await own.start();
      const id = await rig.sent('send reviewer hello --as planner');
      await rig.sent('send planner job --as reviewer');
      const [read, watched, worked] = await Promise.all([reading.ended, watching.ended, working.ended]);
      expect(read.json).toMatchObject([{ message: { id } }]);
      expect(watched.json).toMatchObject([{ event: 'delivered', id }]);
      expect(worked, worked.err).toMatchObject({ code: 0 });
      for (const { err } of [read, watched]) expect(err).toMatch(/^[^\n]* does not answer[^\n]*\n$/);
    } finally {
      await own.close();
    }
  });

  test('that was emptied is never taken for an empty one', async ({ bare: rig }) => {
    const own = await startServer();
    try {
      await init(rig, own);
      const watching = rig.start('watch --wait 30s --json');
      const reading = rig.start('read reviewer --wait 30s --json');
      for (const one of [watching, reading]) await idle(one);
      expect(await rig.shell(`redis-cli -s ${own.socket} FLUSHALL`)).toMatchObject({ out: 'OK\n' });
      for (const words of [
        'status',
        'read reviewer',
        'list reviewer',
        'send reviewer x --as planner',
        'agent list',
        'doctor',
      ])
        expectRefusal(await rig.dreamos(`${words} --json`), {
          exit: 8,
          code: 'ENGINE_LOST',
          names: /is not in it/,
          next: /dreamos help engines/,
        });
      for (const one of [watching, reading]) expect(errorOf(await one.ended).code).toBe('ENGINE_LOST');
    } finally {
      await own.close();
    }
  });

  test('on one of several servers is found on the one that takes writes, also after a failover', async ({
    bare: rig,
  }) => {
    const [one, two] = [await freePort(), await freePort()];
    const first = await startServer([...durable, ...onPort(one)]);
    const second = await startServer([...durable, ...onPort(two), '--replicaof', `127.0.0.1 ${one}`]);
    try {
      // The replica comes first, and is passed over.
      const address = `redis://127.0.0.1:${two},127.0.0.1:${one}/0`;
      const words = ['init', '--store', address, '--replicas', '1', 'planner', 'reviewer'];
      await until('there is a replica', async () =>
        (await rig.shell(`redis-cli -p ${two} INFO replication`)).out.includes('master_link_status:up'),
      );
      const made = await rig.dreamos(words);
      expect(made.code, made.err).toBe(0);
      const before = await rig.sent('send reviewer before --as planner');
      const reading = rig.start('watch reviewer --wait 60s --count 1 --json');
      await idle(reading);
      await first.kill('SIGKILL');
      expect(await rig.shell(`redis-cli -p ${two} REPLICAOF NO ONE`)).toMatchObject({ out: 'OK\n' });
      const uncertain = await rig.dreamos('send reviewer alone --as planner --json');
      expect(errorOf(uncertain).code).toBe('SEND_UNCERTAIN');
      expect((await reading.ended).json).toMatchObject([{ event: 'delivered' }]);
      const there = (await rig.dreamos('list reviewer --json')).json.map(({ id }) => id);
      expect(there).toContain(before);
      expect(there).toHaveLength(2);
    } finally {
      await first.close();
      await second.close();
    }
  });

  test('by TLS asks for a certificate that is trusted', async ({ bare: rig }) => {
    const port = await freePort();
    const certificate = await rig.shell(
      `openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1`,
    );
    expect(certificate.code, certificate.err).toBe(0);
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(rig.dir, name));
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key];
    const own = await startServer([...durable, ...tls.map(String), '--tls-auth-clients', 'no', '--bind', '127.0.0.1']);
    try {
      for (const host of ['localhost', '127.0.0.1']) {
        const words = ['init', '--store', `rediss://${host}:${port}/0`, '--root', join(rig.dir, host), 'planner'];
        const stranger = await rig.dreamos([...words, '--json']);
        expect(errorOf(stranger)).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
        expect(errorOf(stranger).message).toMatch(/certificate/);
        const env = { NODE_EXTRA_CA_CERTS: join(rig.dir, 'cert.pem') };
        const made = await rig.dreamos(words, { env });
        expect(made.code, made.err).toBe(0);
        expect(made.err).not.toMatch(/warning/i);
        expect(await rig.dreamos(['status', '--root', join(rig.dir, host)], { env })).toMatchObject({
          code: 0,
          err: '',
        });
      }
    } finally {
      await own.close();
    }
  });

  test('is served, and worked on through the server, also without a folder', async ({ bare: rig }) => {
    const store = await init(rig, server);
    const socket = join(rig.dir, 's.sock');
    const serving = rig.start(['serve', '--socket', socket, '--root', store, '--json'], { cwd: '/' });
    await until('it serves', () => serving.lines().length > 0);
    const env = { DREAMOS_SERVER: `unix:${socket}` };
    const id = await rig.sent('send reviewer hello --as planner', { env, cwd: '/' });
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ message: { id } }]);
    const usual = rig.start(['serve', '--root', store, '--json'], { cwd: '/', env: { XDG_RUNTIME_DIR: rig.dir } });
    expect((await usual.ended).err).toMatch(/SERVER_RUNNING/);
    await serving.kill('SIGTERM');
    const alone = rig.start(['serve', '--root', store, '--json'], { cwd: '/', env: { XDG_RUNTIME_DIR: rig.dir } });
    await until('it serves', () => alone.lines().length > 0);
    expect(JSON.parse(alone.lines()[0] ?? '')).toMatchObject({ root: store });
    await alone.kill('SIGTERM');
  });

  test('says of what is not there what to do instead', async ({ bare: rig }) => {
    await init(rig, server);
    expectRefusal(await rig.dreamos('backup x.tar.gz --json'), {
      exit: 2,
      code: 'USAGE',
      names: /in an engine/,
      next: /dreamos help engines/,
    });
    const other = rig.shell(
      'mkdir -p ../$(basename "$PWD").f && cd ../$(basename "$PWD").f && dreamos init planner -q && dreamos backup ../x.tar.gz',
    );
    expect(await other).toMatchObject({ code: 0 });
    expectRefusal(await rig.dreamos('restore ../x.tar.gz --json'), {
      exit: 5,
      code: 'ALREADY_EXISTS',
      names: /keeps its mail in redis/,
      next: /--root/,
    });
    expect(readFileSync(join(rig.root, 'format.json'), 'utf8')).toContain('"engine":"redis"');
    expect(await rig.dreamos('doctor --fix')).toMatchObject({ code: 0 });
    await rig.shell('rm -r ../$(basename "$PWD").f ../x.tar.gz');
  });
});

const onPort = (port: number): string[] => ['--port', String(port), '--bind', '127.0.0.1'];
