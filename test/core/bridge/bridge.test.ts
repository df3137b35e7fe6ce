import { describe, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { bridge, type BridgeOptions } from '../../../src/core/bridge/bridge.ts';
import { createReturns } from '../../../src/core/bridge/returned.ts';
import type { Told } from '../../../src/core/bridge/told.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { expectRefusal, must } from '../rig.ts';
import { carrierTo, createWorld, type FakeCarrier, type World } from './rig.ts';

interface Running {
  readonly told: Told[];
  /** Until so much is told. */
  until(event: Told['event'], count?: number): Promise<void>;
  stop(): Promise<void>;
}

async function drain(from: World, carrier: FakeCarrier, peer = 'b'): Promise<Told[]> {
  const told: Told[] = [];
  const onTold = (one: Told): void => void told.push(one);
  await bridge(from.root, peer, { carrier, once: true, signal: new AbortController().signal, onTold });
  return told.filter(({ event }) => event !== 'up' && event !== 'down');
}

function run(from: World, carrier: FakeCarrier, more: Partial<BridgeOptions> = {}): Running {
  const stop = new AbortController();
  const told: Told[] = [];
  let rung = (): void => undefined;
  const onTold = (one: Told): void => {
    told.push(one);
    rung();
  };
  const done = bridge(from.root, 'b', { carrier, signal: stop.signal, onTold, ...more });
  const failed: unknown[] = [];
  done.catch((error: unknown) => {
    failed.push(error);
    rung();
  });
  return {
    told,
    until: async (event, count = 1) => {
      while (told.filter((one) => one.event === event).length < count) {
        if (failed.length > 0) throw failed[0];
        await new Promise<void>((resolve) => (rung = resolve));
      }
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

test('mail is claimed here, stored there and acked here, with an event that says where it is', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  const { id } = await a.send({ body: 'one' });
  await a.send({ to: 'reviewer', body: 'stays' });
  expect(await drain(a, carrierTo(b.root))).toEqual([{ event: 'forwarded', id, mailbox: 'bob', peer: 'b' }]);
  expect(await b.bodies('bob')).toEqual(['one']);
  expect(await a.bodies('bob', 'archived')).toEqual(['one']);
  expect(a.events('bob')).toEqual(['delivered', 'claimed', 'acked', 'forwarded']);
  expect(a.mail.log.at(-1)).toMatchObject({ event: 'forwarded', to: 'b', by: 'planner', label: 'bridge:b' });
  expect(await a.bodies('reviewer')).toEqual(['stays']);
});

test('what arrived while the answer was lost, or was lost itself, is brought again, and is there once', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (let i = 0; i < 12; i++) await a.send({ body: `m${i}` });
  const mishaps = ['stored, and the answer lost', 'lost on the way', undefined] as const;
  let n = 0;
  const carrier = carrierTo(b.root, (_, tried) => (tried === 0 ? mishaps[n++ % 3] : undefined));
  const told = await drain(a, carrier);
  expect(told.filter(({ event }) => event === 'forwarded')).toHaveLength(12);
  expect(told.some(({ again }) => again)).toBe(true);
  expect((await b.bodies('bob')).sort()).toEqual(Array.from({ length: 12 }, (_, i) => `m${i}`).sort());
  expect(await a.entries('bob', 'archived')).toHaveLength(12);
  expect(carrier.connects).toBeGreaterThan(1);
  expect(a.warnings).toEqual(['b cannot be reached by a fake, which is tried again and again: it broke']);
});

test('without mishaps the order is that of the claims', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (let i = 0; i < 30; i++) await a.send({ body: `m${i}` });
  await drain(a, carrierTo(b.root));
  expect(await b.bodies('bob')).toEqual(Array.from({ length: 30 }, (_, i) => `m${i}`));
});

test('nor does what is asked before some are published let others overtake them', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (let i = 0; i < 100; i++) await a.send({ body: `m${i}` });
  const { documents } = a.root.store;
  let isFirst = true;
  const list: typeof documents.list = async (of) => {
    const isSlow = of === 'received' && isFirst;
    isFirst &&= !isSlow;
    if (isSlow) await new Promise((resolve) => setTimeout(resolve, 50));
    return documents.list(of);
  };
  const root = { ...a.root, store: { ...a.root.store, documents: { ...documents, list } } };
  await drain({ ...a, root }, carrierTo(b.root));
  expect(isFirst).toBe(false);
  expect(await b.bodies('bob')).toEqual(Array.from({ length: 100 }, (_, i) => `m${i}`));
});

