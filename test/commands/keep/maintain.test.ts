import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { schemas } from '../../../src/contract/schemas.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function finished(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
}

const dayMs = 86_400_000;

test('maintain does what the settings say, a line each, and else says that nothing is to be done', async () => {
  await finished();
  const idle = await rig.dreamos('maintain');
  expect(idle).toMatchObject({ code: 0, out: '' });
  expect(idle.err).toContain('Nothing to do.');
  await rig.dreamos('agent register reviewer --set archiveDays=30 --set eventDays=30');
  await rig.sent('send reviewer hello --as planner --ttl 1h');
  rig.time.nowMs += 40 * dayMs;
  const { out } = await rig.dreamos('maintain reviewer --dry-run');
  expect(out.trimEnd().split('\n')).toEqual([
    'reviewer: 1 message that outlived its time-to-live: would be moved to the dead-letter queue',
    expect.stringMatching(/^reviewer: archive of 2026-11-20: 1 message would be removed, \d+ bytes$/),
    expect.stringMatching(/^reviewer: event log of 2026-11-20: would be removed, \d+ bytes$/),
  ]);
  const { json } = await rig.dreamos('maintain --json');
  expect(json.map(({ task }) => task)).toEqual(['expired', 'prune', 'events']);
  for (const line of json) expect(z.safeParse(schemas.maintain, line).success).toBe(true);
  expect((await rig.dreamos('maintain')).err).toContain('Nothing to do.');
  expect((await rig.dreamos('maintain nobody')).code).toBe(4);
});
