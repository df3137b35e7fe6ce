import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { schemas } from '../../../src/contract/schemas.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function finished(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
}

test('archive list, show and search tell what was finished and when', async () => {
  const id = await finished();
  const item = {
    id,
    mailbox: 'reviewer',
    ackedAt: '2026-11-20T09:00:00.000Z',
    message: expect.objectContaining({ body: 'hello' }),
  };
  expect((await rig.dreamos('archive list reviewer --json')).json).toEqual([item]);
  expect((await rig.dreamos(`archive show reviewer ${id} --json`)).json).toEqual([item]);
  expect((await rig.dreamos(`archive show ${id} --json`)).json).toEqual([item]);
  expect((await rig.dreamos('archive search LOOK --json')).json).toEqual([item]);
  expect((await rig.dreamos('archive search nowhere --json')).json).toEqual([]);
});

test('on a terminal of 80 columns the archive is a line a message under a head, with ages, and at most 50', async () => {
  const title = 'a title that goes on and on, and further than a line of a terminal has room for it'.slice(0, 75);
  for (let n = 0; n < 51; n++) await rig.sent(['send', 'reviewer', 'x', '--as', 'planner', '--subject', title]);
  await rig.dreamos('read reviewer -n 99 --ack --json');
  rig.time.nowMs += 3_600_000;
  const screen = { terminal: true, env: { NO_COLOR: '1' } };
  const { out, err } = await rig.dreamos('archive list reviewer', screen);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^id +finished +from +subject$/);
  expect(lines[1]).toMatch(/^[0-9A-Z]{26} +1h ago +planner +a title .*…$/);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect({ lines: lines.length, err }).toEqual({ lines: 51, err: '… and more: -n <number> shows so many\n' });
  const all = await rig.dreamos('archive search x -n 99', screen);
  expect({ lines: all.out.trimEnd().split('\n').length, err: all.err }).toEqual({ lines: 52, err: '' });
  expect(all.out).toMatch(/^id +mailbox +finished +from +subject\n/);
  expect((await rig.dreamos('archive search nowhere', screen)).err).toContain('Nothing');
});

test('archive restore of several makes them ready in the order in which they were sent', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) ids.push((await rig.dreamos('send reviewer x --as planner')).out.trim());
  await rig.dreamos('read reviewer -n 3 --ack --json');
  const { code, out } = await rig.dreamos(['archive', 'restore', 'reviewer', ...[2, 0, 1].map((i) => ids[i] ?? '')]);
  expect({ code, out }).toEqual({ code: 0, out: ids.map((id) => `${id} ready\n`).join('') });
});

test('archive restore makes it ready again', async () => {
  const id = await finished();
  expect((await rig.dreamos(`archive restore reviewer ${id} --json`)).json).toMatchObject([{ id, state: 'ready' }]);
  expect((await rig.dreamos(`archive show ${id}`)).code).toBe(5);
});

const dayMs = 86_400_000;

test('archive export is JSON Lines, the oldest first, with and without --json', async () => {
  const first = await finished();
  rig.time.nowMs += dayMs;
  const second = await finished();
  const { code, out } = await rig.dreamos('archive export reviewer');
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => z.parse(schemas.archive, JSON.parse(line)) as { id: string });
  expect(lines.map(({ id }) => id)).toEqual([first, second]);
  expect((await rig.dreamos('archive export reviewer --json')).out).toBe(out);
  const ids = async (line: string) => (await rig.dreamos(`archive export ${line} --json`)).json.map(({ id }) => id);
  expect(await ids('reviewer --since 2026-11-21')).toEqual([second]);
  expect(await ids('reviewer --until 2026-11-20T09:00:00Z')).toEqual([]);
  expect(await ids('reviewer --until 1h')).toEqual([first]);
  expect((await rig.dreamos('archive export reviewer --since yesterday')).code).toBe(2);
  expect((await rig.dreamos('archive export reviewer --since 2026-13-40')).code).toBe(2);
});

test('archive prune needs to know what to keep, says what it removes, and that nothing is left to remove', async () => {
  await finished();
  rig.time.nowMs += 31 * dayMs;
  expect(await rig.dreamos('archive prune reviewer')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('archive prune reviewer --keep-bytes 1zB')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('archive prune reviewer --older-than month')).toMatchObject({ code: 2 });
  const dry = await rig.dreamos('archive prune reviewer --older-than 30d --dry-run');
  expect(dry.out).toMatch(/^reviewer: archive of 2026-11-20: 1 message would be removed, \d+ bytes\n$/);
  const { json } = await rig.dreamos('archive prune reviewer --keep-bytes 0 --json');
  expect(json).toEqual([
    { task: 'prune', mailbox: 'reviewer', day: '2026-11-20', count: 1, bytes: expect.any(Number) as number },
  ]);
  expect(z.safeParse(schemas.maintain, json[0]).success).toBe(true);
  const again = await rig.dreamos('archive prune reviewer --older-than 30d');
  expect(again).toMatchObject({ code: 0, out: '' });
  expect(again.err).toContain("Nothing in reviewer's archive has to go.");
});

test('archive pack says when no day is left to pack, and refuses what is no day', async () => {
  expect((await rig.dreamos('archive pack reviewer')).err).toContain('left to pack');
  expect((await rig.dreamos('archive pack reviewer --before 7d')).code).toBe(0);
  expect((await rig.dreamos('archive pack reviewer --before 2026-11-01')).code).toBe(0);
  const soon = await rig.dreamos('archive pack reviewer --before soon');
  expect(soon.code).toBe(2);
  expect(soon.err).toContain('7d, 2026-11-20, 2026-11-20T09:00Z');
  expect((await rig.dreamos('archive pack reviewer --before 2026-13-01')).err).toContain('"2026-13-01" is not a time');
  expect((await rig.dreamos('archive pack nobody')).code).toBe(4);
});

test('list and export without a name are of who acts, and where nobody acts of all mailboxes, in the order of time', async () => {
  const sent: string[] = [];
  for (const agent of ['reviewer', 'planner', 'reviewer']) {
    sent.push(await rig.sent(`send ${agent} x --as planner`));
    rig.time.nowMs += 60_000;
    await rig.dreamos(`read ${agent}`);
    await rig.dreamos(`ack --as ${agent}`);
  }
  const ids = async (line: string): Promise<unknown[]> =>
    (await rig.dreamos(`${line} --json`)).json.map(({ id }) => id);
  expect(await ids('archive export')).toEqual(sent);
  expect(await ids('archive list')).toEqual(sent.toReversed());
  expect(await ids('archive list -n 2')).toEqual(sent.slice(1).toReversed());
  expect(await ids('archive export --as planner')).toEqual([sent[1]]);
  expect(await ids('archive list --as planner')).toEqual([sent[1]]);
  const terminal = { terminal: true, env: { NO_COLOR: '1' } };
  expect((await rig.dreamos('archive list', terminal)).out).toMatch(/^id +mailbox +finished +from +subject\n/);
  expect(await rig.dreamos('archive list --type none')).toMatchObject({
    err: 'Nothing that fits is in any archive.\n',
  });
});