describe('what is refused there is a dead letter here, with the reason', () => {
  test('nobody is called so there', async () => {
    const [a, b] = [await createWorld('b'), await createWorld()];
    await registerAgent(a.root, { name: 'carol', at: 'b' });
    await a.send({ to: 'carol', notify: true });
    expect(await drain(a, carrierTo(b.root))).toMatchObject([{ event: 'refused', code: 'AGENT_NOT_FOUND' }]);
    expect(await a.reasons('carol')).toEqual(['b refused it: AGENT_NOT_FOUND: There is no agent "carol" in /root.']);
    expect(await a.bodies('planner')).toHaveLength(1);
  });

  test('it has retired, or is full; and once that is over, dlq retry brings it', async () => {
    const [a, b] = [await createWorld('b'), await createWorld()];
    await registerAgent(b.root, { name: 'bob', settings: { maxMessages: 1 } });
    await a.send({ body: 'one' });
    await a.send({ body: 'two' });
    await drain(a, carrierTo(b.root));
    expect(await a.reasons('bob')).toMatchObject([expect.stringContaining('MAILBOX_FULL')]);
    await registerAgent(b.root, { name: 'bob', settings: { maxMessages: 5 } });
    const [dead] = await a.entries('bob', 'dead');
    await a.root.store.mail.retry(dead!, {});
    expect(await drain(a, carrierTo(b.root))).toMatchObject([{ event: 'forwarded' }]);
    await retireAgent(b.root, 'bob');
    await a.send({ body: 'three' });
    expect(await drain(a, carrierTo(b.root))).toMatchObject([{ event: 'refused', code: 'AGENT_RETIRED' }]);
  });

  test('a loop of two roots', async () => {
    const [a, b] = [await createWorld('b'), await createWorld('a')];
    const { id } = await a.send({});
    await drain(a, carrierTo(b.root));
    expect(await drain(b, carrierTo(a.root), 'a')).toMatchObject([{ event: 'refused', id, code: 'LOOP' }]);
    expect(await b.reasons('bob')).toEqual([expect.stringMatching(/^a refused it: LOOP: it has been here before/)]);
  });

  test('a chain of roots is good up to eight of them', async () => {
    const roots = await Promise.all(Array.from({ length: 10 }, async (_, i) => createWorld(`r${i + 1}`)));
    await roots[0]!.send({});
    for (let i = 0; i < 8; i++)
      expect(await drain(roots[i]!, carrierTo(roots[i + 1]!.root), `r${i + 1}`)).toMatchObject([
        { event: 'forwarded' },
      ]);
    expect(await drain(roots[8]!, carrierTo(roots[9]!.root), 'r9')).toMatchObject([
      { event: 'refused', code: 'TOO_MANY_HOPS' },
    ]);
    expect(await roots[8]!.reasons('bob')).toEqual([expect.stringContaining('it has left 9 roots')]);
  });

  test('what a broker had taken before it was refused', async () => {
    const [a, b] = [await createWorld('b'), await createWorld()];
    await retireAgent(b.root, 'bob');
    await a.send({});
    const carrier = carrierTo(b.root, undefined, { bringsBack: true });
    const running = run(a, carrier);
    await running.until('forwarded');
    expect(await a.entries('bob', 'archived')).toHaveLength(1);
    await carrier.bring?.(undefined as never);
    await running.until('refused');
    await running.stop();
    expect(await a.reasons('bob')).toEqual([expect.stringContaining('b refused it: AGENT_RETIRED')]);
    expect(carrier.arrived).toHaveLength(1);
  });
});

describe('what a broker says to be refused', () => {
  const refusal = { code: 'AGENT_RETIRED', reason: 'bob has retired.' };
  const returnsOf = (world: World) => createReturns(world.root, 'b', async () => undefined);

  test('stays as it is, if it never went there: its agent lives here', async () => {
    const a = await createWorld();
    const { id } = await a.send({});
    expect(await returnsOf(a).note({ id, to: 'bob', ...refusal })).toBe(false);
    expect(await a.bodies('bob')).toEqual(['hello']);
    expect(await a.entries('bob', 'dead')).toEqual([]);
  });

  test('is a dead letter, if it went there, though its agent is called otherwise by now, or lives here again', async () => {
    const [a, b] = [await createWorld('b'), await createWorld()];
    const { id } = await a.send({});
    await drain(a, carrierTo(b.root));
    await renameAgent(a.root, 'bob', 'robert');
    await registerAgent(a.root, { name: 'robert', at: null });
    expect(await returnsOf(a).note({ id, to: 'bob', ...refusal })).toBe(true);
    expect(await a.reasons('robert')).toEqual(['b refused it: AGENT_RETIRED: bob has retired.']);
    expect(await returnsOf(a).note({ id, to: 'bob', ...refusal })).toBe(true);
  });

  test('is not forgotten, if it is not here any more', async () => {
    const a = await createWorld('b');
    const { id } = await a.send({});
    a.mail.mailboxes.get('bob')?.delete(id);
    expect(await returnsOf(a).note({ id, to: 'bob', ...refusal })).toBe(false);
    expect(await returnsOf(a).note({ id, to: 'nobody', ...refusal })).toBe(false);
  });
});

