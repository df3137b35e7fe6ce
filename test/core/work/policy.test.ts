/** A policy that comes while a handler runs. */
import { expect, test, vi } from 'vitest';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Handler } from '../../../src/core/work/handle.ts';
import { work } from '../../../src/core/work/work.ts';
import type { Policy } from '../../../src/model/security/policy.ts';
import { useStillTime } from '../still-time.ts';

const still = useStillTime();
const all = { allow: { '*': ['*'] } };
const open: Policy = { roles: { all }, everyone: ['all'] };
const closed: Policy = { roles: { all }, everyone: [], agents: { planner: ['all'] } };

const set = (policy: Policy): Promise<unknown> => setPolicy(still.rig.as('planner'), policy);
const kinds = (): string[] => still.rig.mail.log.map(({ event }) => event);
const renewals = (): number => kinds().filter((kind) => kind === 'renewed').length;

test.each([
  ['where there was none', undefined],
  ['where there was another one', open],
])(
  'a handler whose mailbox may not be read any more holds it no longer, %s, and that is told once',
  async (_, before) => {
    if (before) await set(before);
    await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
    const reasons: unknown[] = [];
    const handler: Handler = async (_job, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push((signal.reason as Error).message);
    };
    const running = work(still.rig.as('reviewer'), 'reviewer', handler, { leaseMs: 3000, count: 1 });
    const ended = running.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5500);
    expect(renewals()).toBeGreaterThan(3);
    await set(closed);
    const until = renewals();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await ended).toMatchObject({ code: 'FORBIDDEN' });
    expect(renewals()).toBe(until);
    expect(reasons).toEqual(['A policy has come under which this message may not be read here.']);
    const told = still.rig.warnings.filter((one) => one.includes('is not renewed any more'));
    expect([told.length, still.rig.warnings.length]).toEqual([1, 1]);
    expect(kinds()).not.toContain('acked');
  },
);

test('one under which it may be read changes nothing', async () => {
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'x' });
  const handler: Handler = () => new Promise((resolve) => setTimeout(resolve, 20_000));
  const running = work(still.rig.as('reviewer'), 'reviewer', handler, { leaseMs: 3000, count: 1 });
  await vi.advanceTimersByTimeAsync(5500);
  await set(open);
  const until = renewals();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await running).toMatchObject({ acked: 1 });
  expect(renewals()).toBeGreaterThan(until + 10);
  expect(still.rig.warnings).toEqual([]);
});
