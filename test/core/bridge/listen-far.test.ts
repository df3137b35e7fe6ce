import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Ask, CarrierDown, type FarTopics, type Told } from '../../../src/carriers/port.ts';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { listAudit } from '../../../src/core/audit/list.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { listenFar, type ListenFarOptions } from '../../../src/core/bridge/listen-far.ts';
import { createTell } from '../../../src/core/bridge/tell.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { listen } from '../../../src/core/follow/listen.ts';
import { pruneTopic } from '../../../src/core/topics/topics.ts';
import { exactJson } from '../../../src/model/basics/raw-json.ts';
import { parseData } from '../../../src/model/data.ts';
import { corruptOnce, expectRefusal, gather } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const say = async (body: string, topic = 'build'): Promise<string> =>
  (await publish(still.rig.root, topic, { body })).id;

beforeEach(async () => {
  await registerAgent(still.rig.root, { name: 'ann', at: 'host-a' });
});

/** The topics of this root, as another one has them. */
function far(peer = 'host-a') {
  const asked: Ask[] = [];
  const state = {
    down: undefined as string | undefined,
    closed: 0,
    withinMs: [] as (number | undefined)[],
    restMs: 15_000,
    trouble: undefined as string | undefined,
  };
  let hint: () => void = () => undefined;
  let answer: Told | undefined;
  const tell = createTell(still.rig.root);
  const topics: FarTopics = {
    words: 'tcp://host-b:5555',
    ask: async (ask, withinMs) => {
      state.withinMs.push(withinMs);
      if (state.down !== undefined) throw new CarrierDown(state.down);
      asked.push(ask);
      return answer ?? tell.ask(ask, peer);
    },
    watch: (rung) => {
      hint = rung;
      return { restMs: () => state.restMs, trouble: () => state.trouble };
    },
    close: async () => void state.closed++,
  };
  return { topics, asked, state, ring: () => hint(), answers: (told: Told | undefined) => (answer = told) };
}

function hear({ topics }: { topics: FarTopics }, options: Partial<ListenFarOptions> = {}, patterns = ['build']) {
  const controller = new AbortController();
  const bodies: string[] = [];
  const cursors: string[] = [];
  const warnings: string[] = [];
  const heard = listenFar(still.rig.root, topics, patterns, {
    as: 'ann',
    peer: 'host-b',
    signal: controller.signal,
    onWarning: (warning) => warnings.push(warning),
    ...options,
  });
  const done = (async () => {
    for await (const { message, cursor } of heard) {
      bodies.push(message.body);
      cursors.push(cursor);
    }
    return 'ended' as const;
  })();
  return { bodies, cursors, warnings, done, stop: () => controller.abort() };
}

