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

test('a command that may not send yet says when it may, and the next one waits until then', async ({ rig }) => {
  // One in three seconds, of which the first twenty are there at once.
  await rig.dreamos('agent register planner --set sendRate=20');
  const lines = Array.from({ length: 20 }, (_, n) => JSON.stringify({ to: 'reviewer', body: String(n) })).join('\n');
  expect(await rig.dreamos('send --batch --as planner', { stdin: lines })).toMatchObject({ code: 0, err: '' });
  // A machine that is slow lets some of them come back meanwhile.
  const refused = await until('one is refused', async () => {
    const one = await rig.dreamos('send reviewer x --as planner --json');
    return one.code !== 0 && one;
  });
  expect(refused.code).toBe(5);
  expect(JSON.parse(refused.err)).toMatchObject({
    error: { code: 'LIMITED', message: expect.stringMatching(/the next may go at .*Z, in [123]s\.$/) as string },
  });
  expect(await rig.dreamos('send reviewer last --as planner --wait 20s')).toMatchObject({ code: 0, err: '' });
  expect((await rig.dreamos('resources show planner --json')).json).toMatchObject([
    { sends: { limit: 20 }, refused: { code: 'LIMITED' } },
  ]);
});