test('messages of one ordering key travel one at a time, others beside them', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (let i = 0; i < 5; i++) await a.send({ body: `k${i}`, orderingKey: 'k' });
  for (let i = 0; i < 5; i++) await a.send({ body: `free${i}` });
  let keyed = 0;
  let most = 0;
  const carrier = carrierTo(b.root, async (parcel) => {
    if (!Buffer.from(parcel.bytes).toString().includes('"orderingKey":"k"')) return undefined;
    most = Math.max(most, ++keyed);
    await new Promise((resolve) => setTimeout(resolve, 5));
    keyed--;
    return undefined;
  });
  await drain(a, carrier);
  expect(most).toBe(1);
  expect(carrier.most).toBeGreaterThan(2);
  expect((await b.bodies('bob')).filter((body) => body.startsWith('k'))).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
});

test('hundreds are under way at a time: what arrives together shares the syncs of the other root', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (let i = 0; i < 300; i++) await a.send({ body: `m${i}` });
  let free = (): void => undefined;
  const held = new Promise<void>((resolve) => (free = resolve));
  let under = 0;
  const carrier = carrierTo(b.root, async () => {
    if (++under === 300) free();
    await held;
    return undefined;
  });
  await drain(a, carrier);
  expect(carrier.most).toBe(300);
  expect(await b.bodies('bob')).toEqual(Array.from({ length: 300 }, (_, i) => `m${i}`));
}, 10_000);

test('what the other root cannot take now rests and uses up no attempt', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({});
  const carrier = carrierTo(b.root, (_, tried) =>
    tried === 0 ? { is: 'later', code: 'DISK_FAILED', reason: 'full' } : undefined,
  );
  expect(await drain(a, carrier)).toMatchObject([{ event: 'given_back', code: 'DISK_FAILED', reason: 'full' }]);
  expect(await a.entries('bob', 'delayed')).toMatchObject([{ attempt: 0 }]);
  a.clock.advance(60_000);
  expect(await drain(a, carrier)).toMatchObject([{ event: 'forwarded' }]);
});

test('while the peer cannot be reached nothing is claimed, and that is said once; then all of it goes', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({});
  const carrier = carrierTo(b.root);
  carrier.down = 'no route';
  const running = run(a, carrier);
  await running.until('down', 2);
  expect(a.events('bob')).toEqual(['delivered']);
  carrier.down = undefined;
  await running.until('forwarded');
  expect(a.warnings).toEqual(['b cannot be reached by a fake, which is tried again and again: no route']);
  await running.stop();
});

test('a way that breaks is opened anew also where nothing is to be sent: what comes by it would not come', async () => {
  const a = await createWorld('b');
  const carrier = carrierTo(a.root, undefined, { bringsBack: true });
  const running = run(a, carrier);
  await running.until('up');
  carrier.break();
  await running.until('up', 2);
  carrier.connect = () => Promise.reject(new Error('never'));
  carrier.break();
  await expect(running.until('up', 3)).rejects.toThrow('never');
  await expect(running.stop()).rejects.toThrow('never');
});

test('with once a peer that cannot be reached is an error', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({});
  const carrier = carrierTo(b.root);
  carrier.down = 'no route';
  await expectRefusal(drain(a, carrier), 'PEER_UNREACHABLE');
  expect(await a.entries('bob', 'ready')).toHaveLength(1);
});

test('who comes to live there is carried, and who is renamed, too', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  const running = run(a, carrierTo(b.root));
  await running.until('up');
  await registerAgent(a.root, { name: 'reviewer', at: 'B' });
  await a.send({ to: 'reviewer' });
  await running.until('forwarded');
  await registerAgent(b.root, { name: 'critic' });
  await renameAgent(a.root, 'reviewer', 'critic');
  await a.send({ to: 'critic' });
  await running.until('forwarded', 2);
  await registerAgent(a.root, { name: 'critic', at: null });
  await running.stop();
  expect(await b.bodies('critic')).toHaveLength(1);
});

