/** An export while another process is in the middle of a change: between what it does on the disk, also before it tells of it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportTo } from '../../../src/core/export/export.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import type { State } from '../../../src/model/state.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { scratch } from '../../scratch.ts';
import { watchedDisk } from '../../storage/file/disks.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { policy } from '../../storage/contract/rig.ts';
import { gather, must } from '../rig.ts';
import { contents } from './rig.ts';

interface Scene {
  readonly room: Room;
  readonly root: Session;
}
type Step = (scene: Scene) => Promise<unknown>;

const minuteMs = 60_000;
const mail = (draft = {}) => (async ({ root }) => send(root, { to: 'bob', body: 'x', ...draft })) satisfies Step;
const receipt = async ({ root }: Scene): Promise<string> =>
  must(await readNext(root, 'bob', { leaseMs: minuteMs })).receipt;
const one = async ({ root }: Scene, state: State): Promise<Entry> =>
  must((await gather(root.store.look.list('bob', state)))[0]);
const rest: Step = async ({ room, root }) => {
  room.clock.advance(10 * minuteMs);
  await root.store.mail.recover('bob', policy);
};
/** After a while, so that how long it was held is not nothing. */
const taken = (settle: (root: Session, receipt: string) => Promise<unknown>): Step => {
  return async (scene) => {
    const held = await receipt(scene);
    scene.room.clock.advance(1500);
    await settle(scene.root, held);
  };
};
const by = { by: 'ann' };

const claim: Step = receipt;
const acked = taken((root, held) => ack(root, held, { score: 0.5, note: 'fine' }));
const nacked = taken((root, held) => nack(root, held, { reason: 'r', delayMs: 1000 }));
const freed = taken((root, held) => nack(root, held, { delayMs: 0, free: true }));
const died = taken((root, held) => nack(root, held, { reason: 'r', dead: true }));
const retried: Step = async (scene) => scene.root.store.mail.retry(await one(scene, 'dead'), by);
const purged: Step = async (scene) => scene.root.store.mail.purge(await one(scene, 'dead'), by);
const restored: Step = async (scene) => scene.root.store.mail.restore(await one(scene, 'archived'), by);
const cancelled = (state: State): Step => {
  return async (scene) => scene.root.store.mail.cancel(await one(scene, state), { ...by, held: true });
};
const handedOver = (state: State): Step => {
  return async (scene) => scene.root.store.mail.handOver(await one(scene, state), 'ann', by);
};
const stories: Readonly<Record<string, readonly Step[]>> = {
  done: [mail(), acked],
  'given back as if never taken': [mail(), freed, cancelled('ready')],
  dead: [mail(), died],
  'dead, tried again and dead of age': [
    mail({ ttlMs: 30 * minuteMs }),
    nacked,
    rest,
    died,
    retried,
    mail({ ttlMs: 1000 }),
    rest,
  ],
  'dead and purged': [mail(), claim, rest, died, purged],
  restored: [mail(), nacked, rest, acked, restored, cancelled('ready')],
  'cancelled in flight': [mail(), claim, cancelled('inflight')],
  'handed over in flight': [mail(), claim, handedOver('inflight')],
  'handed over while delayed': [mail({ delayMs: minuteMs }), handedOver('delayed')],
};

/** @param at in front of which of the lines that it tells; `undefined`: of each, and of each rename @returns how many it tells */
async function play(story: readonly Step[], at: number | undefined): Promise<number> {
  const room = makeRoom();
  const { root: path, clock, ids, warnings } = room;
  const sessionOver = async (disk?: Disk): Promise<Session> =>
    rootOver(await room.open(disk), { path, clock, ids }, { as: 'ann', warn: (text) => void warnings.push(text) });
  const dir = scratch();
  const file = join(dir, 'mail.db');
  const other = await sessionOver();
  let told = 0;
  const disk = watchedDisk(async ({ method }) => {
    const tells = method === 'append';
    if (at === undefined ? tells || method === 'rename' : tells && told === at) await exportTo(other, file);
    if (tells) told++;
  });
  const root = await sessionOver(disk);
  for (const step of story) await step({ room, root });
  await exportTo(other, file);
  const anew = join(dir, 'anew.db');
  await exportTo(other, anew);
  const { messages: some, ...kept } = contents(file) as Record<string, object[]>;
  const { messages: all, ...fresh } = contents(anew) as Record<string, object[]>;
  expect({ at, ...kept }).toEqual({ at, ...fresh });
  // What was purged is gone from the last one.
  expect(some?.map((row) => ({ ...row, body: null }))).toEqual(all?.map((row) => ({ ...row, body: null })));
  expect(warnings).toEqual([]);
  await root.store.close();
  await other.store.close();
  return told;
}

test.for(Object.entries(stories))('what is %s is in the end as if it had been exported once', async ([, story]) => {
  const told = await play(story, undefined);
  expect(told).toBeGreaterThan(1);
  for (let at = 0; at < told; at++) await play(story, at);
});
