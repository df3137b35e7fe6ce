/**
 * Moves that are killed in the middle, while others send and ack, who open the root again wherever it is. Whatever the moment:
 * what was sent is there once, and what was acked is acked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { pause, test } from '../../e2e/rig.ts';
import { isForLong } from '../../projects.ts';

// A killed one's lock is waited for.
vi.setConfig({ testTimeout: 600_000 });
const rounds = isForLong ? 10 : 3;
const mostRounds = 30;
/** About as long as a move of this takes, from its first mark on. */
const wholeMs = 400;

test('kill -9 of a move, again and again, loses and doubles nothing that others send and ack', async ({
  bare: rig,
}) => {
  expect(await rig.dreamos('init planner builder')).toMatchObject({ code: 0 });
  const working = (from: string, reads: boolean) =>
    rig.worker('work-while-moved.mjs', { root: rig.root, from, to: 'builder', reads });
  const workers = [working('ann', false), working('bob', false), working('cy', true), working('dan', true)];
  await pause(500);
  expect(await rig.dreamos(`move --to file:${rig.dir}/to-0`)).toMatchObject({
    err: expect.stringContaining('stays until') as string,
    code: 0,
  });

  const marks = (which: RegExp): string =>
    [rig.dir, join(rig.dir, 'runtime')]
      .flatMap((dir) => readdirSync(dir))
      .filter((name) => which.test(name))
      .join(' ');
  /** Until there is one more of these, or it has ended. */
  const begun = async (ended: Promise<unknown>, which: RegExp): Promise<void> => {
    const before = marks(which);
    let isOver = false;
    void ended.then(() => (isOver = true));
    while (!isOver && marks(which) === before) await pause(1);
  };

  let killed = 0;
  let aborted = 0;
  const isEnough = (): boolean => killed > rounds / 4 && aborted > 0;
  for (let round = 1; round <= rounds || (!isEnough() && round <= mostRounds); round++) {
    const move = rig.start(['move', '--to', `file:${rig.dir}/to-${round}`]);
    // The first one as soon as it has frozen the root, which can be taken back then.
    await begun(move.ended, round === 1 ? /\.moved-/ : /\.(?:next|moved)-/);
    await pause(round === 1 ? 0 : Math.random() * wholeMs);
    const { signal, code, err } = await move.kill('SIGKILL');
    if (signal === 'SIGKILL') killed++;
    else expect({ code, err }).toMatchObject({ code: 0 });
    const how = round % 2 === 0 ? '--resume' : '--abort';
    const ended = await rig.dreamos(`move ${how}`);
    expect(ended).toMatchObject({ code: 0 });
    if (ended.out.includes('is where it was')) aborted++;
    await pause(300);
  }
  expect(killed, 'some were killed before their end').toBeGreaterThan(rounds / 4);
  expect(aborted, 'some were taken back').toBeGreaterThan(0);
  const ended = await Promise.all(workers.map((one) => one.kill('SIGTERM')));
  const said = ended.flatMap(({ out }) => out.split('\n').slice(0, -1));
  expect(said.filter((line) => line.startsWith('failed'))).toEqual([]);
  const sent = said.filter((line) => line.startsWith('sent ')).map((line) => line.slice(5));
  const acked = said.filter((line) => line.startsWith('acked ')).map((line) => line.slice(6));
  expect(sent.length).toBeGreaterThan(10 * rounds);
  expect(acked.length).toBeGreaterThan(10 * rounds);

  const list = async (state: string): Promise<string[]> => {
    const listed = await rig.dreamos(['list', 'builder', '--state', state, '--limit', '1000000', '--json']);
    expect(listed).toMatchObject({ code: 0, err: '' });
    return listed.json.map(({ message }) => (message as { body: string }).body);
  };
  const archived = new Set(await list('archived'));
  const all = await list('all');
  expect(new Set(all).size, 'each once').toBe(all.length);
  const there = new Set(all);
  expect(
    sent.filter((body) => !there.has(body)),
    'none lost',
  ).toEqual([]);
  expect(new Set(acked).size, 'none acked twice').toBe(acked.length);
  expect(acked.filter((body) => !archived.has(body))).toEqual([]);
  expect((await rig.dreamos('doctor --json')).code).toBe(0);
});
