/** Bridges through a real NATS server with JetStream. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { credsAuthenticator, headers } from '@nats-io/transport-node';
import { brokersIn } from '../../src/carriers/brokers.ts';
import { natsCarrier, type NatsOptions } from '../../src/carriers/nats/nats.ts';
import { loadNats } from '../../src/carriers/nats/package.ts';
import type { Answer, Connection, Parcel } from '../../src/carriers/port.ts';
import { createIds } from '../../src/model/id.ts';
import { freePort } from '../free-port.ts';
import { demand, missing, said, skips } from '../lack.ts';
import { bytesIn, idsIn, twoRoots } from './bridging.ts';
import { natsServer, type NatsServer, natsWay, withCreds } from './nats.ts';
import { type Ended, test } from './rig.ts';

const lack = await missing('nats-server', 'openssl');

describe.skipIf(skips(lack))(said('NATS', lack), { timeout: 120_000 }, () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-nats-')));
  let nats: NatsServer;
  beforeAll(async () => {
    demand(lack);
    nats = await natsServer(dir);
    await nats.begin();
  }, 60_000);
  afterAll(async () => {
    await nats?.kill();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const carrierOf = async (stream: string, more: Partial<NatsOptions> = {}, hosts = `127.0.0.1:${nats.port}`) =>
    natsCarrier(await loadNats(), {
      ...{ urls: brokersIn(`nats://${hosts}/${stream}`) ?? [], stream, peer: 'd', own: 'c', warn: () => undefined },
      ...{ login: { user: 'mail', password: nats.password } },
      ...more,
    });
  const going = new AbortController().signal;
  const ids = createIds();
  const parcel = (bytes = '{}'): Parcel => ({
    ...{ id: ids.next(Date.now()), to: 'bob', hops: 1, bytes: Buffer.from(bytes) },
  });

  test('mail waits in the broker while the other root is off, and its answer comes back', async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const way = natsWay(rig, roots, nats);
    const id = await rig.sent(['send', 'bob', 'ready? ä', '--as', 'ann'], { cwd: roots.a });
    const before = bytesIn(roots.a, 'bob', 'ready');
    const sent = await way.once('a');
    expect(sent).toMatchObject({ code: 0 });
    expect(sent.err).not.toContain(nats.password);
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
    const { config, state } = await nats.look((jsm) => jsm.streams.info(way.stream));
    expect(config).toMatchObject({ storage: 'file', retention: 'workqueue', discard: 'new' });
    expect(state.messages).toBe(0);
  });

  test('what is refused comes back as a dead letter, and brought again at once it goes there again', async ({
    bare: rig,
  }) => {
    const roots = await twoRoots(rig);
    const way = natsWay(rig, roots, nats);
    await rig.dreamos('agent register carl --at b', { cwd: roots.a });
    const id = await rig.sent('send carl hello --as ann', { cwd: roots.a });
    await way.once('a');
    await way.once('b');
    expect((await rig.dreamos('dlq list carl --json', { cwd: roots.a })).json).toEqual([]);
    const back = await way.once('a');
    expect(back.json.filter(({ event }) => event === 'refused')).toMatchObject([{ id, code: 'AGENT_NOT_FOUND' }]);
    expect((await rig.dreamos('dlq list carl --json', { cwd: roots.a })).json).toMatchObject([
      { id, reason: expect.stringContaining('b refused it: AGENT_NOT_FOUND') },
    ]);
    expect(await rig.dreamos('agent register carl', { cwd: roots.b })).toMatchObject({ code: 0 });
    expect(await rig.dreamos(['dlq', 'retry', 'carl', id], { cwd: roots.a })).toMatchObject({ code: 0 });
    await way.once('a');
    await way.once('b');
    expect(await idsIn(rig, roots.b, 'carl', 'ready')).toEqual([id]);
  });

  test('what is no mail is put aside, and a refusal that somebody made up makes no dead letter', async ({
    bare: rig,
  }) => {
    const roots = await twoRoots(rig);
    const way = natsWay(rig, roots, nats);
    const there = await rig.sent('send bob hello --as ann', { cwd: roots.a });
    const here = await rig.sent('send ann stays --as ann', { cwd: roots.a });
    await way.once('a');
    await nats.look(async (jsm, nc) => {
      const js = jsm.jetstream();
      const { seq } = await js.publish(`${way.stream}.mail.b`, 'GET / HTTP/1.1');
      await js.publish(`${way.stream}.mail.b`, 'once', { msgID: 'x', expect: { lastSequence: seq } });
      // As large as can be.
      await nc.request(`${way.stream}.mail.b`, Buffer.alloc(nc.info?.max_payload ?? 0));
      const stranger = headers();
      for (const [name, value] of Object.entries({ Type: 'parcel', Id: there, To: 'nobody', Hops: '1' }))
        stranger.set(`Dreamos-${name}`, value);
      await js.publish(`${way.stream}.mail.b`, 'from nowhere', { headers: stranger });
      const made = headers();
      made.set('Dreamos-Type', 'refusal');
      for (const [subject, id, to] of [
        ['mail.a', there, 'bob'],
        ['refused.a.b', here, 'ann'],
        ['refused.a.b', there, '../x'],
      ] as const)
        await js.publish(`${way.stream}.${subject}`, JSON.stringify({ v: 1, id, to, code: 'X', reason: 'made up' }), {
          headers: made,
        });
    });
    const taken = await way.once('b');
    expect(taken.err).toContain(`it is in the stream ${way.stream} as ${way.stream}.unreadable.b now`);
    expect(taken.err).toContain(`${there} was refused (`);
    expect(await idsIn(rig, roots.b, 'bob', 'ready')).toEqual([there]);
    const kept = await nats.look((jsm) =>
      jsm.streams.getMessage(way.stream, { last_by_subj: `${way.stream}.unreadable.b` }),
    );
    expect(kept?.string()).toBe('from nowhere');
    const told = await way.once('a');
    expect(told).toMatchObject({ code: 0 });
    expect(told.err).toContain(`${here} was refused (X), and ann has nothing here that went there`);
    expect(await idsIn(rig, roots.a, 'ann', 'ready')).toEqual([here]);
    expect(await idsIn(rig, roots.a, 'bob', 'archived')).toEqual([there]);
    const left = await nats.look((jsm) => jsm.streams.info(way.stream, { subjects_filter: '>' }));
    expect(left.state.subjects).toEqual({
      [`${way.stream}.unreadable.a`]: 3,
      [`${way.stream}.unreadable.b`]: 4,
    });
  });

  test('a wrong password is said, and no password is ever in an address or in what is printed', async ({
    bare: rig,
  }) => {
    const { a } = await twoRoots(rig);
    const env = { DREAMOS_NATS_PASSWORD: 'not-this-one' };
    const refused = await rig.dreamos(['bridge', 'b', '--via', nats.url, '--name', 'a', '--once'], { cwd: a, env });
    expect(refused).toMatchObject({ code: 8, out: '' });
    expect(refused.err).toMatch(/authorization violation/i);
    expect(refused.err).not.toContain('not-this-one');
    const typed = await rig.dreamos(['bridge', 'b', '--via', nats.url.replace('mail@', 'mail:secret@'), '--once'], {
      cwd: a,
    });
    expect(typed).toMatchObject({ code: 2, out: '' });
    expect(typed.err).toContain('DREAMOS_NATS_PASSWORD_FILE');
    expect(typed.err).not.toContain('secret');
  });

  test('what is larger than the broker takes is refused, and a full stream takes no more until there is room', async () => {
    const name = 'full';
    await nats.look((jsm) =>
      jsm.streams.add({
        ...{ name, subjects: [`${name}.>`], storage: 'file', retention: 'workqueue', discard: 'new' },
        ...{ max_msgs: 2, max_msg_size: 100_000 },
      }),
    );
    const connection = await (await carrierOf(name)).connect(going);
    expect(await connection.publish(parcel('x'.repeat(1024 * 1024)))).toMatchObject({
      is: 'refused',
      code: 'MESSAGE_TOO_LARGE',
      reason: expect.stringContaining('max_payload'),
    });
    expect(await connection.publish(parcel('x'.repeat(200_000)))).toMatchObject({
      is: 'refused',
      code: 'MESSAGE_TOO_LARGE',
    });
    const answers = await Promise.all([parcel(), parcel(), parcel()].map((one) => connection.publish(one)));
    expect(answers.map(({ is }) => is)).toEqual(['stored', 'stored', 'later']);
    expect(answers[2]).toMatchObject({ code: 'QUEUE_FULL', reason: expect.stringContaining(`${name}.mail.d`) });
    const far = await (await carrierOf(name, { peer: 'c', own: 'd' })).connect(going);
    const { took } = await taking(far);
    await far.drained?.();
    expect(took).toHaveLength(2);
    expect(await connection.publish(parcel())).toEqual({ is: 'stored' });
    await Promise.all([connection.close(), far.close()]);
  });

  /** What is brought, in its order. */
  async function taking(connection: Connection, answer: Answer = { is: 'stored' }): Promise<{ took: Parcel[] }> {
    const took: Parcel[] = [];
    await connection.consume?.({
      parcels: async (some) => {
        took.push(...some);
        return some.map(() => answer);
      },
      returned: async () => false,
    });
    return { took };
  }

  test('a stream that would lose mail is not used, and one that is taken away is made anew', async () => {
    const add = (name: string, more: object) =>
      nats.look((jsm) =>
        jsm.streams.add({
          ...{ name, subjects: [`${name}.>`], storage: 'file', retention: 'workqueue', discard: 'new', ...more },
        }),
      );
    const faults: [config: object, why: string][] = [
      [{ storage: 'memory' }, 'storage is memory, not file'],
      [{ retention: 'limits' }, 'retention is limits, not workqueue'],
      [{ discard: 'old' }, 'discard is old, not new'],
      [{ max_age: 60_000_000_000, duplicate_window: 1_000_000_000 }, 'max_age drops what is older'],
      [{ max_msgs_per_subject: 5 }, 'max_msgs_per_subject drops what is older'],
      [{ no_ack: true }, 'no_ack confirms nothing'],
      [{ subjects: ['elsewhere.>'] }, 'its subjects are not'],
    ];
    for (const [i, [config, why]] of faults.entries()) {
      const name = `fault${i}`;
      await add(name, config);
      await expect((await carrierOf(name)).connect(going)).rejects.toThrow(why);
    }
    const carrier = await carrierOf('gone');
    const [publishing, taker] = [await carrier.connect(going), await carrier.connect(going)];
    await taking(taker);
    await nats.look((jsm) => jsm.streams.delete('gone'));
    expect(await taker.ended).toMatch(/gone\.(mail|refused)\.c.*: consumer deleted|no responders/);
    await expect(publishing.publish(parcel())).rejects.toThrow('nothing takes gone.mail.d');
    const again = await carrier.connect(going);
    expect(await again.publish(parcel())).toEqual({ is: 'stored' });
    await again.close();
  });

  test('of several brokers one that is there is found, and one that stands still is left', async () => {
    const carrier = await carrierOf(
      'several',
      { answerMs: 2000 },
      `127.0.0.1:${await freePort()},127.0.0.1:${nats.port}`,
    );
    const connection = await carrier.connect(going);
    expect(await connection.publish(parcel())).toEqual({ is: 'stored' });
    await nats.stop();
    try {
      await expect(connection.publish(parcel())).rejects.toThrow('nothing was answered for 2 s');
      await expect((await carrierOf('several', { connectMs: 500 })).connect(going)).rejects.toThrow(/timeout/i);
    } finally {
      nats.goOn();
    }
    await connection.close();
    const again = await carrier.connect(going);
    expect(await again.publish(parcel())).toEqual({ is: 'stored' });
    await again.close();
  });

  test('what a killed bridge had comes before what is new', async () => {
    const options = { peer: 'c', own: 'd', ackWaitMs: 1500 };
    const near = await (await carrierOf('order')).connect(going);
    const sent = [parcel(), parcel()];
    for (const one of sent) await near.publish(one);
    const killed = await (await carrierOf('order', options)).connect(going);
    let hasCome = (): void => undefined;
    const came = new Promise<void>((resolve) => (hasCome = resolve));
    await killed.consume?.({
      // Never over.
      parcels: () => {
        hasCome();
        return new Promise(() => undefined);
      },
      returned: async () => false,
    });
    await came;
    void killed.close();
    await killed.ended;
    sent.push(parcel());
    await near.publish(sent[2] as Parcel);
    const far = await (await carrierOf('order', options)).connect(going);
    const { took } = await taking(far);
    await far.drained?.();
    expect([...new Set(took.map(({ id }) => id))]).toEqual(sent.map(({ id }) => id));
    await Promise.all([near.close(), far.close()]);
  });

  test('what is stored slowly is not brought again meanwhile', async () => {
    const near = await (await carrierOf('slow')).connect(going);
    for (const one of [parcel(), parcel()]) await near.publish(one);
    const far = await (await carrierOf('slow', { peer: 'c', own: 'd', ackWaitMs: 3000 })).connect(going);
    let count = 0;
    await far.consume?.({
      parcels: async (some) => {
        const isFirst = count === 0;
        count += some.length;
        if (isFirst) await new Promise((resolve) => setTimeout(resolve, 4000));
        return some.map(() => ({ is: 'stored' }));
      },
      returned: async () => false,
    });
    await far.drained?.();
    expect(count).toBe(2);
    await Promise.all([near.close(), far.close()]);
  });

  test('by TLS and a token, and by a file of credentials', async ({ bare: rig }) => {
    const { a } = await twoRoots(rig);
    const [key, cert] = [join(rig.dir, 'key.pem'), join(rig.dir, 'cert.pem')];
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
    ]);
    expect(made.status).toBe(0);
    const { lines, creds } = withCreds();
    writeFileSync(join(rig.dir, 'creds'), creds);
    const over = await natsServer(join(rig.dir, 'tls'), {
      lines: [
        `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`,
        'authorization { token: t0ken }',
      ],
      login: { token: 't0ken', tls: { ca: readFileSync(cert, 'utf8') } },
    });
    const by = await natsServer(join(rig.dir, 'creds-server'), {
      lines,
      login: { authenticator: credsAuthenticator(Buffer.from(creds)) },
    });
    try {
      await Promise.all([over.begin(), by.begin()]);
      const once = (via: string, env: Record<string, string>): Promise<Ended> =>
        rig.dreamos(['bridge', 'b', '--via', via, '--name', 'a', '--once'], { cwd: a, env });
      const known = { NODE_EXTRA_CA_CERTS: cert, DREAMOS_NATS_PASSWORD: 't0ken' };
      expect(await once(`tls://localhost:${over.port}`, known)).toMatchObject({ code: 0 });
      const elsewhere = await once(`tls://127.0.0.1:${over.port}`, known);
      expect(elsewhere).toMatchObject({ code: 8 });
      expect(elsewhere.err).toContain('127.0.0.1');
      expect(elsewhere.err).toMatch(/altnames/);
      const unknown = await once(`nats://localhost:${over.port}`, { DREAMOS_NATS_PASSWORD: 't0ken' });
      expect(unknown).toMatchObject({ code: 8 });
      expect(unknown.err).toContain('certificate');
      const plain = brokersIn(`tls://127.0.0.1:${nats.port}`) ?? [];
      await expect((await carrierOf('plain', { urls: plain })).connect(going)).rejects.toThrow(
        `does not support 'tls'`,
      );
      const file = { DREAMOS_NATS_CREDS_FILE: join(rig.dir, 'creds') };
      expect(await once(`nats://127.0.0.1:${by.port}`, file)).toMatchObject({ code: 0 });
      expect(await once(`nats://127.0.0.1:${by.port}`, {})).toMatchObject({ code: 8 });
    } finally {
      await Promise.all([over.kill(), by.kill()]);
    }
  });
});
