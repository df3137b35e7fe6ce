import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import * as zmq from 'zeromq';
import { hello, parcelLine } from '../../src/carriers/frames.ts';
import { type Answer, CarrierDown, type Connection, type Parcel } from '../../src/carriers/port.ts';
import { cannotListen, checkAddress } from '../../src/carriers/zeromq/socket.ts';
import {
  curveKeys,
  expectPeers,
  keyBytes,
  keyOfPeer,
  type KeyPair,
  keyText,
  keysIn,
} from '../../src/carriers/zeromq/keys.ts';
import { listenForBridges, type ListenOptions } from '../../src/carriers/zeromq/listen.ts';
import { loadZeromq } from '../../src/carriers/zeromq/package.ts';
import type { DialOptions } from '../../src/carriers/zeromq/dial.ts';
import { zeromqCarrier } from '../../src/carriers/zeromq/zeromq.ts';
import { expectRefusal } from '../core/rig.ts';

const parcel: Parcel = {
  id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
  to: 'bob',
  hops: 2,
  bytes: Buffer.from('{"v":1,"body":"ä \\" ,\\"message\\":{}\\u0000"}'),
};
const never = new AbortController().signal;
const far = zmq.curveKeyPair();
const near = zmq.curveKeyPair();
const stored = async (parcels: readonly Parcel[]): Promise<Answer[]> => parcels.map(() => ({ is: 'stored' }));