describe('who listens to another root', () => {
  test('hears what is published from now on, when it rings, and ends when it is told to', async () => {
    await say('before');
    const there = far();
    const one = hear(there);
    expect(await soFar(one.done)).toBe('waiting');
    await say('first');
    await say('other', 'test');
    await say('second');
    expect(one.bodies).toEqual([]);
    there.ring();
    expect(await soFar(one.done)).toBe('waiting');
    expect(one.bodies).toEqual(['first', 'second']);
    one.stop();
    expect(await soFar(one.done)).toBe('ended');
    expect(there.state.closed).toBe(1);
  });

  test('goes on behind what was heard, by a cursor of either, in pages', async () => {
    for (let n = 0; n < 600; n++) await say(`m${n}`);
    const there = far();
    const first = hear(there, { since: 'start', count: 1 });
    expect(await soFar(first.done)).toBe('ended');
    const behind = hear(there, { since: first.cursors[0] ?? '', waitMs: 0 });
    expect(await soFar(behind.done)).toBe('ended');
    expect(behind.bodies).toEqual(Array.from({ length: 599 }, (_, n) => `m${n + 1}`));
  });

  test('misses nothing while it is away, says so once, and keeps its time', async () => {
    const there = far();
    const one = hear(there, { waitMs: 60_000 });
    expect(await soFar(one.done)).toBe('waiting');
    there.state.down = 'the connection has broken';
    await say('while it was away');
    there.ring();
    await pass(10_000);
    expect(one.bodies).toEqual([]);
    expect(still.rig.warnings.filter((warning) => warning.includes('cannot be asked'))).toHaveLength(1);
    there.state.down = undefined;
    await pass(3000);
    expect(one.bodies).toEqual(['while it was away']);
    there.state.down = 'it is off';
    there.ring();
    await expect(Promise.all([one.done, pass(61_000)])).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      hint: 'Once it can be reached, the same again with `since` goes on behind what was heard',
    });
  });

  test('is told at once where it cannot be reached, and what is refused', async () => {
    const there = far();
    there.state.down = 'nobody listens there';
    await expect(hear(there).done).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      hint: 'Once it can be reached, the same again listens to it',
    });
    there.state.down = undefined;
    there.answers({ is: 'later', code: 'ROOT_MOVED', reason: 'moved' });
    await expectRefusal(hear(there).done, 'PEER_UNREACHABLE');
    there.answers({ is: 'refused', code: 'CURSOR_INVALID', reason: 'none', hint: 'h' });
    await expect(hear(there).done).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
      message: 'host-b says: none',
      hint: 'h',
    });
    there.answers({ is: 'refused', code: 'toString', reason: 'none' });
    await expectRefusal(hear(there).done, 'FORBIDDEN');
    there.answers({ is: 'heard', messages: ['{'], cursor: 'c', more: false, warnings: [] });
    await expectRefusal(hear(there).done, 'MESSAGE_INVALID');
    expect(there.state.closed).toBe(5);
    there.answers(undefined);
    await expect(hear(there, { as: 'planner' }).done).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/^host-b says: planner does not live at host-a/),
      hint: 'Where host-b is run dreamos agent register planner --at host-a',
    });
  });

  test('asks no longer than what is left of its time, or 5 s', async () => {
    const there = far();
    const one = hear(there, { waitMs: 20_000 });
    expect(await soFar(one.done)).toBe('waiting');
    await pass(8000);
    there.ring();
    await pass(0);
    await say('heard');
    there.ring();
    await pass(3000);
    there.ring();
    await pass(30_000);
    expect(await soFar(one.done)).toBe('ended');
    const within = there.state.withinMs;
    expect([...new Set(within)]).toEqual([20_000, 12_000, 17_000, 5000]);
    there.state.withinMs = [];
    await hear(there, { since: 'start', count: 1 }).done;
    expect(new Set(there.state.withinMs)).toEqual(new Set([Infinity]));
  });

  test('looks once a second where nothing rings, and says so', async () => {
    const there = far();
    there.state.restMs = 1000;
    there.state.trouble = 'nothing rings there';
    const one = hear(there);
    expect(await soFar(one.done)).toBe('waiting');
    await say('unheard');
    await pass(1000);
    expect(one.bodies).toEqual(['unheard']);
    await pass(2000);
    expect(one.warnings).toEqual(['Looking once a second: nothing rings there']);
    one.stop();
    await soFar(one.done);
  });

  test('hears of what is not there any more', async () => {
    await say('gone');
    await pass(10);
    await pruneTopic(still.rig.root, 'build', { olderThanMs: 1 });
    const one = hear(far(), { since: 'start', waitMs: 0 });
    expect(await soFar(one.done)).toBe('ended');
    expect(one.bodies).toEqual([]);
  });
});

