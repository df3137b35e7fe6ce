import { expect, test, vi } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { readNext } from '../../../src/core/take/read.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule, listSchedules, removeSchedule } from '../../../src/core/schedules/schedules.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Message } from '../../../src/model/message.ts';
import { expectRefusal, must } from '../rig.ts';
import { changeIn, documentIn } from '../../storage/contract/ways.ts';
import { mailOf, moveTo, nightly } from './nightly.ts';
import { useStillTime } from '../still-time.ts';

const still = useStillTime();
const hour = 3_600_000;

const mail = (root?: Session, mailbox?: string): Promise<Message[]> => mailOf(root ?? still.rig.root, mailbox);

const keyEnds = async (): Promise<string[]> =>
  (await mail()).map(({ dedupeKey }) => must(dedupeKey).slice(-24)).toSorted((a, b) => a.localeCompare(b));

test('an occurrence is sent once it has come, as it was meant, and only once', async () => {
  const { root } = still.rig;
  expect(await addSchedule(root, nightly)).toMatchObject({
    nextAt: '2026-11-21T03:00:00.000Z',
    tz: 'UTC',
    lastAt: null,
  });
  moveTo('2026-11-21T02:59:59.999Z');
  expect(await fireDue(root)).toEqual({ fired: [], nextAt: Date.parse('2026-11-21T03:00Z') });
  moveTo('2026-11-21T03:00:00.000Z');
  const { fired } = await fireDue(root);
  const [message] = await mail();
  expect(fired).toEqual([{ schedule: 'nightly', at: '2026-11-21T03:00:00.000Z', id: message?.id }]);
  expect(message).toMatchObject({
    from: 'planner',
    to: ['reviewer'],
    body: 'check the build',
    subject: 'Nightly',
    tags: ['ci'],
    data: { n: 1 },
    orderingKey: 'ci',
    dedupeKey: expect.stringMatching(/^schedule:nightly:[0-9A-Z]{10}:2026-11-21T03:00:00\.000Z$/) as string,
  });
  expect(await fireDue(root)).toEqual({ fired: [], nextAt: Date.parse('2026-11-22T03:00Z') });
  expect(await mail()).toHaveLength(1);
  expect(await listSchedules(root)).toMatchObject([
    { lastAt: '2026-11-21T03:00:00.000Z', lastId: message?.id, nextAt: '2026-11-22T03:00:00.000Z' },
  ]);
});

test('what comes exactly when it is added has passed', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '0 9 * * *' });
  expect((await fireDue(root)).fired).toEqual([]);
});

test('of missed occurrences only the latest is sent', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2027-02-01T12:00Z');
  expect((await fireDue(root)).fired).toHaveLength(1);
  expect(await keyEnds()).toEqual(['2027-02-01T03:00:00.000Z']);
});

test.each([
  ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
  ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00Z', ['2027-03-28T01:00:00.000Z', '2027-03-29T00:30:00.000Z']],
  ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', ['2026-11-01T05:30:00.000Z', '2026-11-02T06:30:00.000Z']],
  ['America/New_York', '30 2 * * *', '2027-03-13T12:00Z', ['2027-03-14T07:00:00.000Z', '2027-03-15T06:30:00.000Z']],
])(
  'somebody who looks every ten minutes in %s sends "%s" once a day, whatever the clocks do (%s)',
  async (tz, cron, from, keys) => {
    const { root } = still.rig;
    moveTo(from);
    await addSchedule(root, { ...nightly, cron, tz });
    for (let ms = 0; ms < 43 * hour; ms += hour / 6) {
      vi.setSystemTime(Date.parse(from) + ms);
      await fireDue(root);
    }
    expect(await keyEnds()).toEqual(keys);
  },
);

test('a leap day is not forgotten', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '0 0 29 2 *' });
  moveTo('2028-03-05T00:00Z');
  await fireDue(root);
  expect(await keyEnds()).toEqual(['2028-02-29T00:00:00.000Z']);
});

