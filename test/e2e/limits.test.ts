import { expect } from 'vitest';
import { test, until } from './rig.ts';

test('eight processes that send as fast as they can send no more together than one agent may', async ({ rig }) => {
  const perMinute = 600;
  expect(await rig.dreamos(`agent register planner --set sendRate=${perMinute}`)).toMatchObject({ code: 0 });
  const beginsAt = Date.now();
  const input = { root: rig.root, from: 'planner', to: 'reviewer', until: beginsAt + 3000 };
  const ready = async (): Promise<number> =>
    Number((await rig.dreamos('status reviewer --json')).json[0]?.['ready'] ?? 0);
  const workers = Array.from({ length: 8 }, () => rig.worker('send-all-the-time.mjs', input));
  // Whoever is killed in the middle of it holds nobody up.
  await until('some are sent', async () => (await ready()) > 20);
  const [killed, ...others] = workers;
  await killed?.kill('SIGKILL');
  const ends = await Promise.all(others.map(({ ended }) => ended));
  const endsAt = Date.now();
  expect(ends.map(({ code, err }) => ({ code, err }))).toEqual(others.map(() => ({ code: 0, err: '' })));
  const all = await ready();
  expect(all).toBeLessThanOrEqual(perMinute + ((endsAt - beginsAt) * perMinute) / 60_000);
  // But for the one that was taken and not sent.
  expect(all).toBeGreaterThanOrEqual(perMinute - 1);
  const sums = ends.map(({ json: [line] }) => ({ sent: Number(line?.['sent']), limited: Number(line?.['limited']) }));
  expect(sums.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThanOrEqual(all);
  expect(sums.every(({ limited }) => limited > 0)).toBe(true);
});
