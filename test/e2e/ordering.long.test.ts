import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type Rig, parseLines, pause, type Running, test, until } from './rig.ts';

// Some seconds on two idle cores; the rest is for machines that are busy with other things.
const patienceMs = 120_000;
vi.setConfig({ testTimeout: patienceMs });

const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`);
const each = 20;
const consumers = 8;
const kills = 8;
const leaseMs = 1000;

test('of each ordering key one message is out at a time and they come in order, while 8 processes take, give back and are killed', async ({
  rig,
}) => {
  expect(await rig.dreamos('config set maxAttempts 1000')).toMatchObject({ code: 0 });
  const running = Array.from({ length: consumers }, (_, n) => startConsumer(rig, `${n}`));
  // Two senders, so that some keys are still being sent to while others are worked on.
  const senders = [keys.slice(0, 10), keys.slice(10)].map((own) => {
    const lines = Array.from({ length: each }, (_, n) => own.map((orderingKey) => ({ orderingKey, body: `${n}` })));
    const stdin = lines.flat().map((line) => `${JSON.stringify(line)}\n`);
    return rig.start('send reviewer --batch --json --as planner', { stdin: stdin.join('') });
  });
  const sent = (await Promise.all(senders.map(({ ended }) => ended))).map(({ code, json }, s) => {
    expect(code).toBe(0);
    return json.map(({ id }, i) => ({ id, key: keys[s * 10 + (i % 10)] ?? '' }));
  });

  const names = running.map((_, n) => `${n}`);
  const killedAt = new Map<string, number>();
  for (let kill = 0; kill < kills; kill++) {
    await pause(100 + Math.random() * 200);
    const victim = kill % consumers;
    killedAt.set(names[victim] ?? '', Date.now());
    names[victim] = `${victim}-${kill}`;
    await running[victim]?.kill('SIGKILL');
    running[victim] = startConsumer(rig, `${victim}-${kill}`);
  }
  await until('all are settled', () => settled(rig) === keys.length * each, patienceMs);
  for (const { err } of await Promise.all(running.map((consumer) => consumer.kill('SIGTERM')))) expect(err).toBe('');

  expectOneAtATime(rig, killedAt);
  const came = firstClaims(rig);
  for (const key of keys) {
    const ids = sent.flat().flatMap((one) => (one.key === key ? [one.id] : []));
    expect(ids).toHaveLength(each);
    expect(came.filter((id) => ids.includes(id))).toEqual(ids);
  }
  const [status] = (await rig.dreamos('status reviewer --json')).json;
  expect(status).toMatchObject({ ready: 0, inflight: 0, delayed: 0, corrupt: 0 });
});

function startConsumer(rig: Rig, name: string): Running {
  const log = join(rig.dir, `held-${name}.jsonl`);
  return rig.worker('ordered.mjs', { root: rig.root, mailbox: 'reviewer', log, leaseMs, workMs: 10 });
}

function settled(rig: Rig): number {
  const box = rig.box('reviewer');
  const dead = readdirSync(`${box}/dlq`).filter((name) => !name.includes('.reason.')).length;
  return readdirSync(`${box}/archive`).reduce(
    (count, day) => count + readdirSync(`${box}/archive/${day}`).length,
    dead,
  );
}

/** In the order of the event log: when each message was first claimed. */
function firstClaims(rig: Rig): string[] {
  const events = `${rig.box('reviewer')}/events`;
  const lines = readdirSync(events)
    .sort()
    .flatMap((day) => parseLines(readFileSync(`${events}/${day}`, 'utf8')));
  return [...new Set(lines.filter(({ event }) => event === 'claimed').map(({ id }) => id))];
}

interface Held {
  readonly key: string;
  readonly from: number;
  /** Until it was about to be settled, its consumer was killed, or its lease was over. */
  to: number;
}

/** From what the consumers wrote down: nobody held a message while somebody else held one of its key. */
function expectOneAtATime(rig: Rig, killedAt: ReadonlyMap<string, number>): void {
  const held = new Map<string, Held>();
  for (const name of readdirSync(rig.dir).filter((file) => file.startsWith('held-'))) {
    const end = killedAt.get(name.slice('held-'.length, -'.jsonl'.length)) ?? Infinity;
    // A killed process may leave half a line, of something that it had not done yet.
    const whole = readFileSync(join(rig.dir, name), 'utf8').split('\n').slice(0, -1).join('\n');
    for (const line of parseLines(whole) as unknown as Record<string, string & number>[]) {
      const { at = 0, claimed, settling, key = '', leaseUntil = 0 } = line;
      if (claimed !== undefined) held.set(claimed, { key, from: at, to: Math.min(end, leaseUntil) });
      const claim = held.get(settling ?? '');
      if (claim) claim.to = Math.min(at, claim.to);
    }
  }
  expect(held.size).toBeGreaterThan(keys.length * each);
  for (const key of keys) {
    const inOrder = [...held.values()]
      .filter((claim) => claim.key === key)
      .sort((a, b) => a.from - b.from || a.to - b.to);
    for (const [i, next] of inOrder.entries()) {
      expect(next.from, `two of ${key} at once`).toBeGreaterThanOrEqual(inOrder[i - 1]?.to ?? 0);
    }
  }
}
