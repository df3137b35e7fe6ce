import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Ask, CarrierDown, type FarTopics, type Told } from '../../../src/carriers/port.ts';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { listenFar, type ListenFarOptions } from '../../../src/core/bridge/listen-far.ts';
import { createTell } from '../../../src/core/bridge/tell.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { pruneTopic } from '../../../src/core/topics/topics.ts';
import { expectRefusal, gather } from '../rig.ts';
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
    restMs: 15_000,
    trouble: undefined as string | undefined,
  };
  let hint: () => void = () => undefined;
  let answer: Told | undefined;
  const tell = createTell(still.rig.root);
  const topics: FarTopics = {
    words: 'tcp://host-b:5555',
    ask: async (ask) => {
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
    expect(await far().topics.ask({ ...ask, as: 'nobody' })).toMatchObject({ is: 'refused', code: 'AGENT_NOT_FOUND' });
    expect(await far().topics.ask({ ...ask, since: 'x' })).toMatchObject({ is: 'refused', code: 'CURSOR_INVALID' });
    expect(await far().topics.ask({ ...ask, patterns: ['a b'] })).toMatchObject({ is: 'refused' });
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
