import { expect, test, vi } from 'vitest';
import { keepLeases } from '../../../src/core/bridge/leases.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { must } from '../rig.ts';
import { createWorld } from './rig.ts';

const leaseMs = 600;

/** The clock of the root stands still; its timers do not. */
test('claims that are answered late are renewed, each, until then, and can be settled', async () => {
  const a = await createWorld();
  for (const body of ['one', 'two']) await a.send({ body });
  const claims = [must(await readNext(a.root, 'bob', { leaseMs })), must(await readNext(a.root, 'bob', { leaseMs }))];
  const renewals = (): number => a.events('bob').filter((event) => event === 'renewed').length;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const leases = keepLeases(a.root, claims);
    await vi.advanceTimersByTimeAsync(leaseMs / 3);
    expect(renewals()).toBe(0);
    await vi.advanceTimersByTimeAsync(leaseMs / 6);
    expect(renewals()).toBe(2);
    const receipts = await leases.end();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(renewals()).toBe(2);
    for (const receipt of receipts) await ack(a.root, receipt);
    expect(await a.entries('bob', 'archived')).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});

test('those that are answered soon are never renewed', async () => {
  const a = await createWorld();
  await a.send({});
  const claims = [must(await readNext(a.root, 'bob', { leaseMs }))];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const leases = keepLeases(a.root, claims);
    expect(await leases.end()).toEqual([claims[0]?.receipt]);
    await vi.advanceTimersByTimeAsync(10 * leaseMs);
    expect(vi.getTimerCount()).toBe(0);
    expect(a.events('bob')).not.toContain('renewed');
  } finally {
    vi.useRealTimers();
  }
});
