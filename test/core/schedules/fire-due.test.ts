import { expect, test, vi } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { readNext } from '../../../src/core/take/read.ts';
import type { Session } from '../../../src/core/root/root.ts';
import {
  addSchedule,
  listSchedules,
  removeSchedule,
  type ScheduleInput,
  showSchedule,
} from '../../../src/core/schedules/schedules.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Message } from '../../../src/model/message.ts';
import { expectRefusal, gather, must } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
const hour = 3_600_000;

const nightly: ScheduleInput = {
  name: 'nightly',
  cron: '0 3 * * *',
  message: {
    to: 'reviewer',
    body: 'check the build',
    subject: 'Nightly',
    tags: ['ci'],
    data: { n: 1 },
    orderingKey: 'ci',
  },
};

async function mail(root: Session = still.rig.root, mailbox = 'reviewer'): Promise<Message[]> {
  const entries = await gather(root.store.list(mailbox, 'ready'));
  return Promise.all(entries.map(async (entry) => must(await root.store.read(entry))));
}

const moveTo = (iso: string): unknown => vi.setSystemTime(Date.parse(iso));
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

test('of many who look at once one sends, and one says so', async () => {
  await addSchedule(still.rig.root, nightly);
  moveTo('2026-11-21T03:00Z');
  const roots = Array.from({ length: 8 }, () => still.rig.as('reviewer'));
  const fired = (await Promise.all(roots.map((root) => fireDue(root)))).flatMap((due) => due.fired);
  expect(fired).toHaveLength(1);
  expect(await mail()).toHaveLength(1);
});

test('a process that dies between the send and the record sends nothing twice', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-21T03:00Z');
  const dying = still.rig.as('Builder');
  dying.store.saveDocument = () => Promise.reject(new Error('killed'));
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
  dying.store.saveDocument = () => Promise.reject(new Error('killed'));
  await expect(fireDue(dying)).rejects.toThrow('killed');
  await root.store.saveDocument('schedules', (document) => {
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
  const send = slow.store.send.bind(slow.store);
  slow.store.send = async (...args) => {
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
  const { send } = root.store;
  vi.spyOn(root.store, 'send').mockImplementationOnce(async () => [new DreamosError('disk', 'DISK_FAILED', 'Full.')]);
  expect(await fireDue(root)).toMatchObject({ fired: [{ schedule: 'other' }], nextAt: Date.now() + 60_000 });
  expect(warnings).toEqual(['The schedule nightly could not be sent now: Full.']);
  root.store.send = send;
  expect((await fireDue(root)).fired).toMatchObject([{ schedule: 'nightly' }]);
  expect(await mail()).toHaveLength(1);
});

test('a line that somebody broke by hand keeps no other schedule', async () => {
  const { root, warnings } = still.rig;
  await addSchedule(root, nightly);
  await addSchedule(root, { ...nightly, name: 'broken' });
  await root.store.saveDocument('schedules', (document) => {
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
  await root.store.saveDocument('schedules', (document) => {
    const { schedules } = document as { schedules: object[] };
    return { later: 1, schedules: schedules.map((one) => ({ ...one, later: 2 })) };
  });
  moveTo('2026-11-21T03:00Z');
  await fireDue(root);
  expect(await root.store.loadDocument('schedules')).toMatchObject({ later: 1, schedules: [{ later: 2 }] });
});

test('a document that is none is refused, and nobody who waits is kept from his mail', async () => {
  const { root, warnings } = still.rig;
  await root.store.saveDocument('schedules', () => ({ schedules: 'none' }));
  await expectRefusal(fireDue(root), 'CONFIG_INVALID');
  await expectRefusal(addSchedule(root, nightly), 'CONFIG_INVALID');
  const reading = readNext(root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await reading).toBeUndefined();
  expect(warnings).toEqual([expect.stringMatching(/^Schedules send nothing now: .*schedules\.json/)]);
});

test.each([
  ['a name that is none', { name: 'a b' }, 'NAME_INVALID'],
  ['a line that is none', { cron: '0 25 * * *' }, 'CRON_INVALID'],
  ['a line that never comes', { cron: '0 0 30 2 *' }, 'CRON_INVALID'],
  ['an unknown zone', { tz: 'Europe/Berln' }, 'TIMEZONE_INVALID'],
  ['an unknown recipient', { message: { to: ['reviewer', 'nobody'], body: 'x' } }, 'AGENT_NOT_FOUND'],
  ['an empty body', { message: { to: 'reviewer', body: ' ' } }, 'BODY_EMPTY'],
  ['a body that is too large', { message: { to: 'reviewer', body: 'x'.repeat(2_000_000) } }, 'MESSAGE_TOO_LARGE'],
] as const)('%s is refused when it is added', async (_, change, code) => {
  await expectRefusal(addSchedule(still.rig.root, { ...nightly, ...change }), code);
  expect(await listSchedules(still.rig.root)).toEqual([]);
});

test('a name that is taken is refused', async () => {
  await addSchedule(still.rig.root, nightly);
  await expectRefusal(addSchedule(still.rig.root, { ...nightly, cron: '0 4 * * *' }), 'ALREADY_EXISTS');
  expect(await listSchedules(still.rig.root)).toMatchObject([{ cron: '0 3 * * *' }]);
});

test('a name that is not there is refused, with the nearest one', async () => {
  await addSchedule(still.rig.root, nightly);
  await expect(removeSchedule(still.rig.root, 'nigthly')).rejects.toMatchObject({
    code: 'SCHEDULE_NOT_FOUND',
    hint: expect.stringContaining('"nightly"') as string,
  });
});

test('all together may not become more than can be read again', async () => {
  const { root } = still.rig;
  const body = 'x'.repeat(1_000_000);
  const add = (i: number) => addSchedule(root, { ...nightly, name: `s${i}`, message: { to: 'reviewer', body } });
  for (let i = 0; i < 8; i++) await add(i);
  await expectRefusal(add(8), 'MESSAGE_TOO_LARGE');
});

test('the sender is who was named, and is needed', async () => {
  const nobody = still.rig.as(undefined);
  await expectRefusal(addSchedule(nobody, nightly), 'USAGE');
  await addSchedule(nobody, { ...nightly, message: { to: 'reviewer', body: 'x', from: 'builder' } });
  moveTo('2026-11-21T03:00Z');
  await fireDue(still.rig.as('reviewer'));
  expect(await mail()).toMatchObject([{ from: 'Builder' }]);
});

test('one is shown with its next occurrences', async () => {
  await addSchedule(still.rig.root, { ...nightly, tz: 'Europe/Berlin', cron: '30 2 28,29 3 *' });
  expect((await showSchedule(still.rig.root, 'nightly')).upcoming).toEqual([
    '2027-03-28T01:00:00.000Z',
    '2027-03-29T00:30:00.000Z',
    '2028-03-28T00:30:00.000Z',
    '2028-03-29T00:30:00.000Z',
    '2029-03-28T00:30:00.000Z',
  ]);
});

// Who looks.

test('a waiting reader sends what has come, and gets it', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '1 9 * * *' });
  const reading = readNext(still.rig.as('reviewer'), 'reviewer', { waitMs: hour });
  await vi.advanceTimersByTimeAsync(59_999);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(200);
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('what was missed is sent by who begins to wait', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-25T00:00Z');
  const reading = readNext(root, 'reviewer', { waitMs: 1000 });
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('a watcher sends what has come, also for a mailbox that it does not watch', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '*/10 * * * * *' });
  const events = gather(watch(root, { mailboxes: ['reviewer'], count: 3 }));
  const others = gather(watch(still.rig.as('Builder'), { mailboxes: ['Builder'], waitMs: 30_500 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await events).map(({ at }) => at.slice(11, 19))).toEqual(['09:00:10', '09:00:20', '09:00:30']);
  expect(await others).toEqual([]);
  const alone = gather(watch(still.rig.as('Builder'), { mailboxes: ['Builder'], waitMs: 10_500 }));
  await vi.advanceTimersByTimeAsync(11_000);
  await alone;
  expect(await keyEnds()).toEqual(
    ['09:00:10', '09:00:20', '09:00:30', '09:01:00', '09:01:10'].map((time) => `2026-11-20T${time}.000Z`),
  );
});

test('two who wait send each occurrence once', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '* * * * * *' });
  const watchers = [root, still.rig.as('Builder')].map((one) =>
    gather(watch(one, { mailboxes: ['reviewer'], count: 30 })),
  );
  await vi.advanceTimersByTimeAsync(31_000);
  for (const events of watchers) expect(await events).toHaveLength(30);
  const keys = await keyEnds();
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeGreaterThanOrEqual(30);
});

