import { describe, expect, it } from 'vitest';
import { totals, windowOf } from '../../../src/core/metrics/totals.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { createCoreRig, must } from '../rig.ts';

describe('what is counted', () => {
  it('tells of each mailbox what happened in it, and goes on counting', async () => {
    const { root, as } = await createCoreRig();
    const before = (await totals(root)).get('reviewer');
    expect(before?.events).toEqual({});
    for (let round = 1; round <= 3; round++) {
      await send(root, { to: ['reviewer'], type: 'task', body: 'x' });
      const { receipt } = must(await readNext(as('reviewer'), 'reviewer'));
      await ack(as('reviewer'), receipt);
      const all = await totals(root);
      expect([...all.keys()]).toEqual(['Builder', 'planner', 'reviewer']);
      expect(all.get('reviewer')).toMatchObject({
        events: { delivered: round, claimed: round, acked: round },
        arrived: round,
        ackedFirst: round,
        types: { task: round },
        senders: { planner: round },
        consumers: { reviewer: { claimed: round, acked: round, failed: 0 } },
      });
    }
  });

  it('tells of a time only what happened in it, by whole minutes', async () => {
    const { root, clock } = await createCoreRig();
    const start = Math.ceil(clock.now() / 60_000) * 60_000;
    for (let minute = 0; minute < 5; minute++) {
      clock.advance(start + minute * 60_000 + 30_000 - clock.now());
      await send(root, { to: ['reviewer'], body: 'x' });
    }
    const arrived = async (since: number, until: number): Promise<number> =>
      (await windowOf(root, 'reviewer', since, until)).arrived;
    expect(await arrived(start, start + 300_000)).toBe(5);
    expect(await arrived(start + 60_000, start + 180_000)).toBe(2);
    expect(await arrived(start + 60_001, start + 180_001)).toBe(3);
    expect(await arrived(start + 300_000, start + 400_000)).toBe(0);
  });
});