test('a clock that steps back sends nothing again', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '*/10 * * * *' });
  moveTo('2026-11-20T10:01Z');
  await fireDue(root);
  moveTo('2026-11-20T09:31Z');
  expect((await fireDue(root)).fired).toEqual([]);
  moveTo('2026-11-20T10:09Z');
  expect(await fireDue(root)).toEqual({ fired: [], nextAt: Date.parse('2026-11-20T10:10Z') });
  moveTo('2026-11-20T10:10Z');
  await fireDue(root);
  expect(await keyEnds()).toEqual(['2026-11-20T10:00:00.000Z', '2026-11-20T10:10:00.000Z']);
});

test.each([
  ['was sent', '12 hours', '2026-11-20T21:30Z'],
  ['was sent', '400 days', '2027-12-25T09:30Z'],
  ['was added', '400 days', '2027-12-25T09:30Z'],
])('one that %s while the clock was %s ahead goes on with its next time, and says so', async (what, _, ahead) => {
  const { root, warnings } = still.rig;
  if (what === 'was added') moveTo(ahead);
  await addSchedule(root, { ...nightly, cron: '0 * * * *' });
  moveTo(ahead);
  await fireDue(root);
  const before = (await mail()).length;
  moveTo('2026-11-20T10:20Z');
  expect(await listSchedules(root)).toMatchObject([{ nextAt: '2026-11-20T11:00:00.000Z' }]);
  expect(await fireDue(root, { dryRun: true })).toEqual({ fired: [], nextAt: Date.parse('2026-11-20T11:00Z') });
  expect(await fireDue(still.rig.as('Builder'))).toMatchObject({
    fired: [{ at: '2026-11-20T10:00:00.000Z', skipped: { code: 'CLOCK_AHEAD' } }],
    nextAt: Date.parse('2026-11-20T11:00Z'),
  });
  expect(warnings).toEqual([
    expect.stringMatching(/^The schedule nightly skipped .*10:00:00.000Z: .* the clock was ahead/),
  ]);
  expect((await fireDue(root)).fired).toEqual([]);
  expect(await mail()).toHaveLength(before);
  moveTo('2026-11-20T11:00:00Z');
  expect((await fireDue(root)).fired).toMatchObject([
    { at: '2026-11-20T11:00:00.000Z', id: expect.any(String) as string },
  ]);
  if (what === 'was added') return;
  // What was sent too early is sent once more when its time has really come, and only then is it said.
  const early = new Set((await mail()).map(({ id }) => id));
  moveTo(ahead);
  const [fired] = (await fireDue(root)).fired;
  const came = (await mail()).filter(({ id }) => !early.has(id));
  expect(came).toHaveLength(1);
  expect(fired).toEqual({ schedule: 'nightly', at: came[0]?.dedupeKey?.slice(-24), id: came[0]?.id });
  expect((await fireDue(root)).fired).toEqual([]);
});

test('of many who look at once one sends, and one says so', async () => {
  await addSchedule(still.rig.root, nightly);
  moveTo('2026-11-21T03:00Z');
  const roots = Array.from({ length: 8 }, () => still.rig.as('reviewer'));
  const fired = (await Promise.all(roots.map((root) => fireDue(root)))).flatMap((due) => due.fired);
  expect(fired).toHaveLength(1);
  expect(await mail()).toHaveLength(1);
});

test('all that is due at once is recorded in one write', async () => {
  const { root } = still.rig;
  for (let n = 0; n < 20; n++) await addSchedule(root, { ...nightly, name: `s${n}` });
  moveTo('2026-11-21T03:00Z');
  const put = vi.spyOn(root.store.documents, 'put');
  expect((await fireDue(root)).fired).toHaveLength(20);
  expect(put).toHaveBeenCalledTimes(1);
  for (const { lastAt } of await listSchedules(root)) expect(lastAt).toBe('2026-11-21T03:00:00.000Z');
  expect((await fireDue(root)).fired).toEqual([]);
});

test('what was sent and cannot be recorded is said, and is sent once all the same', async () => {
  const { root, warnings } = still.rig;
  for (const name of ['one', 'two']) await addSchedule(root, { ...nightly, name });
  moveTo('2026-11-21T03:00Z');
  vi.spyOn(root.store.documents, 'put').mockRejectedValueOnce(new DreamosError('disk', 'DISK_FAILED', 'Full.'));
  expect(await fireDue(root)).toEqual({ fired: [], nextAt: Date.now() + 60_000 });
  expect(warnings).toEqual(['What schedules sent could not be recorded now: Full.']);
  expect((await fireDue(root)).fired).toHaveLength(2);
  expect(await mail()).toHaveLength(2);
});

