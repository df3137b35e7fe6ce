/** Durations, bytes, days and moments as people write them. */
import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test.each([
  ['archiveDays 30d', 30],
  ['eventDays 48h', 2],
  ['maxBytes 10MB', 10_000_000],
  ['archiveBytes 1GiB', 1_073_741_824],
  ['maxMessageBytes 64KiB', 65_536],
  ['lease 1h30m', '1h30m'],
])('config set %s tells what it took', async (words, value) => {
  const [key = ''] = words.split(' ');
  expect((await rig.dreamos(`config set ${words}`)).out).toBe(`${key} = ${value} (config, version 1)\n`);
  expect((await rig.dreamos(`config get ${key} --json`)).json).toEqual([{ key, value, source: 'config' }]);
});

test('a card and the environment take units, too', async () => {
  expect((await rig.dreamos('agent register reviewer --set maxBytes=10MB --set archiveDays=30d')).code).toBe(0);
  const { json } = await rig.dreamos('agent show reviewer --json');
  expect(json[0]).toMatchObject({ settings: { maxBytes: 10_000_000, archiveDays: 30 } });
  const { out } = await rig.dreamos('config get archiveDays', { env: { DREAMOS_ARCHIVE_DAYS: '7d' } });
  expect(out).toBe('7\n');
});

test.each([
  ['archiveDays 36h', 'a whole number of days from 0 on, also 30d, or none'],
  ['archiveDays 10MB', 'a whole number of days from 0 on, also 30d, or none'],
  ['maxBytes 30d', 'a whole number of bytes from 1 on, also 10MB (10000000) or 10MiB (10485760), or none'],
  ['maxBytes 10M', 'a whole number of bytes from 1 on'],
  ['maxMessages 1kB', 'a whole number from 1 on, or none'],
  ['lease 30m1h', 'a duration of at least 100ms'],
])('config set %s is refused and says what is allowed', async (words, allowed) => {
  const { code, err } = await rig.dreamos(`config set ${words}`);
  expect(code).toBe(6);
  expect(err).toContain(`Allowed: ${allowed}`);
});

test('a duration of several units is taken as an option and in a batch', async () => {
  await rig.dreamos('send reviewer hello --as planner --ttl 1h30m');
  await rig.dreamos('send --batch --as planner', { stdin: '{"to":"reviewer","body":"b","ttl":"1h30m"}' });
  const { json } = await rig.dreamos('list reviewer --json');
  for (const { message } of json) expect(message).toMatchObject({ expiresAt: '2026-11-20T10:30:00.000Z' });
  const late = await rig.dreamos('send reviewer hello --as planner --until acked --wait 1ms --delay 1m30s');
  expect(late.err).toContain('within 1ms it was not acked');
  expect((await rig.dreamos('archive prune reviewer --keep-bytes 1MB --dry-run')).code).toBe(0);
  expect((await rig.dreamos('archive prune reviewer --keep-bytes 1zb')).code).toBe(2);
});

test('--at without a zone says which moment it understood', async () => {
  const told = 'Delivered from 2026-11-21T09:00Z on, in 1d: a time without a zone is UTC.\n';
  const line = 'send reviewer hello --as planner --at';
  expect((await rig.dreamos(`${line} 2026-11-21T09:00`)).err).toBe(told);
  expect((await rig.dreamos(`${line} 2026-11-21T09:00 --dry-run`)).err).toContain(told);
  expect((await rig.dreamos(`${line} 2026-11-21T09:00 --quiet`)).err).toBe('');
  expect((await rig.dreamos(`${line} 2026-11-21T09:00 --json`)).err).toBe('');
  for (const zone of ['Z', '+01:00']) expect((await rig.dreamos(`${line} 2026-11-21T12:00${zone}`)).err).toBe('');
  const id = await rig.sent();
  expect((await rig.dreamos(['reply', id, 'yes', '--as', 'reviewer', '--at', '2026-11-21 09:00'])).err).toBe(told);
});
