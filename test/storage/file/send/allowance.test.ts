import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { rootOver } from '../../../../src/core/open-root.ts';
import { send } from '../../../../src/core/send/send.ts';
import { hourMs } from '../../../../src/model/basics/limits.ts';
import { allowanceFolder } from '../../../../src/storage/file/names/beside.ts';
import { type DiskCall, watchedDisk } from '../disks.ts';
import { collect, inspected, makeRoom, type Room } from '../room.ts';

const folderOf = (room: Room): string => allowanceFolder(room.at('ann'));

test('to take is one call of the disk while nobody else does, and to look changes nothing', async () => {
  const room = makeRoom();
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  expect((await store.look.allowance('ann', 60)).left).toBe(60);
  expect(readdirSync(room.at('ann').dir)).not.toContain('allowance');
  await store.mail.spend('ann', 60, 1);
  calls.length = 0;
  await store.mail.spend('ann', 60, 1);
  expect(calls.map(({ method }) => method)).toEqual(['rename']);
  expect(readdirSync(folderOf(room))).toHaveLength(1);
});

test('a send of an agent with a limit is one call of the disk more, and of one without none', async () => {
  const room = makeRoom();
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  const session = rootOver(store, { path: room.root, clock: room.clock, ids: room.ids }, { as: 'ann' });
  const sending = async (): Promise<DiskCall[]> => {
    calls.length = 0;
    await send(session, { to: 'bob', body: 'x' });
    return calls.filter(({ path }) => path.startsWith(room.layout.mailboxes));
  };
  await sending();
  const without = await sending();
  expect(without.filter(({ path }) => path.includes('allowance'))).toEqual([]);
  await registerAgent(session, { name: 'ann', settings: { sendRate: 60 } });
  await sending();
  const [taken, ...others] = (await sending()).sort((a, b) => Number(isTaken(b)) - Number(isTaken(a)));
  expect(taken).toMatchObject({ method: 'rename', path: expect.stringContaining('/ann/allowance/') as string });
  expect(others.map(({ method }) => method)).toEqual(without.map(({ method }) => method));
});

function isTaken({ path }: DiskCall): boolean {
  return path.includes('allowance');
}

test('who is killed between any two calls of the first one leaves it whole, and doctor takes away the rest', async () => {
  for (let dies = 1; dies < 12; dies++) {
    const room = makeRoom();
    let calls = 0;
    const killed = new Error('killed');
    const store = await room.open(
      watchedDisk(() => {
        if (++calls >= dies) throw killed;
      }),
    );
    const died = await store.mail.spend('ann', 3, 1).catch((error: unknown) => error);
    const next = await room.open();
    const { spent } = await next.mail.spend('ann', 3, 3);
    expect(spent).toBeGreaterThanOrEqual(2);
    expect(readdirSync(folderOf(room))).toHaveLength(1);
    const left = () => readdirSync(room.at('ann').dir).filter((name) => name.startsWith('allowance.'));
    room.clock.advance(2 * hourMs);
    const findings = await inspected(next, true);
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(left()).toEqual([]);
    if (died !== killed) return;
  }
  throw new Error('It never came to its end.');
});

test.for([0, 2])('another one between any two calls takes of the same, when %i were taken before', async (before) => {
  for (let at = 1, calls = Infinity; calls >= at; at++) {
    const room = makeRoom();
    const other = await room.open();
    const spent: number[] = [];
    calls = -Infinity;
    const store = await room.open(
      watchedDisk(async () => {
        if (++calls === at) spent.push((await other.mail.spend('ann', 5, 5)).spent);
      }),
    );
    if (before > 0) await store.mail.spend('ann', 5, before);
    calls = 0;
    spent.push((await store.mail.spend('ann', 5, 5)).spent);
    expect(spent.reduce((sum, one) => sum + one)).toBe(5 - before);
    expect(await store.mail.spend('ann', 5, 1)).toMatchObject({ spent: 0 });
    expect(readdirSync(folderOf(room))).toHaveLength(1);
  }
});

test('of two files that somebody has put there the one that allows less counts, and alone stays', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.mail.spend('ann', 3, 3);
  const [name = ''] = readdirSync(folderOf(room));
  writeFileSync(join(folderOf(room), '0'.repeat(16)), '');
  writeFileSync(join(folderOf(room), 'notes.txt'), '');
  const other = await room.open();
  expect(await other.mail.spend('ann', 3, 1)).toMatchObject({ spent: 0 });
  expect(readdirSync(folderOf(room)).sort()).toEqual([name, 'notes.txt']);
});

test('what was removed by hand is made anew, also beside what is not ours', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.mail.spend('ann', 3, 2);
  rmSync(folderOf(room), { recursive: true });
  expect(await store.mail.spend('ann', 3, 1)).toMatchObject({ spent: 1, left: 2 });
  rmSync(join(folderOf(room), readdirSync(folderOf(room))[0] ?? ''));
  writeFileSync(join(folderOf(room), 'notes.txt'), '');
  expect(await store.mail.spend('ann', 3, 1)).toMatchObject({ spent: 1, left: 2 });
  expect(await collect(store.look.list('ann', 'ready'))).toEqual([]);
});

test('of an agent that is gone nothing is taken, and no folder is made', async () => {
  const room = makeRoom();
  const store = await room.open();
  await expect(store.mail.spend('nobody', 3, 1)).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' });
});
