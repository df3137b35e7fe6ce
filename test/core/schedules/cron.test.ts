import { expect, test } from 'vitest';
import { parseCron } from '../../../src/core/schedules/cron.ts';
import { expectRefusal } from '../rig.ts';

async function following(line: string, tz: string, after: string, count: number): Promise<string[]> {
  const cron = await parseCron(line, tz);
  const found: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (found.length < count && (at = cron.next(at)) !== undefined)
    found.push(new Date(at).toISOString().slice(0, 19));
  return found;
}

test('a line is UTC unless a zone is given', async () => {
  expect(await following('0 3 * * *', 'UTC', '2026-11-20T09:00Z', 2)).toEqual([
    '2026-11-21T03:00:00',
    '2026-11-22T03:00:00',
  ]);
  expect(await following('0 3 * * *', 'Europe/Berlin', '2026-11-20T09:00Z', 1)).toEqual(['2026-11-21T02:00:00']);
  expect(await following('0 3 * * *', 'America/New_York', '2026-11-20T09:00Z', 1)).toEqual(['2026-11-21T08:00:00']);
});

test.each([
  ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00Z', ['2027-03-28T01:00:00', '2027-03-29T00:30:00']],
  ['America/New_York', '30 2 * * *', '2027-03-13T12:00Z', ['2027-03-14T07:00:00', '2027-03-15T06:30:00']],
])('%s puts its clocks forward: a fixed time in the gap comes right after it', async (tz, line, after, expected) => {
  expect(await following(line, tz, after, 2)).toEqual(expected);
});

test.each([
  ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30:00', '2026-10-26T01:30:00']],
  ['Europe/Berlin', '30 2,14 * * *', '2026-10-24T14:00Z', ['2026-10-25T00:30:00', '2026-10-25T13:30:00']],
  ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', ['2026-11-01T05:30:00', '2026-11-02T06:30:00']],
])('%s puts its clocks back: a fixed time comes once (%s)', async (tz, line, after, expected) => {
  expect(await following(line, tz, after, 2)).toEqual(expected);
});

test('a line with a step skips the gap and goes on through both passes of an hour', async () => {
  expect(await following('*/30 * * * *', 'Europe/Berlin', '2027-03-28T00:15Z', 3)).toEqual([
    '2027-03-28T00:30:00',
    '2027-03-28T01:00:00',
    '2027-03-28T01:30:00',
  ]);
  expect(await following('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 4)).toEqual([
    '2026-10-25T00:00:00',
    '2026-10-25T00:30:00',
    '2026-10-25T01:00:00',
    '2026-10-25T01:30:00',
  ]);
});

test('a leap day comes in leap years only', async () => {
  expect(await following('0 0 29 2 *', 'UTC', '2026-11-20T09:00Z', 2)).toEqual([
    '2028-02-29T00:00:00',
    '2032-02-29T00:00:00',
  ]);
});

test('looking back finds what looking ahead found, at every half hour around a change of clocks', async () => {
  for (const [tz, from] of [
    ['Europe/Berlin', '2026-10-24T12:00Z'],
    ['Europe/Berlin', '2027-03-27T12:00Z'],
    ['America/New_York', '2026-10-31T12:00Z'],
    ['America/New_York', '2027-03-13T12:00Z'],
  ] as const) {
    for (const line of ['30 2 * * *', '*/20 1-3 * * *', '0 0 * * *']) {
      const cron = await parseCron(line, tz);
      const all = (await following(line, tz, new Date(Date.parse(from) - 3 * 86_400_000).toISOString(), 60)).map(
        (iso) => Date.parse(`${iso}Z`),
      );
      for (let at = Date.parse(from); at < Date.parse(from) + 2 * 86_400_000; at += 1_800_000) {
        expect(cron.latest(at), `${tz} ${line} ${new Date(at).toISOString()}`).toBe(all.findLast((one) => one <= at));
      }
    }
  }
});

test('an occurrence begins with its own second', async () => {
  const cron = await parseCron('0 3 * * *', 'UTC');
  const at = Date.parse('2026-11-20T03:00:00Z');
  expect(cron.latest(at - 1)).toBe(at - 86_400_000);
  expect(cron.latest(at)).toBe(at);
  expect(cron.latest(at + 999)).toBe(at);
  expect(cron.next(at)).toBe(at + 86_400_000);
  expect(cron.next(at - 1)).toBe(at);
});

test('six fields begin with seconds, and nicknames are known', async () => {
  expect(await following('*/20 * * * * *', 'UTC', '2026-11-20T09:00:05Z', 2)).toEqual([
    '2026-11-20T09:00:20',
    '2026-11-20T09:00:40',
  ]);
  expect(await following('@weekly', 'UTC', '2026-11-20T09:00Z', 1)).toEqual(['2026-11-22T00:00:00']);
});

test.each([
  '',
  '* * * *',
  '61 * * * *',
  '0 0 0 1 1 * 2027',
  '2030-01-01T00:00:00',
  '@reboot',
  '5/15 * * * *',
  'x * * * *',
])('%j is refused', async (line) => {
  await expectRefusal(parseCron(line, 'UTC'), 'CRON_INVALID');
});

test.each(['', 'Europe/Berln', '+02:00', 'Mars/Olympus'])('%j is no time zone', async (tz) => {
  await expectRefusal(parseCron('0 3 * * *', tz), 'TIMEZONE_INVALID');
});
