/** Who holds a message, since when and until when, and whether it came for the first time. */
import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
let [own, others]: string[] = [];
/** One that the reviewer holds, and one that worker-1 holds as its second reader; a minute ago. */
beforeEach(async () => {
  rig = await createRig();
  others = await rig.sent();
  await rig.dreamos('read reviewer --as worker-2');
  await rig.dreamos(`nack ${others} --as worker-2 --delay 0s`);
  await rig.dreamos('read reviewer --as worker-1');
  own = await rig.sent();
  await rig.dreamos('read reviewer');
  rig.time.nowMs += 60_000;
});

const since = '2026-11-20T09:00:00.000Z';
const leaseUntil = '2026-11-20T09:15:00.000Z';
const claims = () => [
  { id: others, attempt: 2, heldBy: 'worker-1', heldSince: since, leaseUntil },
  { id: own, attempt: 1, heldBy: 'reviewer', heldSince: since, leaseUntil },
];

test('list, search, show and status have it with --json', async () => {
  const ready = await rig.sent();
  for (const line of ['list reviewer --state inflight --json', 'search hello reviewer --json']) {
    const { json } = await rig.dreamos(line);
    const held = json.filter(({ state }) => state === 'inflight');
    expect(held).toHaveLength(2);
    expect(held).toEqual(expect.arrayContaining(claims().map((claim) => expect.objectContaining(claim) as object)));
    for (const one of json) expect('heldBy' in one).toBe(one['id'] !== ready);
  }
  expect((await rig.dreamos(`show ${others} --json`)).json).toMatchObject([{ entries: [claims()[0]] }]);
  expect((await rig.dreamos('status --json')).json).toMatchObject([{ mailbox: 'planner' }, { held: claims() }]);
  await rig.dreamos(`renew ${own} --lease 30m`);
  const { json } = await rig.dreamos(`show ${own} --json`);
  expect(json).toMatchObject([{ entries: [{ heldSince: since, leaseUntil: '2026-11-20T09:31:00.000Z' }] }]);
  const { json: status } = await rig.dreamos('status planner --json');
  expect(status[0]).not.toHaveProperty('held');
});

test('a line of a list says to whom it was delivered and when, or redelivered', async () => {
  const { out } = await rig.dreamos('list reviewer');
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toContain(`${others}  attempts 2 `);
  expect(lines[0]).toMatch(
    new RegExp(`  lease until ${leaseUntil}  redelivered to worker-1 ${since} \\(attempt 2\\)$`),
  );
  expect(lines[1]).toMatch(new RegExp(`  lease until ${leaseUntil}  delivered to reviewer ${since}$`));
});

test.each([80, 120])('on a terminal of %d columns it is in the note of its line', async (columns) => {
  const { out } = await rig.dreamos('list reviewer', {
    terminal: true,
    env: { NO_COLOR: '1' },
    screen: { rows: 24, columns },
  });
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^id +state .*note$/);
  expect(lines[1]).toMatch(columns === 80 ? / worker-1 14m try 2$/ : / 2 .* 14m left, by worker-1, redelivered$/);
  expect(lines[2]).toMatch(columns === 80 ? / 14m left$/ : / 14m left, by reviewer$/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
});

test('in a narrow list the subject gives way first, and who holds it and how long is seen', async () => {
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'a long subject '.repeat(9)]);
  await rig.dreamos('read reviewer --as worker-3');
  rig.time.nowMs += 60_000;
  const { out } = await rig.dreamos('list reviewer', { terminal: true, env: { NO_COLOR: '1' } });
  const line = out.split('\n').find((one) => one.includes('a long')) ?? '';
  expect(line).toMatch(/ worker-3 14m left$/);
  expect(line.length).toBeLessThanOrEqual(80);
});

test('a reader is told that a message was delivered before', async () => {
  await rig.sent();
  expect((await rig.dreamos('read reviewer')).out).toMatch(/\nAttempt: +1\n/);
  await rig.dreamos('nack --as reviewer --delay 0s '.concat(others ?? ''));
  await rig.dreamos(`nack ${own} --delay 0s`);
  expect((await rig.dreamos('read reviewer')).out).toMatch(/\nAttempt: +[23], redelivered\n/);
});

test('show and status say it in words', async () => {
  expect((await rig.dreamos(`show ${others}`)).out).toContain(
    `inflight until ${leaseUntil}, redelivered to worker-1 ${since} (attempt 2), claimed 2 times\n`,
  );
  const { out, err } = await rig.dreamos('status reviewer');
  expect(out.trimEnd().split('\n')).toHaveLength(2);
  expect(err).toBe(
    `reviewer: worker-1 holds ${others} for 1m, 14m left, attempt 2\nreviewer: reviewer holds ${own} for 1m, 14m left\n`,
  );
  expect((await rig.dreamos('status reviewer --quiet')).err).toBe('');
});

test('of many that are held status names five, and of more than 50 none', async () => {
  for (let n = 0; n < 8; n++) await rig.sent();
  for (let n = 0; n < 8; n++) await rig.dreamos('read reviewer');
  const { err } = await rig.dreamos('status reviewer');
  expect(err.trimEnd().split('\n')).toHaveLength(6);
  expect(err).toContain('… and 5 more: dreamos list reviewer --state inflight\n');
  for (let n = 0; n < 41; n++) await rig.sent();
  for (let n = 0; n < 41; n++) await rig.dreamos('read reviewer');
  expect(await rig.dreamos('status reviewer --json')).toMatchObject({ json: [{ inflight: 51 }] });
  expect((await rig.dreamos('status reviewer --json')).json[0]).not.toHaveProperty('held');
});

test('what the log does not know is left out, and shown all the same', async () => {
  const forget = (root: { store: { journal: { claims: unknown } } }) => {
    root.store.journal.claims = async () => new Map();
  };
  const terms = { onRoot: forget as never };
  const { json } = await rig.dreamos('list reviewer --json', terms);
  expect(json.map(({ id, heldBy }) => [id, heldBy])).toEqual([
    [others, undefined],
    [own, undefined],
  ]);
  expect((await rig.dreamos('list reviewer', terms)).out).toMatch(/ {2}redelivered \(attempt 2\)\n.* {2}delivered\n$/);
  expect((await rig.dreamos('status reviewer', terms)).err).toContain(`reviewer: ${own} is held, 14m left\n`);
});
