/** Real processes that make many tasks at once, die at it, and bring issues of beads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Line, type Rig, test, until } from './rig.ts';

const lines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** Layers of three, each of which waits for the whole layer before it. */
function layers(count: number): { key: string; title: string; dependsOn: string[] }[] {
  return Array.from({ length: count * 3 }, (_, i) => {
    const layer = Math.floor(i / 3);
    const before = layer === 0 ? [] : [0, 1, 2].map((one) => `k${(layer - 1) * 3 + one}`);
    return { key: `k${i}`, title: `t${i}`, dependsOn: before };
  });
}

const titlesOf = (tasks: readonly Line[]): string[] => tasks.map(({ title }) => String(title)).sort();

/** By title, in the order in which one agent does them. */
async function workOff(rig: Rig): Promise<string[]> {
  const { code, out } = await rig.shell(`set -e
    while line=$(dreamos task next --as reviewer --json -q); do
      id=$(echo "$line" | sed 's/.*"id":"\\([0-9A-Z]*\\)".*/\\1/')
      echo "$line" | sed 's/.*"title":"\\([^"]*\\)".*/\\1/'
      dreamos task done "$id" --as reviewer -q >/dev/null
    done`);
  expect(code).toBe(0);
  return out.trim().split('\n');
}

describe.concurrent('batches of tasks', () => {
  test('whoever is killed while he makes a batch completes it by making it again, and no task is stuck', async ({
    rig,
  }) => {
    const batch = layers(4);
    // Those behind wait for those before, which stand last in the file.
    writeFileSync(join(rig.dir, 'plan.jsonl'), lines(batch.toReversed()));
    const words = 'task create --batch plan.jsonl --dedupe-key plan --as planner --json';
    for (const afterMs of [60, 90, 120, 150, 180, 220, 260]) {
      const one = rig.start(words);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await one.kill('SIGKILL');
    }
    const made = await rig.dreamos(words);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(titlesOf(made.json)).toEqual(batch.map(({ title }) => title).sort());
    expect(titlesOf((await rig.dreamos('task list --json')).json)).toEqual(titlesOf(made.json));
    const done = await workOff(rig);
    expect(done.toSorted()).toEqual(titlesOf(made.json));
    for (const [i, title] of done.entries())
      for (const { dependsOn } of batch.filter((one) => one.title === title))
        for (const key of dependsOn) expect(done.indexOf(key.replace('k', 't'))).toBeLessThan(i);
  });

  test('the queue and the role of one who was killed before it had a card belong to nobody, and are made whole', async ({
    rig,
  }) => {
    for (const name of ['task-pool', 'task-pool.gpu', 'task-coordinator']) mkdirSync(rig.box(name));
    expect(await rig.dreamos('task create --title any --as planner')).toMatchObject({ code: 0 });
    expect(await rig.dreamos('task create --title gpu --requires gpu --as planner')).toMatchObject({ code: 0 });
    const coordinator = rig.start('coordinate --as planner');
    await until('the role', () => coordinator.lines().join().includes('planner coordinates'));
    await coordinator.kill('SIGTERM');
    const lists = (await rig.dreamos('agent list --json')).json.map(({ name }) => name);
    expect(lists).toEqual(['planner', 'reviewer']);
  });

  test('of several that make the same batch at once one makes it', async ({ rig }) => {
    writeFileSync(join(rig.dir, 'plan.jsonl'), lines(layers(3)));
    const words = 'task create --batch plan.jsonl --dedupe-key plan --as planner --json';
    const ended = await Promise.all([1, 2, 3].map(() => rig.dreamos(words)));
    const ids = ended.map(({ json }) => json.map(({ id }) => id));
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
    expect((await rig.dreamos('task list --json')).json).toHaveLength(9);
  });

  test('nothing of a batch is made if a line is wrong, and the line is told with its number', async ({ rig }) => {
    const stdin = `${lines([{ title: 'a' }])}\n{"title":"b","dependsOn":["nobody"]}\n`;
    const wrong = await rig.dreamos('task create --batch - --as planner', { stdin });
    expect(wrong).toMatchObject({ code: 4, out: '' });
    expect(wrong.err).toContain('Line 3: ');
    const half = await rig.dreamos('task create --batch - --as planner', { stdin: '{"title":"a"}\n{"title"' });
    expect(half).toMatchObject({ code: 6, out: '' });
    expect(half.err).toContain('Line 2: This line is not JSON');
    expect((await rig.dreamos('task list --all --json')).json).toEqual([]);
  });

  test('a circle is refused with its path', async ({ rig }) => {
    const stdin = lines([
      { key: 'a', title: 'a', dependsOn: ['b'] },
      { key: 'b', title: 'b', dependsOn: ['c'] },
      { key: 'c', title: 'c', dependsOn: ['a'] },
    ]);
    const refused = await rig.dreamos('task create --batch - --as planner --json', { stdin });
    expect(refused).toMatchObject({ code: 6, out: '' });
    expect(refused.err).toContain('a -> b -> c -> a');
  });

  test('a file of beads is imported once, worked off in its order, and exported with what came of it', async ({
    rig,
  }) => {
    const issues = [
      {
        id: 'bd-1',
        title: 'epic',
        status: 'open',
        priority: 0,
        dependencies: [on('bd-1', 'bd-1.1'), on('bd-1', 'bd-2')],
      },
      {
        id: 'bd-1.1',
        title: 'part',
        status: 'in_progress',
        priority: 4,
        dependencies: [on('bd-1.1', 'bd-1', 'parent-child')],
      },
      { id: 'bd-2', title: 'over', status: 'closed', priority: 1, closed_at: '2025-12-02T00:00:00Z' },
    ];
    writeFileSync(join(rig.dir, 'issues.jsonl'), lines(issues));
    const dry = await rig.dreamos('task import issues.jsonl --dry-run --as planner');
    expect(dry.err).toContain('A dry run, nothing was changed: 2 imported, 0 there before, 1 closed and left out');
    expect((await rig.dreamos('task import issues.jsonl --as planner')).err).toContain('2 imported, 0 there before');
    expect((await rig.dreamos('task import issues.jsonl --as planner')).err).toContain('0 imported, 2 there before');
    expect((await rig.dreamos('task export')).out).toBe(lines(issues.slice(0, 2)));
    expect(await workOff(rig)).toEqual(['part', 'epic']);
    const { json } = await rig.dreamos('task export --all');
    expect(json).toMatchObject([
      { id: 'bd-1', title: 'epic', status: 'closed', priority: 0 },
      { id: 'bd-1.1', title: 'part', status: 'closed', priority: 4 },
    ]);
  });

  test('what one root exports another one imports and exports again, byte for byte', async ({ rig, bare }) => {
    const batch = lines(layers(2));
    await rig.dreamos('task create --batch - --as planner', { stdin: batch });
    const { out } = await rig.dreamos('task export');
    expect(out.trim().split('\n')).toHaveLength(6);
    await bare.dreamos('init planner');
    const imported = await bare.dreamos('task import - --as planner', { stdin: out });
    expect(imported.err).toContain('6 imported');
    const again = await bare.dreamos('task export');
    expect(again.out).toBe(out);
  });
});

function on(id: string, depends_on_id: string, type = 'blocks'): object {
  return { issue_id: id, depends_on_id, type };
}