test('a schedule that is added while somebody waits is noticed', async () => {
  const { root } = still.rig;
  const reading = readNext(root, 'reviewer', { waitMs: hour });
  await vi.advanceTimersByTimeAsync(1000);
  await addSchedule(still.rig.as('planner'), { ...nightly, cron: '* * * * *' });
  await vi.advanceTimersByTimeAsync(59_500);
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('a consumer that never finds its mailbox empty sends what has come, too', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '* * * * *', message: { to: 'Builder', body: 'x' } });
  const { claim } = root.store;
  let n = 0;
  vi.spyOn(root.store, 'claim').mockImplementation(async (mailbox, options) => {
    const none = await claim(mailbox, options);
    if (none) throw new Error('nobody sends here');
    return { receipt: `r${n++}`, mailbox, attempt: 1, leaseUntil: 0, message: {} as Message };
  });
  for await (const _ of consume(root, 'reviewer')) {
    await vi.advanceTimersByTimeAsync(10_000);
    if (n === 10) break;
  }
  expect(await mail(root, 'Builder')).toHaveLength(1);
});

test('where there is no schedule, who waits looks for one four times a minute, and who does not wait never', async () => {
  const { root } = still.rig;
  const looks = vi.spyOn(root.store, 'loadDocument');
  await readNext(root, 'reviewer');
  expect(looks).not.toHaveBeenCalled();
  const reading = readNext(root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  await reading;
  expect(looks.mock.calls.length).toBeLessThanOrEqual(5);
  expect(looks.mock.calls.length).toBeGreaterThanOrEqual(4);
});