test('when it is stopped what is under way is finished; in a hurry it is given back', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({ body: 'one' });
  let let1 = (): void => undefined;
  let held = new Promise<void>((resolve) => (let1 = resolve));
  const slow = carrierTo(b.root, async () => {
    await held;
    return undefined;
  });
  const first = run(a, slow);
  await first.until('up');
  const stopped = first.stop();
  let1();
  await stopped;
  expect((await a.entries('bob', 'archived')).length + (await a.entries('bob', 'ready')).length).toBe(1);

  held = new Promise<void>((resolve) => (let1 = resolve));
  await a.send({ body: 'two' });
  const hurry = new AbortController();
  let begun = (): void => undefined;
  const begins = new Promise<void>((resolve) => (begun = resolve));
  const stuck = carrierTo(b.root, async () => {
    begun();
    await held;
    return 'broken before' as const;
  });
  const second = run(a, stuck, { hurry: hurry.signal });
  await begins;
  const ends = second.stop();
  hurry.abort();
  let1();
  await ends;
  expect(second.told.at(-1)).toMatchObject({ event: 'given_back' });
  expect((await a.entries('bob', 'ready')).at(-1)).toMatchObject({ attempt: 0 });
});

test('a bridge that is killed again and again makes no dead letters: its claims say so', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({});
  const seen: unknown[] = [];
  const carrier = carrierTo(b.root, async () => {
    seen.push(...(await a.entries('bob', 'inflight')));
    return undefined;
  });
  await drain(a, carrier);
  expect(seen).toMatchObject([{ maxAttempts: 1000 }]);
});

test('a request waits for its answer from another root', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await registerAgent(b.root, { name: 'planner', at: 'a' });
  const asking = request(a.root, { to: 'bob', body: 'ready?' }, { waitMs: 60_000 });
  while ((await a.entries('bob', 'ready')).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await drain(a, carrierTo(b.root));
  const question = must(await readNext(b.root, 'bob'));
  await reply(b.as('bob'), question.receipt, { body: 'yes' }, { ack: true });
  await drain(b, carrierTo(a.root), 'a');
  expect(await asking).toMatchObject({ from: 'bob', body: 'yes', replyTo: question.message.id });
});

test('what is under way at a time is limited in bytes, too', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await registerAgent(a.root, { name: 'bob', settings: { maxMessageBytes: 32 * 1024 * 1024 } });
  await registerAgent(b.root, { name: 'bob', settings: { maxMessageBytes: 32 * 1024 * 1024 } });
  for (let i = 0; i < 5; i++) await a.send({ body: 'x'.repeat(12 * 1024 * 1024) });
  const carrier = carrierTo(b.root, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  });
  await drain(a, carrier);
  expect(await b.entries('bob', 'ready')).toHaveLength(5);
  expect(carrier.most).toBe(3);
}, 30_000);

test('what cannot be written is a dead letter, and keeps back nothing that was claimed with it', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  for (const body of ['one', 'odd', 'two']) await a.send({ body });
  const { mail } = a.root.store;
  const tooDeep = (): never => {
    throw new RangeError('Maximum call stack size exceeded');
  };
  const claimMany: typeof mail.claimMany = async (...how) =>
    (await mail.claimMany(...how)).map((one) =>
      one.message.body === 'odd' ? { ...one, message: { ...one.message, toJSON: tooDeep } } : one,
    );
  const root = { ...a.root, store: { ...a.root.store, mail: { ...mail, claimMany } } };
  const told = await drain({ ...a, root }, carrierTo(b.root));
  expect(told.map(({ event }) => event).sort()).toEqual(['forwarded', 'forwarded', 'refused']);
  expect(await b.bodies('bob')).toEqual(['one', 'two']);
  expect(await a.reasons('bob')).toEqual([expect.stringMatching(/NOT_CARRIED: .*Maximum call stack/)]);
});

test('under a policy who runs it needs to read there, and what is refused by it stays', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  await a.send({});
  const rules = (read: string[]) => ({ roles: { carriers: { allow: { read } } }, agents: { planner: ['carriers'] } });
  await a.root.store.documents.put('policy', rules(['reviewer']), undefined);
  await expectRefusal(drain(a, carrierTo(b.root)), 'FORBIDDEN');
  expect(await a.bodies('bob')).toEqual(['hello']);
  await a.root.store.documents.put('policy', rules(['bob']), (await a.root.store.documents.get('policy'))?.version);
  a.clock.advance(1000);
  expect(await drain(a, carrierTo(b.root))).toMatchObject([{ event: 'forwarded' }]);
});
