/** Real processes that wait at the same time, and schedules that come each second. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Bench, filesIn, idle, test, until } from './rig.ts';

const add = (bench: Bench, name: string, cron: string, to = 'reviewer') =>
  bench.dreamos(['schedule', 'add', name, cron, to, 'tick', '--as', 'planner', '--json']);

interface Sent {
  readonly keys: string[];
  readonly seconds: number[];
}

/** The occurrences that were sent to the reviewer, by the keys of the messages. */
async function sent(bench: Bench): Promise<Sent> {
  const { json } = await bench.dreamos('list reviewer --state all --json');
  const keys = json.map(({ message }) => String(message['dedupeKey']));
  const seconds = keys.map((key) => Date.parse(key.split(':').slice(3).join(':')) / 1000).sort((a, b) => a - b);
  return { keys, seconds };
}

describe.concurrent('schedules', () => {
  test('two that watch send each second once', async ({ bench }) => {
    expect((await add(bench, 'tick', '* * * * * *')).code).toBe(0);
    const watchers = [bench.start('watch reviewer --json'), bench.start('watch planner --json')];
    await until('five were sent', () => (watchers[0]?.lines().length ?? 0) >= 5);
    for (const watcher of watchers) expect(await watcher.kill('SIGTERM')).toMatchObject({ err: '' });
    const { keys, seconds } = await sent(bench);
    expect(new Set(keys).size).toBe(keys.length);
    // Between the first and the last of them there is one for each second; on a loaded machine some may be missed.
    const span = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0) + 1;
    expect(keys.length).toBeLessThanOrEqual(span);
    expect(keys.length).toBeGreaterThanOrEqual(Math.min(5, span));
  });

  test('watchers that are killed again and again leave each second sent once', async ({ bench }) => {
    await add(bench, 'tick', '* * * * * *');
    const steady = bench.start('watch reviewer --json');
    for (let i = 0; i < 4; i++) {
      const doomed = bench.start('watch planner --json');
      const before = steady.lines().length;
      await until('one more was sent', () => steady.lines().length > before);
      await doomed.kill('SIGKILL');
    }
    await steady.kill('SIGTERM');
    const { keys } = await sent(bench);
    expect(keys.length).toBeGreaterThanOrEqual(4);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('who waits with read gets what was missed, once', async ({ bench }) => {
    await add(bench, 'yearly', '0 0 1 1 *');
    const path = join(bench.root, 'schedules.json');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"createdAt": ".*?"/, '"createdAt": "2020-06-01T00:00:00.000Z"'),
    );
    // One that does not wait has nothing to do with it.
    expect((await bench.dreamos('read reviewer')).code).toBe(3);
    const { json } = await bench.dreamos('read reviewer --wait 20s --json');
    const thisYear = `${new Date().getUTCFullYear()}-01-01T00:00:00.000Z`;
    expect(json).toMatchObject([{ message: { from: 'planner', body: 'tick' } }]);
    expect(String(json[0]?.message['dedupeKey'])).toMatch(new RegExp(`^schedule:yearly:.*:${thisYear}$`));
    expect((await bench.dreamos('read reviewer --wait 100ms')).code).toBe(3);
    expect((await bench.dreamos('schedule list --json')).json).toMatchObject([{ lastAt: thisYear }]);
    expect((await bench.dreamos('doctor')).code).toBe(0);
  });

  test('a schedules.json that nobody can read keeps nobody from his mail, and doctor tells of it', async ({
    bench,
  }) => {
    writeFileSync(join(bench.root, 'schedules.json'), '{"schedules":[', { mode: 0o600 });
    const reader = bench.start('read reviewer --wait 20s');
    await idle(reader);
    await bench.sent('send reviewer hello --as planner');
    const ended = await reader.ended;
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('Warning: Schedules send nothing now:');
    const found = await bench.dreamos('doctor --json');
    expect(found.code).toBe(6);
    expect(found.json).toContainEqual(expect.objectContaining({ rule: 'schedule', level: 'problem' }));
    expect((await add(bench, 'x', '@daily')).code).toBe(6);
    expect(readFileSync(join(bench.root, 'schedules.json'), 'utf8')).toBe('{"schedules":[');
  });

  test('where there is no schedule, nothing is written and nothing loaded for one', async ({ bench }) => {
    await bench.dreamos('watch --wait 300ms');
    await bench.dreamos('read reviewer --wait 100ms');
    expect(filesIn(bench.root).filter((name) => name.startsWith('schedules'))).toEqual([]);
    const script = `
      trap 'rm -f loaded.cjs' EXIT
      echo "process.on('exit', () => { if (Object.keys(require.cache).some((p) => p.includes('croner'))) console.error('LOADED'); })" > loaded.cjs
      NODE_OPTIONS="--require $PWD/loaded.cjs" dreamos watch --wait 300ms
      NODE_OPTIONS="--require $PWD/loaded.cjs" dreamos schedule add x @daily reviewer y --as planner`;
    const { err } = await bench.shell(script);
    // Once, by the one that adds.
    expect(err.match(/LOADED/g)).toHaveLength(1);
  });
});
