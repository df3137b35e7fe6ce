/**
 * A sender that is killed in the middle. When it dies is up to chance: in half of the rounds some time after its start,
 * in the others as soon as it is seen to write. Whatever the moment: after the next reader came by, each committed message
 * is in each of its mailboxes once, and an uncommitted one in none.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Rig, pause, type Running, test } from '../../e2e/rig.ts';

const agents = Array.from({ length: 50 }, (_, n) => `agent-${String(n).padStart(2, '0')}`);

test.concurrent(
  'a sender killed half way through a send to 50 mailboxes: all of them have the message, or none',
  async ({ bare: rig }) => {
    expect(await rig.dreamos(['init', 'planner', ...agents])).toMatchObject({ code: 0 });
    const outbox = join(rig.root, 'outbox');
    const started = performance.now();
    await rig.sent(['send', agents.join(), 'round 0', '--as', 'planner']);
    const wholeMs = performance.now() - started;

    const acknowledged = ['round 0'];
    const outcomes: number[] = [1];
    const rounds = 16;
    for (let round = 1; round <= rounds; round++) {
      const body = `round ${round}`;
      const sender = rig.start(['send', agents.join(), body, '--as', 'planner']);
      if (round % 2 === 0) await pause(Math.random() * wholeMs * 1.2);
      else await seen(sender, () => readdirSync(outbox).length > 0).then(() => pause((round % 5) * 4));
      if ((await sender.kill('SIGKILL')).out !== '') acknowledged.push(body);
      // The next reader; whoever it is, it finishes for all.
      const reader = agents[round % agents.length] ?? '';
      expect([0, 3]).toContain((await rig.dreamos(`read ${reader} --ack`)).code);
      outcomes.push((await deliveredTo(rig)) - outcomes.reduce((sum, n) => sum + n, 0));
    }
    expect(outcomes.every((n) => n === 0 || n === 1)).toBe(true);

    const committed = await bodiesOf(rig, agents[0] ?? '');
    expect(committed).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(committed).size, 'each once').toBe(committed.length);
    expect(committed.length).toBe(outcomes.reduce((sum, n) => sum + n, 0));
    // The same messages everywhere; every mailbox would be 50 commands, and the numbers of all are equal already.
    for (const agent of [agents[17], agents[49]])
      expect((await bodiesOf(rig, agent ?? '')).sort()).toEqual([...committed].sort());
    expect(
      readdirSync(outbox).filter((name) => !name.endsWith('.new')),
      'nothing is left to hand out',
    ).toEqual([]);
  },
);

test.concurrent(
  'a sender killed half way through a batch of 1,000: what it had committed is there once, and nothing of the rest',
  async ({ bare: rig }) => {
    expect(await rig.dreamos('init planner reviewer tester')).toMatchObject({ code: 0 });
    const boxes = ['reviewer', 'tester'];
    const tmp = join(rig.box('reviewer'), 'tmp');
    const batchOf = (round: number) =>
      Array.from({ length: 1000 }, (_, n) => {
        // One in a hundred goes to both, in the middle of the others.
        const to = n % 100 === 50 ? boxes : boxes[n % 2];
        return `${JSON.stringify({ to, body: `round ${round} line ${n} ${'x'.repeat(200)}` })}\n`;
      }).join('');
    const started = performance.now();
    const ids = [...(await rig.dreamos('send --batch --as planner', { stdin: batchOf(0) })).out.trim().split('\n')];
    const wholeMs = performance.now() - started;
    expect(ids.length).toBe(1000);

    const rounds = 8;
    for (let round = 1; round <= rounds; round++) {
      const sender = rig.start('send --batch --as planner', { stdin: batchOf(round) });
      if (round % 2 === 0) await pause(Math.random() * wholeMs);
      else
        await seen(sender, () => readdirSync(tmp).length > 0 || sender.lines().length > 0).then(() => pause(round * 3));
      const { out } = await sender.kill('SIGKILL');
      ids.push(...out.split('\n').slice(0, -1));
    }
    // The next reader of any mailbox.
    expect(await rig.dreamos('read reviewer --json')).toMatchObject({ code: 0 });

    const found = new Map<string, string[]>();
    for (const box of boxes) {
      const listed = await rig.dreamos(`list ${box} --json`);
      for (const { id, message } of listed.json) {
        found.set(id, [...(found.get(id) ?? []), box]);
        expect(message.body).toMatch(/^round \d line \d+ x{200}$/);
      }
    }
    for (const id of ids) expect(found.has(id), `${id} was acknowledged and is nowhere`).toBe(true);
    expect(found.size, 'some were killed before their end').toBeLessThan((rounds + 1) * 1000);
    const bodies = new Set<string>();
    for (const box of boxes) {
      for (const { message } of (await rig.dreamos(`list ${box} --json`)).json) {
        const to = message['to'] as string[];
        expect(found.get(message.id), `${message.id} is once in each of its mailboxes`).toEqual(to);
        bodies.add(message.body);
      }
    }
    expect(bodies.size, 'no line came twice under two ids').toBe(found.size);
    expect((await rig.dreamos('doctor --json')).code, 'doctor').toBe(0);
  },
);

/** Waits for the sender's first trace, or its end, looking as often as it can. */
async function seen(sender: Running, trace: () => boolean): Promise<void> {
  let over = false;
  void sender.ended.then(() => {
    over = true;
  });
  while (!over && !trace()) await new Promise(setImmediate);
}

/** How many messages each of the 50 has had. @throws when they differ */
async function deliveredTo(rig: Rig): Promise<number> {
  const { json } = await rig.dreamos(['status', ...agents, '--json']);
  const counts = json.map((one) => Number(one['ready']) + Number(one['inflight']) + Number(one['archived']));
  expect(json.length).toBe(agents.length);
  expect(new Set(counts).size, `in some mailboxes only: ${counts.join(' ')}`).toBe(1);
  return counts[0] ?? 0;
}

async function bodiesOf(rig: Rig, agent: string): Promise<string[]> {
  return (await rig.dreamos(['list', agent, '--state', 'all', '--json'])).json.map(({ message }) => message.body);
}
