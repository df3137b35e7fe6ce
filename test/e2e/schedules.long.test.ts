/** Real processes that wait at the same time, and schedules that come each second. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, filesIn, test, until } from './rig.ts';

const add = (rig: Rig, name: string, cron: string, to = 'reviewer') =>
  rig.dreamos(['schedule', 'add', name, cron, to, 'tick', '--as', 'planner', '--json']);

interface Sent {
  readonly keys: string[];
  readonly seconds: number[];
}

/** The occurrences that were sent to the reviewer, by the keys of the messages. */
async function sent(rig: Rig): Promise<Sent> {
  const { json } = await rig.dreamos('list reviewer --state all --json');
  const keys = json.map(({ message }) => String(message['dedupeKey']));
  const seconds = keys.map((key) => Date.parse(key.split(':').slice(3).join(':')) / 1000).sort((a, b) => a - b);
  return { keys, seconds };
}

describe.concurrent('schedules', () => {
  test('two that watch send each second once', async ({ rig }) => {
    expect((await add(rig, 'tick', '* * * * * *')).code).toBe(0);
    const watchers = [rig.start('watch reviewer --json'), rig.start('watch planner --json')];
    await until('five were sent', () => (watchers[0]?.lines().length ?? 0) >= 5);
    for (const watcher of watchers) expect(await watcher.kill('SIGTERM')).toMatchObject({ err: '' });
    const { keys, seconds } = await sent(rig);
    expect(new Set(keys).size).toBe(keys.length);
    // Between the first and the last of them there is one for each second; on a loaded machine some may be missed.
    const span = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0) + 1;
    expect(keys.length).toBeLessThanOrEqual(span);
    expect(keys.length).toBeGreaterThanOrEqual(Math.min(5, span));
  });

  test('watchers that are killed again and again leave each second sent once', async ({ rig }) => {
    await add(rig, 'tick', '* * * * * *');
    const steady = rig.start('watch reviewer --json');
    for (let i = 0; i < 4; i++) {
      const doomed = rig.start('watch planner --json');
      const before = steady.lines().length;
      await until('one more was sent', () => steady.lines().length > before);
      await doomed.kill('SIGKILL');
    }
    await steady.kill('SIGTERM');
    const { keys } = await sent(rig);
    expect(keys.length).toBeGreaterThanOrEqual(4);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('who waits with read gets what was missed, once', async ({ rig }) => {
    await add(rig, 'yearly', '0 0 1 1 *');
    const path = join(rig.root, 'schedules.json');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"createdAt": ".*?"/, '"createdAt": "2020-06-01T00:00:00.000Z"'),
    );
    // One that does not wait has nothing to do with it.
    expect((await rig.dreamos('read reviewer')).code).toBe(3);
    const { json } = await rig.dreamos('read reviewer --wait 20s --json');
    const thisYear = `${new Date().getUTCFullYear()}-01-01T00:00:00.000Z`;
    expect(json).toMatchObject([{ message: { from: 'planner', body: 'tick' } }]);
    expect(String(json[0]?.message['dedupeKey'])).toMatch(new RegExp(`^schedule:yearly:.*:${thisYear}$`));
    expect((await rig.dreamos('read reviewer --wait 100ms')).code).toBe(3);
    expect((await rig.dreamos('schedule list --json')).json).toMatchObject([{ lastAt: thisYear }]);
    expect((await rig.dreamos('doctor')).code).toBe(0);
  });

  test('a schedules.json that nobody can read keeps nobody from his mail, and doctor tells of it', async ({ rig }) => {
    writeFileSync(join(rig.root, 'schedules.json'), '{"schedules":[', { mode: 0o600 });
    const reader = rig.start('read reviewer --wait 20s');
    await until('it has looked at the schedules', () => reader.err().includes('Schedules'));
    await rig.sent('send reviewer hello --as planner');
    const ended = await reader.ended;
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('Warning: Schedules send nothing now:');
    const found = await rig.dreamos('doctor --json');
    expect(found.code).toBe(6);
    expect(found.json).toContainEqual(expect.objectContaining({ rule: 'schedule', level: 'problem' }));
    expect((await add(rig, 'x', '@daily')).code).toBe(6);
    expect(readFileSync(join(rig.root, 'schedules.json'), 'utf8')).toBe('{"schedules":[');
  });

  test('where there is no schedule, nothing is written and nothing loaded for one', async ({ rig }) => {
    await rig.dreamos('watch --wait 300ms');
    await rig.dreamos('read reviewer --wait 100ms');
    expect(filesIn(rig.root).filter((name) => name.startsWith('schedules'))).toEqual([]);
    const script = `
      trap 'rm -f loaded.cjs' EXIT
      echo "process.on('exit', () => { if (Object.keys(require.cache).some((p) => p.includes('croner'))) console.error('LOADED'); })" > loaded.cjs
      NODE_OPTIONS="--require $PWD/loaded.cjs" dreamos watch --wait 300ms
      NODE_OPTIONS="--require $PWD/loaded.cjs" dreamos schedule add x @daily reviewer y --as planner`;
    const { err } = await rig.shell(script);
    // Once, by the one that adds.
    expect(err.match(/LOADED/g)).toHaveLength(1);
  });
});
