import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function life(): Promise<string> {
  const id = await rig.sent(['send', 'reviewer', 'hello', '--as', 'planner', '--subject', 'A; "b" <c> #d']);
  rig.time.nowMs += 2000;
  const receipt = await rig.claimed();
  rig.time.nowMs += 3000;
  await rig.dreamos(['nack', receipt, '--reason', 'red', '--delay', '0', '--as', 'worker;end']);
  return id;
}

test('trace is a timeline', async () => {
  const id = await life();
  const { out, err } = await rig.dreamos(`trace ${id}`);
  expect(err).toBe('');
  expect(out).toBe(`${id}  from planner to reviewer: A; "b" <c> #d

2026-11-20T09:00:00.000Z    +0ms  reviewer    delivered
2026-11-20T09:00:02.000Z     +2s  reviewer    claimed by reviewer, attempt 1, after 2s
2026-11-20T09:00:05.000Z     +5s  reviewer    nacked by worker;end, attempt 1, held 3s (red)

Now: ready in reviewer
`);
});

test('trace --mermaid is a sequence diagram in which no name can do harm', async () => {
  const { out } = await rig.dreamos(`trace ${await life()} --mermaid`);
  expect(out).toBe(`sequenceDiagram
    participant p0 as planner
    participant p1 as reviewer
    p0->>p1: delivered A#59; #34;b#34; #60;c#62; #35;d
    Note over p1: claimed, attempt 1, after 2s
    Note over p1: nacked, by worker#59;end, attempt 1, held 3s, (red)
`);
});

test('trace --json is an object an event; what the log lost is a warning', async () => {
  const id = await life();
  const { json } = await rig.dreamos(`trace ${id} --json`);
  expect(json).toMatchObject([
    { event: 'delivered', sinceStartMs: 0, sinceLastMs: null },
    { event: 'claimed', sinceStartMs: 2000, sinceLastMs: 2000 },
    { event: 'nacked', heldMs: 3000, reason: 'red' },
  ]);
  const { code, err } = await rig.dreamos('trace 01JD3Y6Q0V8M5T2B7K9XWZ4RCE');
  expect(code).toBe(4);
  expect(err).toContain('There is no message');
  expect((await rig.dreamos(`trace ${id} --json --mermaid`)).code).toBe(2);
  expect((await rig.dreamos('trace hello')).code).toBe(2);
});
