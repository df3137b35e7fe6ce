import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import * as zmq from 'zeromq';
import { type Ask, CarrierDown, type FarTopics, type Tell, type Told } from '../../src/carriers/port.ts';
import { guard } from '../../src/carriers/zeromq/guard.ts';
import type { KeyPair } from '../../src/carriers/zeromq/keys.ts';
import { listenForBridges } from '../../src/carriers/zeromq/listen.ts';
import { questionLine } from '../../src/carriers/zeromq/questions.ts';
import { createRinger, hearRings } from '../../src/carriers/zeromq/rings.ts';
import { zeromqTopics } from '../../src/carriers/zeromq/topics.ts';

const far = zmq.curveKeyPair();
const near = zmq.curveKeyPair();
const other = zmq.curveKeyPair();
const peers = new Map([
  ['host-a', near.publicKey],
  ['host-c', other.publicKey],
]);
const never = new AbortController().signal;
const ask: Ask = { as: 'ann', patterns: ['build.>'], since: 'now', most: 0 };
const nothing: Told = { is: 'heard', messages: [], cursor: 'c1', more: false, warnings: [] };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A bell that the test rings, and who may hear it. */
const bells = () => {
  const rings = new Set<() => void>();
  const [watched, left] = [calls(), calls()];
  const watch: Tell['watch'] = async (ring) => {
    rings.add(ring);
    watched.call();
    return async () => {
      rings.delete(ring);
      left.call();
    };
  };
  return { watch, watched, left, rings, ring: () => rings.forEach((one) => one()) };
};

