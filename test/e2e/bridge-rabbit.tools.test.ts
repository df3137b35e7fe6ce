/** Bridges through a real RabbitMQ. */
import { access } from 'node:fs/promises';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect } from 'amqplib';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { amqpCarrier } from '../../src/carriers/amqp/amqp.ts';
import { brokersIn } from '../../src/carriers/brokers.ts';
import { createIds } from '../../src/model/id.ts';
import { freePort } from '../free-port.ts';
import { demand, missing, noTool, said, skips } from '../lack.ts';
import { bytesIn, idsIn, twoRoots } from './bridging.ts';
import { type Rabbit, startRabbit } from './rabbit.ts';
import { type Ended, type Rig, type Running, test } from './rig.ts';

const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const lack =
  (await missing('epmd')) ??
  (await access(server).then(
    () => undefined,
    () => noTool('rabbitmq-server is not installed'),
  ));

describe.skipIf(skips(lack))(said('RabbitMQ', lack), { timeout: 300_000 }, () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-rabbit-')));
  let rabbit: Rabbit;
  beforeAll(async () => {
    demand(lack);
    rabbit = await startRabbit(dir);
  }, 120_000);
  afterAll(async () => {
    await rabbit?.end();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  let names = 0;
  /** Of queues that no other test has. */
  const wayOf = (rig: Rig, roots: { a: string; b: string }) => {
    const own = { a: `a${++names}`, b: `b${names}` };
    writeFileSync(join(rig.dir, 'password'), `${rabbit.password}\n`);
    const env = { DREAMOS_AMQP_PASSWORD_FILE: join(rig.dir, 'password') };
    const words = (from: 'a' | 'b', more: readonly string[]) => {
      const peer = from === 'a' ? own.b : own.a;
      return ['bridge', peer, '--via', rabbit.url, '--name', own[from], '--json', ...more];
    };
    return {
      own,
      ready: async () => {
        for (const [at, agent, peer] of [
          [roots.a, 'bob', own.b],
          [roots.b, 'ann', own.a],
        ] as const)
          expect(await rig.dreamos(['agent', 'register', agent, '--at', peer], { cwd: at })).toMatchObject({ code: 0 });
      },
      start: (from: 'a' | 'b'): Running => rig.start(words(from, []), { cwd: roots[from], env }),
      once: (from: 'a' | 'b'): Promise<Ended> => rig.dreamos(words(from, ['--once']), { cwd: roots[from], env }),
    };
  };

  test('mail waits in the broker while the other root is off, and its answer comes back', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = wayOf(rig, roots);
    await way.ready();
    const id = await rig.sent(['send', 'bob', 'ready? ä', '--as', 'ann', '--dedupe-key', 'k'], { cwd: roots.a });
    const before = bytesIn(roots.a, 'bob', 'ready');
    expect(await way.once('a')).toMatchObject({ code: 0, err: '' });
    expect(await idsIn(rig, roots.a, 'bob', 'archived')).toEqual([id]);
    expect(await idsIn(rig, roots.b, 'bob', 'ready')).toEqual([]);
    const there = await way.once('b');
    expect(there.json.filter(({ event }) => event === 'received')).toMatchObject([{ id, mailbox: 'bob' }]);
    expect(bytesIn(roots.b, 'bob', 'ready')).toBe(before);
    await rig.dreamos('read --as bob', { cwd: roots.b });
    const answer = await rig.sent(['reply', id, 'yes', '--ack', '--as', 'bob'], { cwd: roots.b });
    await way.once('b');
    await way.once('a');
    expect((await rig.dreamos('read --as ann --json', { cwd: roots.a })).json).toMatchObject([
      { message: { id: answer } },
    ]);
  });

  test('what the other root refuses comes back as a dead letter with the reason', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = wayOf(rig, roots);
    await way.ready();
    await rig.dreamos('agent retire bob', { cwd: roots.b });
    const id = await rig.sent('send bob hello --as ann', { cwd: roots.a });
    await way.once('a');
    await way.once('b');
    expect((await rig.dreamos('dlq list bob --json', { cwd: roots.a })).json).toEqual([]);
    const back = await way.once('a');
    expect(back.json.filter(({ event }) => event === 'refused')).toMatchObject([{ id, code: 'AGENT_RETIRED' }]);
    expect((await rig.dreamos('dlq list bob --json', { cwd: roots.a })).json).toMatchObject([
      { id, reason: `${way.own.b} refused it: AGENT_RETIRED: bob has retired and takes no new mail.` },
    ]);
  });

  test('what is in its queue and is no mail is put aside, and stops nothing', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = wayOf(rig, roots);
    await way.ready();
    await way.once('b');
    const { hostname, port } = new URL(rabbit.url);
    const model = await connect({ hostname, port: Number(port), username: 'mail', password: rabbit.password });
    const channel = await model.createConfirmChannel();
    channel.sendToQueue(`dreamos.${way.own.b}`, Buffer.from('GET / HTTP/1.1'));
    const id = await rig.sent('send bob hello --as ann', { cwd: roots.a });
    channel.sendToQueue(`dreamos.${way.own.b}`, Buffer.from('from nowhere'), {
      ...{ type: 'dreamos.parcel', messageId: id, headers: { to: 'nobody', hops: 1 } },
    });
    await channel.waitForConfirms();
    await way.once('a');
    const taken = await way.once('b');
    expect(taken.err).toContain(`it is in the queue dreamos.${way.own.b}.unreadable now`);
    expect(await idsIn(rig, roots.b, 'bob', 'ready')).toEqual([id]);
    const aside = await channel.get(`dreamos.${way.own.b}.unreadable`, { noAck: true });
    expect(aside && aside.content.toString()).toBe('GET / HTTP/1.1');
    const refused = await channel.get(`dreamos.${way.own.b}.unreadable`, { noAck: true });
    expect(refused && refused.content.toString()).toBe('from nowhere');
    expect(taken.err).toContain(`${id} was refused (`);
    await model.close();
  });

  test('a refusal that somebody made up makes no dead letter, and stops nothing', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = wayOf(rig, roots);
    await way.ready();
    await way.once('a');
    const here = await rig.sent('send ann stays --as ann', { cwd: roots.a });
    const there = await rig.sent('send bob hello --as ann', { cwd: roots.a });
    const gone = here.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const { hostname, port } = new URL(rabbit.url);
    const model = await connect({ hostname, port: Number(port), username: 'mail', password: rabbit.password });
    const channel = await model.createConfirmChannel();
    const returns = `dreamos.${way.own.a}.refused-by.${way.own.b}`;
    const made: [queue: string, id: string, to: string][] = [
      [`dreamos.${way.own.a}`, here, 'ann'],
      [`dreamos.${way.own.a}`, there, 'bob'],
      [returns, here, 'ann'],
      [returns, there, '../x'],
      [returns, '../x', 'bob'],
      [returns, gone, 'bob'],
    ];
    for (const [queue, id, to] of made)
      channel.sendToQueue(queue, Buffer.from(JSON.stringify({ v: 1, id, to, code: 'X', reason: 'made up' })), {
        type: 'dreamos.refusal',
      });
    await channel.waitForConfirms();
    const taken = await way.once('a');
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.err).toContain(`${gone} was refused (X), and bob has nothing here that went there`);
    expect(await idsIn(rig, roots.a, 'ann', 'ready')).toEqual([here]);
    expect(await idsIn(rig, roots.a, 'bob', 'archived')).toEqual([there]);
    const aside = await channel.checkQueue(`dreamos.${way.own.a}.unreadable`);
    expect(aside.messageCount).toBe(made.length);
    await model.close();
  });

  test('a wrong password is said, and no password is ever in an address or in what is printed', async ({
    bare: rig,
  }) => {
    const { a } = await twoRoots(rig);
    const env = { DREAMOS_AMQP_PASSWORD: 'not-this-one' };
    const refused = await rig.dreamos(['bridge', 'b', '--via', rabbit.url, '--name', 'a', '--once'], { cwd: a, env });
    expect(refused).toMatchObject({ code: 8, out: '' });
    expect(refused.err).toContain('ACCESS_REFUSED');
    expect(refused.err).not.toContain('not-this-one');
    const typed = await rig.dreamos(['bridge', 'b', '--via', rabbit.url.replace('mail@', 'mail:secret@'), '--once'], {
      cwd: a,
    });
    expect(typed).toMatchObject({ code: 2, out: '' });
    expect(typed.err).not.toContain('secret');
  });

  test('of several brokers one that is there is found, and one that stands still is left', async () => {
    const { port } = new URL(rabbit.url);
    const nobody = await freePort();
    const carrierOf = (hosts: string, connectMs = 60_000) =>
      amqpCarrier({
        ...{ urls: brokersIn(`amqp://${hosts}`) ?? [], user: 'mail', password: rabbit.password, peer: 'd', own: 'c' },
        ...{ warn: () => undefined, connectMs, answerMs: 1000 },
      });
    const going = new AbortController().signal;
    const carrier = carrierOf(`127.0.0.1:${nobody},127.0.0.1:${port}`);
    const connection = await carrier.connect(going);
    const parcel = { id: createIds().next(Date.now()), to: 'bob', hops: 1, bytes: Buffer.from('{}') };
    expect(await connection.publish(parcel)).toEqual({ is: 'stored' });
    rabbit.signal('SIGSTOP');
    try {
      await expect(connection.publish(parcel)).rejects.toThrow('nothing was answered for 1 s');
      const impatient = carrierOf(`127.0.0.1:${port}`, 1000);
      await expect(impatient.connect(going)).rejects.toThrow('ETIMEDOUT');
    } finally {
      rabbit.signal('SIGCONT');
    }
    await connection.close();
    const again = await carrier.connect(going);
    expect(await again.publish(parcel)).toEqual({ is: 'stored' });
    await again.close();
  });

  test('2,000 messages are there once, while both bridges and the broker are killed', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = wayOf(rig, roots);
    await way.ready();
    let isOver = false;
    const running: { a?: Running; b?: Running } = {};
    const keep = async (from: 'a' | 'b'): Promise<void> => {
      while (!isOver) {
        running[from] = way.start(from);
        const ended = await running[from].ended;
        if (ended.signal !== 'SIGKILL') expect(ended).toMatchObject({ code: 0 });
      }
    };
    const failures: unknown[] = [];
    const keeping = (['a', 'b'] as const).map((from) => keep(from).catch((error: unknown) => failures.push(error)));
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) {
      const lines = Array.from({ length: 100 }, (_, n) => JSON.stringify({ to: 'bob', body: `m${i * 100 + n}` })).join(
        '\n',
      );
      const { json } = await rig.dreamos('send --batch --as ann --json', { cwd: roots.a, stdin: lines });
      sent.push(...json.map((one) => one.id));
      running[i % 2 === 0 ? 'a' : 'b']?.child.kill('SIGKILL');
      if (i === 10) {
        await rabbit.kill();
        await rabbit.begin();
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const there = (): Promise<string[]> => idsIn(rig, roots.b, 'bob', 'ready');
    while (
      failures.length === 0 &&
      ((await there()).length < sent.length || (await idsIn(rig, roots.a, 'bob', 'archived')).length < sent.length)
    )
      await new Promise((resolve) => setTimeout(resolve, 300));
    // What the broker still has comes again now.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    isOver = true;
    for (const one of [running.a, running.b]) one?.child.kill('SIGTERM');
    await Promise.all(keeping);
    expect(failures).toEqual([]);
    expect((await there()).toSorted()).toEqual(sent.toSorted());
    for (const state of ['ready', 'inflight', 'delayed', 'dead'])
      expect(await idsIn(rig, roots.a, 'bob', state)).toEqual([]);
  });
});