describe('who is asked', () => {
  test('tells only agents who live where the question comes from, and who they are by their card', async () => {
    const ask: Ask = { as: 'ANN', patterns: ['build'], since: 'start', most: 10 };
    await say('m');
    expect(await far().topics.ask(ask)).toMatchObject({ is: 'heard', messages: [expect.stringContaining('"m"')] });
    expect(await far('HOST-A').topics.ask(ask)).toMatchObject({ is: 'heard' });
    expect(await far('host-c').topics.ask(ask)).toMatchObject({ is: 'refused', code: 'FORBIDDEN' });
    expect(await far().topics.ask({ ...ask, as: 'planner' })).toMatchObject({ is: 'refused', code: 'FORBIDDEN' });
    expect(await far('').topics.ask({ ...ask, as: 'planner' })).toMatchObject({ is: 'refused', code: 'FORBIDDEN' });
    const elsewhere = await far().topics.ask({ ...ask, as: 'planner' });
    const nobody = await far().topics.ask({ ...ask, as: 'nobody' });
    expect(JSON.stringify(nobody).replaceAll('nobody', 'planner')).toBe(JSON.stringify(elsewhere));
    expect(await far().topics.ask({ ...ask, since: 'x' })).toMatchObject({ is: 'refused', code: 'CURSOR_INVALID' });
    expect(await far().topics.ask({ ...ask, patterns: ['a b'] })).toMatchObject({ is: 'refused' });
  });

  test('tells who lived there under another name by which one, and nobody else', async () => {
    await renameAgent(still.rig.root, 'ann', 'eve');
    const ask: Ask = { as: 'ann', patterns: ['build'], since: 'start', most: 10 };
    expect(await far().topics.ask(ask)).toMatchObject({ is: 'refused', reason: expect.stringContaining('eve') });
    const other = await far('host-c').topics.ask(ask);
    expect(other).toMatchObject({ is: 'refused', code: 'FORBIDDEN' });
    expect(JSON.stringify(other)).not.toContain('eve');
  });

  test('notes once for each peer and reason what was denied, and what is only wrong not at all', async () => {
    const ask: Ask = { as: 'planner', patterns: ['build'], since: 'start', most: 10 };
    const [one, other] = [far(), far('host-c')];
    for (const { topics } of [one, one, other]) await topics.ask(ask);
    await other.topics.ask({ ...ask, as: 'ann' });
    await one.topics.ask({ ...ask, as: 'ann', since: 'x' });
    const tell = createTell(still.rig.root);
    for (let n = 0; n < 2; n++) await tell.ask(ask, 'host-a');
    const noted = await gather(listAudit(still.rig.root));
    const denied = { op: 'listen', result: 'denied', code: 'FORBIDDEN' };
    const why = (name: string, peer: string) => `${name} does not live at ${peer}, which asks in that name.`;
    expect(noted.reverse()).toMatchObject([
      { ...denied, by: 'planner', why: why('planner', 'host-a') },
      { ...denied, by: 'planner', why: why('planner', 'host-c') },
      { ...denied, by: 'ann', why: why('ann', 'host-c') },
      { ...denied, by: 'planner', why: why('planner', 'host-a') },
    ]);
  });

  test('warns of what is passed over also where the page is full, who listens and nobody else', async () => {
    await say('gone');
    await pass(10);
    await pruneTopic(still.rig.root, 'build', { olderThanMs: 1 });
    for (const body of ['one', 'spoilt', 'two', 'three']) await say(body);
    const ask: Ask = { as: 'ann', patterns: ['build'], since: 'start', most: 1 };
    const first = await far().topics.ask(ask);
    expect(first).toMatchObject({
      messages: [expect.stringContaining('"one"')],
      more: true,
      warnings: ['1 message published to build is not there any more and is passed over.'],
    });
    corruptOnce(still.rig.root);
    const { cursor } = first as Extract<Told, { is: 'heard' }>;
    expect(await far().topics.ask({ ...ask, since: cursor })).toMatchObject({
      messages: [expect.stringContaining('"two"')],
      more: true,
      warnings: [expect.stringContaining('cannot be read')],
    });
    expect(still.rig.warnings).toEqual([]);
  });

  test('rings whatever topic it is, until nobody listens', async () => {
    let rung = 0;
    const end = await createTell(still.rig.root).watch(() => rung++);
    await say('one', 'any.topic');
    await pass(100);
    expect(rung).toBeGreaterThan(0);
    await end();
    const before = rung;
    await say('two', 'any.topic');
    await pass(100);
    expect(rung).toBe(before);
  });
});

test('what was heard is as `listen` tells it', async () => {
  const id = await say('m');
  const [one] = await gather(listenFar(still.rig.root, far().topics, ['>'], { as: 'ann', since: 'start', count: 1 }));
  expect(one).toMatchObject({ topic: 'build', message: { id, topic: 'build', from: 'planner' } });
});

test.each(['{"n":12345678901234567890}', '{"b":1,"2":2,"1":3}', '{"a":1,"a":2}'])(
  'data is heard as it was written: %s',
  async (text) => {
    await publish(still.rig.root, 'build', { body: 'm', data: parseData(text, 'It') });
    const [one] = await gather(listenFar(still.rig.root, far().topics, ['>'], { as: 'ann', since: 'start', count: 1 }));
    expect(exactJson(one)).toContain(`"data":${text}`);
    const [local] = await gather(listen(still.rig.root, '>', { since: 'start', count: 1 }));
    expect(exactJson(one?.message)).toBe(exactJson(local?.message));
  },
);