test('a process that dies between the send and the record sends nothing twice', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-21T03:00Z');
  const dying = still.rig.as('Builder');
  dying.store.documents.put = () => Promise.reject(new Error('killed'));
  await expect(fireDue(dying)).rejects.toThrow('killed');
  expect(await mail()).toHaveLength(1);
  expect(await listSchedules(root)).toMatchObject([{ lastAt: null }]);
  expect((await fireDue(root)).fired).toHaveLength(1);
  expect(await mail()).toHaveLength(1);
  expect(await listSchedules(root)).toMatchObject([{ lastAt: '2026-11-21T03:00:00.000Z' }]);
});

test('one that was changed by hand after such a death is no second occurrence', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-21T03:00Z');
  const dying = still.rig.as('Builder');
  dying.store.documents.put = () => Promise.reject(new Error('killed'));
  await expect(fireDue(dying)).rejects.toThrow('killed');
  await changeIn(root.store, 'schedules', (document) => {
    const { schedules } = document as { schedules: object[] };
    return { schedules: schedules.map((one) => ({ ...one, message: { to: ['reviewer', 'Builder'], body: 'other' } })) };
  });
  expect((await fireDue(root)).fired).toEqual([{ schedule: 'nightly', at: '2026-11-21T03:00:00.000Z' }]);
  expect(await mail()).toHaveLength(1);
  expect(await mail(root, 'Builder')).toHaveLength(0);
});

test('a schedule that is removed sends nothing more, and one that is added again begins anew', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '0 * * * *' });
  moveTo('2026-11-20T10:30Z');
  await fireDue(root);
  expect(await removeSchedule(root, 'nightly')).toMatchObject({ name: 'nightly', lastAt: '2026-11-20T10:00:00.000Z' });
  expect(await listSchedules(root)).toEqual([]);
  moveTo('2026-11-20T11:30Z');
  expect(await fireDue(root)).toEqual({ fired: [] });
  // The clock steps back, so that the same moment comes for the new one, too.
  moveTo('2026-11-20T09:30Z');
  await addSchedule(root, { ...nightly, cron: '0 * * * *' });
  moveTo('2026-11-20T10:30Z');
  expect((await fireDue(root)).fired).toMatchObject([{ at: '2026-11-20T10:00:00.000Z' }]);
  expect(await mail()).toHaveLength(2);
});

test('one that is removed while its occurrence is being sent stays removed', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-21T03:00Z');
  const slow = still.rig.as('Builder');
  const send = slow.store.mail.send.bind(slow.store);
  slow.store.mail.send = async (...args) => {
    await removeSchedule(root, 'nightly');
    return send(...args);
  };
  expect((await fireDue(slow)).fired).toEqual([]);
  expect(await listSchedules(root)).toEqual([]);
});

test('a refused send is skipped with its reason, said once, and the next occurrence is tried', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  await retireAgent(root, 'reviewer');
  moveTo('2026-11-21T03:00Z');
  const skipped = { code: 'AGENT_RETIRED', reason: 'reviewer has retired and takes no new mail.' };
  expect((await fireDue(root)).fired).toEqual([{ schedule: 'nightly', at: '2026-11-21T03:00:00.000Z', skipped }]);
  expect((await fireDue(root)).fired).toEqual([]);
  expect(warnings).toEqual([`The schedule nightly skipped 2026-11-21T03:00:00.000Z: ${skipped.reason}`]);
  expect(await listSchedules(root)).toMatchObject([{ lastAt: '2026-11-21T03:00:00.000Z', skipped }]);
  await registerAgent(root, { name: 'reviewer' });
  moveTo('2026-11-22T03:00Z');
  expect((await fireDue(root)).fired).toMatchObject([{ id: expect.any(String) as string }]);
  expect((await listSchedules(root))[0]).not.toHaveProperty('skipped');
});

