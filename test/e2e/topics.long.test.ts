/** Topics between real processes: listeners hear by push, and a killed publisher leaves everybody or nobody. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, idle, type Line, parseLines, pause, test, until } from './rig.ts';

const bodies = (lines: readonly Line[]): string[] => lines.map(({ message }) => message.body);
const asPlanner = { env: { DREAMOS_AGENT: 'planner' } };

async function publish(rig: Rig, topic: string, body: string): Promise<string> {
  return rig.sent(['publish', topic, body], asPlanner);
}

/** What a topic's log holds, the oldest first. */
async function logged(rig: Rig, topic: string): Promise<{ id: string; body: string }[]> {
  const [shown] = (await rig.dreamos(`topics show ${topic} -n 1000 --json`)).json;
  const recent = (shown?.['recent'] ?? []) as { id: string; body: string }[];
  return recent.reverse();
}

describe.concurrent('topics', () => {
  test('listeners hear each message once and at once, also of topics that appear later', async ({ rig }) => {
    const listeners = ['build.*', '>'].map((pattern) => rig.start(['listen', pattern, '--json']));
    for (const listener of listeners) await idle(listener);
    const topics = ['build.one', 'build.two', 'other.three', 'build.one', 'build.four'];
    for (const [i, topic] of topics.entries()) {
      await publish(rig, topic, `${i}`);
      // One after the other: between two topics the order is that of their clocks.
      const wanted = topics.slice(0, i + 1);
      await until('it is heard', () => (listeners[1]?.lines().length ?? 0) >= wanted.length);
      const builds = wanted.filter((name) => name.startsWith('build.')).length;
      await until('it is heard', () => (listeners[0]?.lines().length ?? 0) >= builds);
    }
    await pause(300);
    const [builds = [], all = []] = listeners.map((listener) => parseLines(listener.lines().join('\n')));
    expect(bodies(all)).toEqual(['0', '1', '2', '3', '4']);
    expect(bodies(builds)).toEqual(['0', '1', '3', '4']);
    for (const listener of listeners) expect(await listener.kill('SIGTERM')).toMatchObject({ code: 143, err: '' });
  });

  test('a repeat to a group that has grown since is one, and to another one not', async ({ rig }) => {
    const send = ['send', '@crew', 'Standup', '--as', 'planner', '--dedupe-key', 'standup'];
    await rig.dreamos('agent register reviewer --group crew');
    const id = await rig.sent(send);
    await rig.dreamos('agent register worker --group crew');
    const { code, out, err } = await rig.dreamos(send);
    expect([code, out.trim()]).toEqual([0, id]);
    expect(err).toContain('It is ready in reviewer.');
    const other = await rig.dreamos(send.with(1, 'worker,@crew'));
    expect(other.code).toBe(5);
    expect(other.err).toContain(`was used before by planner for the same message to other recipients, ${id}.`);
  });

  test('a listener that is killed again and again goes on with --since @file, without gap or repeat', async ({
    rig,
  }) => {
    const count = 40;
    const publisher = rig.startShell(
      `for i in $(seq 1 ${count}); do dreamos publish build.$((i % 3)) "$i" --as planner --durability relaxed; done`,
    );
    const file = join(rig.dir, 'heard.jsonl');
    for (let round = 0; round < 4; round++) {
      const listener = rig.startShell("exec dreamos listen '>' --json --since @heard.jsonl >> heard.jsonl");
      await pause(300 + Math.random() * 300);
      await listener.kill('SIGKILL');
    }
    expect(await publisher.ended).toMatchObject({ code: 0 });
    const rest = await rig.shell("dreamos listen '>' --json --since @heard.jsonl --wait 500ms >> heard.jsonl");
    expect([0, 3]).toContain(rest.code);
    // A line that was cut by the kill has nothing behind it on its own line; its message comes again.
    const whole = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'));
    const heard = whole.flatMap((line) => {
      try {
        return [JSON.parse(line.slice(line.lastIndexOf('{"cursor"'))) as Line];
      } catch {
        return [];
      }
    });
    const numbers = bodies(heard).map(Number);
    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(numbers).toHaveLength(count);
  });

  test('of publishers that are killed with SIGKILL each message is in the log and with all subscribers, or nowhere', async ({
    rig,
  }) => {
    for (const name of ['planner', 'reviewer', 'third']) {
      await rig.dreamos(`agent register ${name}`);
      expect(await rig.dreamos(['subscribe', 'build.>', '--as', name])).toMatchObject({ code: 0 });
    }
    const told: string[] = [];
    let killed = 0;
    const publishers = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        const one = rig.start(['publish', 'build.x.y', `${round}`], asPlanner);
        await pause(40 + Math.random() * 80);
        const { out, signal } = await one.kill('SIGKILL');
        if (out.trim() !== '') told.push(out.trim());
        else if (signal === 'SIGKILL') killed++;
      }
    };
    await Promise.all([publishers(), publishers()]);
    await publish(rig, 'build.x.y', 'last');
    const log = (await logged(rig, 'build.x.y')).map(({ id }) => id).sort();
    expect(new Set(log).size).toBe(log.length);
    expect(log).toEqual(expect.arrayContaining(told));
    expect(killed, 'some were killed before they were done').toBeGreaterThan(0);
    for (const name of ['planner', 'reviewer', 'third']) {
      const got = (await rig.dreamos(`read ${name} -n 1000 --json`)).json.map(({ message }) => message.id);
      expect(got.sort(), name).toEqual(log);
    }
    expect(await rig.dreamos('doctor')).toMatchObject({ code: 0 });
  });

  test('what is published under a key again after a kill is there once', async ({ rig }) => {
    await rig.dreamos(['subscribe', '>', '--as', 'reviewer']);
    for (let round = 0; round < 8; round++) {
      const words = ['publish', 'nightly', `${round}`, '--dedupe-key', `k${round}`];
      await pause(20);
      const doomed = rig.start(words, asPlanner);
      await pause(40 + Math.random() * 80);
      await doomed.kill('SIGKILL');
      await rig.sent(words, asPlanner);
    }
    const all = Array.from({ length: 8 }, (_, i) => `${i}`);
    expect((await logged(rig, 'nightly')).map(({ body }) => body)).toEqual(all);
    expect(bodies((await rig.dreamos('read reviewer -n 100 --json')).json)).toEqual(all);
  });
});