/** Of one who shows no key (https://rfc.zeromq.org/spec/23): the greeting of version 3.0, and READY. */
const ready = Buffer.from('\x05READY\x0bSocket-Type\0\0\0\x06DEALER', 'latin1');
const plainGreeting = Buffer.concat([
  Buffer.from(`\xff${'\0'.repeat(8)}\x7f\x03\0NULL${'\0'.repeat(48)}`, 'latin1'),
  Buffer.from([4, ready.length]),
  ready,
]);
function frameOf(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  // A long one, with none behind it.
  head.writeUInt8(2);
  head.writeBigUInt64BE(BigInt(bytes.length), 1);
  return Buffer.concat([head, bytes]);
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function listen(more: Partial<ListenOptions> = {}) {
  const stop = new AbortController();
  const warnings: string[] = [];
  let tell: (address: string) => void = () => undefined;
  const up = new Promise<string>((resolve) => (tell = resolve));
  const ended = listenForBridges(zmq, {
    address: 'tcp://127.0.0.1:0',
    keys: { path: '/keys', ...far, peers: new Map([['host-a', near.publicKey]]) },
    take: stored,
    tell: { ask: async () => ({ is: 'later', code: 'X', reason: 'x' }), watch: async () => async () => undefined },
    signal: stop.signal,
    onUp: async (address) => tell(address),
    warn: (message) => warnings.push(message),
    ...more,
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  const address = (await Promise.race([up, ended])) ?? '';
  ends.push(end);
  const connect = async (how: Partial<DialOptions> = {}): Promise<Connection> => {
    const made = await zeromqCarrier(zmq, { address, keys: near, far: far.publicKey, ...how }).connect(never);
    ends.push(() => made.close());
    return made;
  };
  return { address, connect, end, stop, ended, warnings };
}

async function why(connecting: Promise<unknown>): Promise<string> {
  const error = await connecting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CarrierDown);
  return (error as CarrierDown).message;
}

/** Something that is no `dreamos receive`, at an address. */
async function strange(answer: (frame: string) => string | undefined): Promise<string> {
  const router = new zmq.Router({ curveServer: true, curveSecretKey: far.secretKey, linger: 0 });
  ends.push(() => router.close());
  await router.bind('tcp://127.0.0.1:*');
  const serve = async (): Promise<void> => {
    for await (const [from, frame] of router) {
      const said = answer(String(frame));
      if (said !== undefined) await router.send([from ?? '', said]);
    }
  };
  void serve();
  return router.lastEndpoint ?? '';
}

describe('a connection', () => {
  test('brings parcels byte for byte and in order, each with its own answer; what lies ready is stored together', async () => {
    const seen: Parcel[] = [];
    const sizes: number[] = [];
    const { connect } = await listen({
      take: async (parcels) => {
        seen.push(...parcels);
        sizes.push(parcels.length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return parcels.map(({ hops }) =>
          hops % 2 ? { is: 'stored' } : { is: 'refused', code: 'X', reason: `${hops}` },
        );
      },
    });
    const connection = await connect();
    const all = Array.from({ length: 1200 }, (_, i) => ({ ...parcel, hops: i + 1 }));
    const answers = await Promise.all(all.map((one) => connection.publish(one)));
    expect(answers).toEqual(
      all.map(({ hops }) => (hops % 2 ? { is: 'stored' } : { is: 'refused', code: 'X', reason: `${hops}` })),
    );
    expect(seen.map(({ hops }) => hops)).toEqual(all.map(({ hops }) => hops));
    expect(seen.every(({ bytes }) => Buffer.from(bytes).equals(parcel.bytes))).toBe(true);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });

  test('ends what is under way when the other end goes, and what is tried then', async () => {
    const one = await listen();
    const address = await strange((frame) => (frame.includes('bridge') ? hello : undefined));
    const silent = await one.connect({ address });
    const asked = silent.publish(parcel);
    await ends.splice(1, 1)[0]?.();
    expect(await why(asked)).toBe('the connection has broken');
    expect(await silent.ended).toBe('the connection has broken');
    expect(await why(silent.publish(parcel))).toBe('the connection has broken');
    expect(await why(one.connect({ address }))).toContain('nobody listens there');
  });

  test('told to end, it answers what is being stored, and takes no more', async () => {
    const taken: string[] = [];
    const one = await listen({
      take: async (parcels) => {
        one.stop.abort();
        taken.push(...parcels.map(({ id }) => id));
        return stored(parcels);
      },
    });
    const connection = await one.connect();
    expect(await connection.publish(parcel)).toEqual({ is: 'stored' });
    await one.ended;
    await why(connection.publish(parcel));
    expect(taken).toHaveLength(1);
  });

  test('to what says nothing, something else or another version is none; one that answers nonsense or no more is given up', async () => {
    const { connect } = await listen();
    expect(await why(connect({ address: await strange(() => undefined), helloMs: 100 }))).toContain(
      'who listens there has not said in 0.1 s',
    );
    expect(await why(connect({ address: await strange(() => 'what') }))).toContain('no `dreamos receive` listens');
    const newer = await strange(() => '{"dreamos":"receive","v":2}');
    expect(await why(connect({ address: newer }))).toContain('version 2');
    const odd = await connect({ address: await strange((frame) => (frame.includes('bridge') ? hello : 'what')) });
    expect(await why(odd.publish(parcel))).toBe('this is no answer: what');
    const address = await strange((frame) => (frame.includes('bridge') ? hello : undefined));
    const silent = await connect({ address, answerMs: 100 });
    expect(await why(silent.publish(parcel))).toBe('nothing was answered for 0.1 s');
  });

  test('to a host that is none is refused at once, and ends while its name is looked up', async () => {
    const { connect } = await listen();
    const fails = (code: string) => () => Promise.reject(Object.assign(new Error(), { code }));
    const address = 'tcp://nohost:5602';
    expect(await why(connect({ address, lookUp: fails('ENOTFOUND') }))).toBe('there is no host nohost');
    expect(await why(connect({ address, lookUp: fails('EAI_AGAIN') }))).toBe(
      'the host nohost cannot be looked up: EAI_AGAIN',
    );
    const stop = new AbortController();
    const options = { address, keys: near, far: far.publicKey, lookUp: () => new Promise<never>(() => undefined) };
    const looking = why(zeromqCarrier(zmq, options).connect(stop.signal));
    stop.abort();
    expect(await looking).toBe('the bridge was stopped');
  });

  test('that brings what is no frame is told so, and others go on', async () => {
    const { connect, address } = await listen();
    const odd = new zmq.Dealer({
      curveServerKey: far.publicKey,
      curvePublicKey: near.publicKey,
      curveSecretKey: near.secretKey,
      linger: 0,
    });
    ends.push(() => odd.close());
    odd.connect(address);
    for (const frames of [['GET / HTTP/1.1'], [Buffer.from(parcelLine({ n: 1, parcel })), 'more']]) {
      await odd.send(frames);
      expect(String(await odd.receive())).toContain('This is no frame of a bridge');
    }
    expect(await (await connect()).publish(parcel)).toEqual({ is: 'stored' });
  });
});

describe('who may connect', () => {
  test('is whose key is in the file, and nobody else, with whatever key or none', async () => {
    const taken: Parcel[] = [];
    const take = async (parcels: readonly Parcel[]): Promise<Answer[]> => (taken.push(...parcels), stored(parcels));
    const { connect, address, warnings } = await listen({ take });
    const stranger = zmq.curveKeyPair();
    await expect(connect({ keys: stranger })).rejects.toMatchObject({
      message: expect.stringContaining('is not in the file of the other one'),
      hint: expect.stringContaining(`echo 'peer <name of this root> ${stranger.publicKey}'`),
    });
    expect(await why(connect({ far: near.publicKey }))).toContain('does not have the key');
    expect(warnings).toEqual([expect.stringContaining(`his key, ${stranger.publicKey}, is not in /keys.`)]);
    expect(warnings[0]).toContain(`echo 'peer <its name> ${stranger.publicKey}' >> /keys; then start this anew`);
    const plain = connectTo(Number(address.split(':').at(-1)), '127.0.0.1');
    ends.push(() => plain.destroy());
    // It may be reset, since what it says last is not read.
    const turnedAway = new Promise((resolve) => plain.on('error', () => undefined).on('close', resolve));
    plain.write(plainGreeting);
    plain.write(frameOf(parcelLine({ n: 1, parcel })));
    plain.resume();
    await turnedAway;
    expect(taken).toEqual([]);
    expect(await (await connect()).publish(parcel)).toEqual({ is: 'stored' });
  });

  test('is nobody more while so many are connected; who shows no key takes nobody his place', async () => {
    const { connect, address, warnings } = await listen({ mostConnections: 2 });
    const port = Number(address.split(':').at(-1));
    for (let idle = 0; idle < 4; idle++) {
      const stranger = connectTo(port, '127.0.0.1');
      stranger.on('error', () => undefined);
      ends.push(() => stranger.destroy());
      // What it says first is said once it was accepted.
      await new Promise((resolve) => stranger.once('data', resolve));
    }
    const first = await connect();
    await connect();
    for (let again = 0; again < 3; again++) expect(await why(connect())).toContain('too many are connected');
    expect(warnings).toEqual(['host-a at 127.0.0.1 was turned away: 2 connections are open.']);
    await first.close();
    let next: Connection | undefined;
    while (!next) next = await connect().catch(() => undefined);
    expect(await next.publish(parcel)).toEqual({ is: 'stored' });
  });

  test('is who is known, also while strangers come again and again, with keys that are not or with nonsense', async () => {
    const { connect, address } = await listen({ mostConnections: 2 });
    const port = Number(address.split(':').at(-1));
    let isOver = false;
    let nonsense = 0;
    const babble = (): void => {
      if (isOver) return;
      const stranger = connectTo(port, '127.0.0.1', () => stranger.write('x'.repeat(100)));
      stranger.on('error', () => undefined).on('close', () => (nonsense++, setImmediate(babble)));
      stranger.resume();
    };
    let turnedAway = 0;
    const { publicKey: curvePublicKey, secretKey: curveSecretKey } = zmq.curveKeyPair();
    const knocking = new Set<zmq.Dealer>();
    ends.push(() => {
      isOver = true;
      for (const one of knocking) one.close();
    });
    const knock = (): void => {
      const dealer = new zmq.Dealer({ linger: 0, curveServerKey: far.publicKey, curvePublicKey, curveSecretKey });
      dealer.events.on('handshake:error:auth', () => {
        turnedAway++;
        knocking.delete(dealer);
        dealer.close();
        if (!isOver) setImmediate(knock);
      });
      knocking.add(dealer);
      dealer.connect(address);
    };
    for (let i = 0; i < 4; i++) {
      babble();
      knock();
    }
    await expect.poll(() => Math.min(nonsense, turnedAway), { timeout: 20_000 }).toBeGreaterThan(20);
    const both = [await connect(), await connect()];
    for (const one of both) expect(await one.publish(parcel)).toEqual({ is: 'stored' });
  });

  test.skipIf(process.platform !== 'linux')('opens nothing that stays open, however often he connects', async () => {
    const { connect, address, end } = await listen();
    await (await connect()).close();
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let again = 0; again < 10; again++) await (await connect()).close();
    await end();
    // Its context closes the port a moment later, so the first ones may be taken and let go again.
    for (let again = 0; again < 10; again++)
      expect(await why(connect({ address }))).toMatch(/nobody listens|does not have the key/);
    await expect.poll(open).toBeLessThan(before + 10);
  });

  test('two cannot listen at one port', async () => {
    const { address } = await listen();
    await expect(listen({ address })).rejects.toMatchObject({
      code: 'CANNOT_LISTEN',
      message: `This cannot listen at ${address}: something else listens there.`,
      hint: 'Name another one: dreamos receive --listen tcp://127.0.0.1:0 --key /keys',
    });
  });

  test('nobody listens at what is no address of this machine', async () => {
    // A multicast address: no host has it.
    await expect(listen({ address: 'tcp://[ff0e::1]:5555' })).rejects.toMatchObject({ code: 'CANNOT_LISTEN' });
    const none = Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL' });
    expect(cannotListen('tcp://[2001:db8::1]:5555', none, '/my keys')).toMatchObject({
      message: 'This cannot listen at tcp://[2001:db8::1]:5555: this machine does not have that address.',
      hint: "Name another one: dreamos receive --listen 'tcp://*:5555' --key '/my keys'",
    });
  });
});

describe('a file of keys', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-curve-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const make = (): KeyPair => zmq.curveKeyPair();

  test('is made where there is none, for its user alone, and stays as it is', async () => {
    const path = join(dir, 'new/keys');
    const keys = await curveKeys(path, make);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe(`secret ${keys.secretKey}\npublic ${keys.publicKey}\n`);
    expect(await curveKeys(path, make)).toEqual(keys);
    await expectRefusal((async () => expectPeers(keys))(), 'CONFIG_INVALID');
    await expectRefusal((async () => keyOfPeer(keys, 'host-b', 'tcp://b:1'))(), 'CONFIG_INVALID');
    writeFileSync(path, `# of this machine\n${readFileSync(path, 'utf8')}\npeer Host-B ${far.publicKey}\n`);
    expect(keyOfPeer(await curveKeys(path, make), 'host-B', 'tcp://b:1')).toBe(far.publicKey);
    chmodSync(path, 0o640);
    await expectRefusal(curveKeys(path, make), 'UNAUTHENTICATED');
  });

  test('that is a folder is refused, and one that is missing is said where to get', async () => {
    await expect(curveKeys(dir, make)).rejects.toMatchObject({ code: 'USAGE' });
    const keys = { path: '/my keys', ...near, peers: new Map() };
    expect(() => keyOfPeer(keys, 'b', 'tcp://b:1')).toThrow(
      expect.objectContaining({
        message: `/my keys has no key of b. The public key of this root is ${near.publicKey}`,
        hint: expect.stringMatching(
          /^There run dreamos receive --listen tcp:\/\/b:1 .*echo 'peer b <.*>' >> '\/my keys'$/,
        ),
      }),
    );
  });

  test.each([
    ['nothing', '', 'the keys of this root are missing'],
    ['one key alone', `secret ${near.secretKey}`, 'the keys of this root are missing'],
    ['a key that is cut', `secret ${near.secretKey.slice(1)}`, 'line 1 is none'],
    ['a peer without a name', `public ${near.publicKey}\npeer ${near.secretKey}`, 'line 2 is none'],
    ['a name that is none', `peer ../x ${near.publicKey}`, 'line 1 is none'],
    ['another word', `token ${near.publicKey}`, 'line 1 is none'],
    ['what is too large for 32 bytes', `public ${'#'.repeat(40)}`, 'line 1 is none'],
  ])('with %s is refused, and nothing of it is said', (_, text, reason) => {
    expect(() => keysIn('/keys', text)).toThrow(`/keys is no file of CURVE keys: ${reason}.`);
  });

  test('its keys are those of Z85', () => {
    // The example of ZeroMQ's RFC 32, four times.
    const hex = '864fd26fb559f75b'.repeat(4);
    expect(keyBytes('HelloWorld'.repeat(4))?.toString('hex')).toBe(hex);
    expect(keyBytes('HelloWorld')).toBeUndefined();
    expect(keyText(Buffer.from(hex, 'hex'))).toBe('HelloWorld'.repeat(4));
  });

  test.each([
    ['tcp://host-b', 'names no host and port'],
    ['tcp://:5555', 'names no host and port'],
    ['tcp://a b:1', 'names no host and port'],
    ['tcp://user@host/x:1', 'names no host and port'],
    ['http://a:1', 'names no host and port'],
    ['tcp://host-b:65536', '65536 is no port: the highest is 65535'],
    ['tcp://host-b:999999', '999999 is no port'],
    ['tcp://*:5555', 'nobody can connect to all addresses'],
    ['tcp://host-b:0', 'nobody can connect to it'],
  ])('%s is no address to connect to', (address, reason) => {
    expect(() => checkAddress(address, '')).toThrow(reason);
  });

  test.each(['tcp://host-b:5555', 'tcp://[::1]:65535'])('%s is one', (address) => {
    expect(() => checkAddress(address, '')).not.toThrow();
  });

  test.each(['tcp://host-b:5555', 'tcp://[::1]:5555', 'tcp://192.0.2.2:0', 'tcp://*:5555'])(
    'at %s may be listened',
    (address) => {
      expect(() => checkAddress(address, '', true)).not.toThrow();
    },
  );
});

test('where the package is missing, it is said how to install it', async () => {
  const missing = loadZeromq(() => Promise.reject(new Error("Cannot find package 'zeromq' from x\nRequire stack: y")));
  await expect(missing).rejects.toMatchObject({
    code: 'USAGE',
    message: "tcp:// needs the package zeromq beside dreamos: Cannot find package 'zeromq' from x.",
    hint: 'Where dreamos is: npm install zeromq@6',
  });
});