test('a disk that fails is tried again a minute later, and keeps no other schedule', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  await addSchedule(root, { ...nightly, name: 'other', message: { to: 'Builder', body: 'x' } });
  moveTo('2026-11-21T03:00Z');
  const { send } = root.store.mail;
  vi.spyOn(root.store.mail, 'send').mockImplementationOnce(async () => [
    new DreamosError('disk', 'DISK_FAILED', 'Full.'),
  ]);
  expect(await fireDue(root)).toMatchObject({ fired: [{ schedule: 'other' }], nextAt: Date.now() + 60_000 });
  expect(warnings).toEqual(['The schedule nightly could not be sent now: Full.']);
  root.store.mail.send = send;
  expect((await fireDue(root)).fired).toMatchObject([{ schedule: 'nightly' }]);
  expect(await mail()).toHaveLength(1);
});

test('a disk that fails with every occurrence is told once, and again after one was sent', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  const full = new DreamosError('disk', 'DISK_FAILED', 'Full.');
  const failing = vi.spyOn(root.store.mail, 'send').mockImplementation(async () => [full]);
  const told = ['The schedule nightly could not be sent now: Full.'];
  for (const day of [21, 22, 23]) {
    moveTo(`2026-11-${day}T03:00Z`);
    await fireDue(root);
  }
  expect(warnings.splice(0)).toEqual(told);
  failing.mockRestore();
  const unrecorded = vi.spyOn(root.store.documents, 'put').mockRejectedValue(full);
  for (const day of [24, 25]) {
    moveTo(`2026-11-${day}T03:00Z`);
    await fireDue(root);
  }
  expect(warnings.splice(0)).toEqual(['What schedules sent could not be recorded now: Full.']);
  unrecorded.mockRestore();
  await fireDue(root);
  expect(warnings).toEqual([]);
  vi.spyOn(root.store.mail, 'send').mockImplementation(async () => [full]);
  moveTo('2026-11-26T03:00Z');
  await fireDue(root);
  expect(warnings).toEqual(told);
});

test('settings that cannot be used for a moment are no answer: the occurrence is sent once they can be', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-21T03:00Z');
  await changeIn(root.store, 'settings', () => ({ lease: 'soon' }));
  const began = still.rig.as('Builder');
  expect(await fireDue(began)).toEqual({ fired: [], nextAt: Date.now() + 60_000 });
  expect(warnings).toEqual([expect.stringMatching(/^The schedule nightly could not be sent now: .*lease: "soon"/)]);
  expect((await listSchedules(root))[0]).toMatchObject({ lastAt: null });
  await changeIn(root.store, 'settings', () => ({}));
  moveTo('2026-11-21T03:01Z');
  expect((await fireDue(began)).fired).toMatchObject([{ at: '2026-11-21T03:00:00.000Z' }]);
  expect(await mail()).toHaveLength(1);
});

test('a line that somebody broke by hand keeps no other schedule', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  await addSchedule(root, { ...nightly, name: 'broken' });
  await changeIn(root.store, 'schedules', (document) => {
    const { schedules } = document as { schedules: { name: string; cron: string }[] };
    return { schedules: schedules.map((one) => (one.name === 'broken' ? { ...one, cron: 'now' } : one)) };
  });
  moveTo('2026-11-21T03:00Z');
  expect((await fireDue(root)).fired).toMatchObject([{ schedule: 'nightly' }]);
  expect(warnings).toEqual([expect.stringContaining('broken')]);
  expect(await listSchedules(root)).toMatchObject([{ name: 'broken', nextAt: null }, { name: 'nightly' }]);
});

test('fields that a later version wrote are kept', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  await changeIn(root.store, 'schedules', (document) => {
    const { schedules } = document as { schedules: object[] };
    return { later: 1, schedules: schedules.map((one) => ({ ...one, later: 2 })) };
  });
  moveTo('2026-11-21T03:00Z');
  await fireDue(root);
  expect(await documentIn(root.store, 'schedules')).toMatchObject({ later: 1, schedules: [{ later: 2 }] });
});

test('a document that is none is refused, and nobody who waits is kept from his mail', async () => {
  const { root, warnings } = still.rig;
  await changeIn(root.store, 'schedules', () => ({ schedules: 'none' }));
  await expectRefusal(fireDue(root), 'CONFIG_INVALID');
  await expectRefusal(addSchedule(root, nightly), 'CONFIG_INVALID');
  const reading = readNext(root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await reading).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(/^Schedules send nothing now: .*schedules\.json/)]);
});

// Who looks.