async function listen(tell: Tell, address = 'tcp://127.0.0.1:0') {
  const stop = new AbortController();
  let told: (address: string) => void = () => undefined;
  const up = new Promise<string>((resolve) => (told = resolve));
  const warnings: string[] = [];
  const ended = listenForBridges(zmq, {
    address,
    keys: { path: '/keys', ...far, peers },
    take: async () => [],
    tell,
    signal: stop.signal,
    onUp: async (at) => told(at),
    warn: (warning) => warnings.push(warning),
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  ends.push(end);
  return { at: await up, end, warnings };
}

function topics(at: string, keys: KeyPair = near): FarTopics {
  const made = zeromqTopics(zmq, { address: at, keys, far: far.publicKey }, never);
  ends.push(() => made.close());
  return made;
}

/** Resolves as often as it is called. */
function calls() {
  let count = 0;
  let wake: () => void = () => undefined;
  return {
    call: (): void => {
      count++;
      wake();
    },
    count: () => count,
    until: async (least: number): Promise<void> => {
      while (count < least) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

describe('who asks', () => {
  test('is told as who his key says, whoever else may connect', async () => {
    const asked: [Ask, string][] = [];
    const { at } = await listen({ ...bells(), ask: async (...one) => (asked.push(one), nothing) });
    expect(await topics(at).ask(ask)).toEqual(nothing);
    expect(await topics(at, other).ask({ ...ask, from: 1 })).toEqual(nothing);
    expect(asked).toEqual([
      [ask, 'host-a'],
      [{ ...ask, from: 1 }, 'host-c'],
    ]);
  });

  test('without one is refused, and nothing is asked of the root', async () => {
    const { at } = await listen({
      ...bells(),
      ask: async () => {
        throw new Error('It was asked.');
      },
    });
    const dealer = new zmq.Dealer({
      curveServerKey: far.publicKey,
      curvePublicKey: near.publicKey,
      curveSecretKey: near.secretKey,
      linger: 0,
    });
    ends.push(() => dealer.close());
    dealer.connect(at);
    await dealer.send(questionLine({ n: 7, ask, proof: '0'.repeat(64) }));
    expect(JSON.parse(String(await dealer.receive()))).toMatchObject({ n: 7, is: 'refused', code: 'UNAUTHENTICATED' });
    await dealer.send('{"listen":{}}');
    expect(String(await dealer.receive())).toContain('no question of who listens');
  });

  test('is answered later where that ends in an error, and so is who asks next', async () => {
    let fails = true;
    const { at, warnings } = await listen({
      ...bells(),
      ask: async () => {
        if (fails) throw new TypeError('a fault');
        return nothing;
      },
    });
    const one = topics(at);
    expect(await one.ask(ask)).toMatchObject({ is: 'later', reason: expect.stringContaining('a fault') });
    expect(warnings).toEqual([expect.stringContaining('a fault')]);
    fails = false;
    expect(await one.ask(ask)).toEqual(nothing);
  });

  test('where the connection breaks knows it, and the next question makes another one', async () => {
    const tell = { ...bells(), ask: async () => nothing };
    const { at, end } = await listen(tell);
    const one = topics(at);
    const hints = calls();
    one.watch(hints.call);
    await one.ask(ask);
    await end();
    await hints.until(1);
    await expect(one.ask(ask)).rejects.toBeInstanceOf(CarrierDown);
    await listen(tell, at);
    expect(await one.ask(ask)).toEqual(nothing);
  });
});

describe('who asks for no longer than his time', () => {
  test('is told that nothing was answered, and the next question has a connection of its own', async () => {
    let answer: (told: Told) => void = () => undefined;
    let asked = 0;
    const { at } = await listen({
      ...bells(),
      ask: async () => (++asked === 2 ? new Promise((resolve) => (answer = resolve)) : nothing),
    });
    const one = topics(at);
    expect(await one.ask(ask, 60_000)).toEqual(nothing);
    await expect(one.ask(ask, 100)).rejects.toThrow(new CarrierDown('nothing was answered for 0.1 s'));
    answer(nothing);
    expect(await one.ask(ask, 60_000)).toEqual(nothing);
    expect(asked).toBe(3);
  });

  test('is told so where somebody listens and says nothing, too', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    ends.push(() => silent.close());
    await once(silent, 'listening');
    const one = topics(`tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await expect(one.ask(ask, 50)).rejects.toThrow('nothing was answered for 0.05 s');
  });
});

describe('the bell', () => {
  test('rings who listens, also one who comes later; nobody watches before somebody asks', async () => {
    const bell = bells();
    const { at } = await listen({ ...bell, ask: async () => nothing });
    expect(bell.rings.size).toBe(0);
    const one = topics(at);
    await one.ask(ask);
    expect(bell.rings.size).toBe(1);
    const hints = calls();
    const rings = one.watch(hints.call);
    expect(rings.restMs()).toBe(1000);
    await hints.until(1);
    expect(rings.restMs()).toBeGreaterThan(1000);
    bell.ring();
    await hints.until(2);
    expect(rings.trouble()).toBeUndefined();
    const late = topics(at, other);
    await late.ask(ask);
    const heard = calls();
    late.watch(heard.call);
    await heard.until(1);
    bell.ring();
    await Promise.all([hints.until(3), heard.until(2)]);
  });

  const keys = { path: '/keys', peers };
  async function ringer(beatMs: number, quietMs = 60_000) {
    const context = new zmq.Context({ blocky: false });
    const gate = await guard(zmq, context, { keys, warn: () => undefined });
    ends.push(() => gate.close());
    const bell = bells();
    const made = createRinger(zmq, context, {
      address: 'tcp://127.0.0.1:65535',
      secretKey: far.secretKey,
      watch: bell.watch,
      onOpen: (socket) => gate.count('dreamos-rings', socket),
      warn: () => undefined,
      beatMs,
      quietMs,
    });
    ends.push(() => made.close());
    return { ...bell, made, port: (await made.port()) ?? 0 };
  }

  test('says nothing but a number, the same until it rings; and nothing at all to whose key is unknown', async () => {
    const { port, ring } = await ringer(20);
    const hear = (own: KeyPair): zmq.Subscriber => {
      const socket = new zmq.Subscriber({
        curveServerKey: far.publicKey,
        curvePublicKey: own.publicKey,
        curveSecretKey: own.secretKey,
        linger: 0,
        reconnectInterval: 3_600_000,
      });
      ends.push(() => socket.close());
      socket.subscribe();
      socket.connect(`tcp://127.0.0.1:${port}`);
      return socket;
    };
    const known = hear(near);
    const frames = async (): Promise<string> => String((await known.receive())[0]);
    const first = await frames();
    expect(first).toMatch(/^[0-9a-f]{12} 0$/);
    expect(await frames()).toBe(first);
    ring();
    let next = first;
    while (next === first) next = await frames();
    expect(next).toBe(first.replace(/0$/, '1'));
    const unknown = hear(zmq.curveKeyPair());
    const refused = new Promise((resolve) => unknown.events.on('handshake:error:auth', resolve));
    await refused;
  });

  test('ends when nobody has asked for a while, and begins anew when somebody does', async () => {
    const bell = await ringer(20, 0);
    expect(bell.watched.count()).toBe(1);
    await bell.left.until(1);
    expect(bell.rings.size).toBe(0);
    expect(await bell.made.port()).toBeGreaterThan(0);
    expect(bell.watched.count()).toBe(2);
    await bell.left.until(2);
  });

  test('that was missed is known by the next beat, and nothing is looked for behind the others', async () => {
    const socket = new zmq.XPublisher({ curveServer: true, curveSecretKey: far.secretKey, linger: 0 });
    ends.push(() => socket.close());
    await socket.bind('tcp://127.0.0.1:0');
    const address = socket.lastEndpoint ?? '';
    const hints = calls();
    const hearing = hearRings(zmq, { address, keys: near, far: far.publicKey }, hints.call);
    ends.push(() => hearing.close());
    hearing.at(Number(address.split(':').at(-1)));
    await socket.receive();
    for (const said of ['a 0', 'a 0', 'a 2', 'a 2', 'b 2']) await socket.send(said);
    await hints.until(3);
    await socket.send('b 3');
    await hints.until(4);
    // What comes for nothing comes by then.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hints.count()).toBe(4);
  });

  test('that nobody hears is said, and looked behind once a second', () => {
    const address = 'tcp://127.0.0.1:1';
    const deaf = hearRings(zmq, { address, keys: near, far: far.publicKey, beatMs: 0 }, () => undefined);
    ends.push(() => deaf.close());
    expect([deaf.restMs(), deaf.trouble()]).toEqual([1000, 'nothing rings there']);
    deaf.at(1);
    expect(deaf.trouble()).toBe('nothing is heard at tcp://127.0.0.1:1, where it rings');
  });
});
