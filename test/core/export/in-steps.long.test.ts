import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { array, assert, asyncProperty, constantFrom } from 'fast-check';
import { expect, test } from 'vitest';
import { exportTo } from '../../../src/core/export/export.ts';
import { deliver } from '../../../src/core/keep/deliver.ts';
import { packArchive } from '../../../src/core/keep/maintain.ts';
import { restoreArchive } from '../../../src/core/keep/archive.ts';
import { purgeDead, retryDead } from '../../../src/core/keep/dlq.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { unfinished } from '../../../src/model/state.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { scratch } from '../../scratch.ts';
import { watchedDisk } from '../../storage/file/disks.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';
import { contents, faults, rows } from './rig.ts';

const dayMs = 86_400_000;
let room: Room;
let root: Session;
let dir: string;
let file: string;
const steps = [
  'send',
  'delay',
  'read',
  'ack',
  'nack',
  'dead',
  'retry',
  'purge',
  'restore',
  'rest',
  'pack',
  'deliver',
  'free',
  'cancel',
  'assign',
  'within',
  'export',
] as const;
/** An export comes right before the next line that is told. */
let within = false;

async function take(step: (typeof steps)[number]): Promise<void> {
  const orNot = (work: Promise<unknown>) => work.catch(() => undefined);
  const claim = async () => must(await readNext(root, 'bob')).receipt;
  const any = async (state: string) =>
    rows(file, `SELECT message FROM deliveries WHERE state = '${state}'`)[0]?.['message'] as string;
  const open = async () =>
    must((await Promise.all(unfinished.map((state) => gather(root.store.look.list('bob', state))))).flat()[0]);
  if (step === 'send') await send(root, { to: ['ann', 'bob'], body: 'x', subject: 's' });
  else if (step === 'delay') await send(root, { to: 'bob', body: 'x', delayMs: 60_000 });
  else if (step === 'read') await orNot(claim());
  else if (step === 'ack') await orNot(claim().then((receipt) => ack(root, receipt)));
  else if (step === 'nack') await orNot(claim().then((receipt) => nack(root, receipt, { reason: 'r' })));
  else if (step === 'dead') await orNot(claim().then((receipt) => nack(root, receipt, { dead: true })));
  else if (step === 'retry') await orNot(retryDead(root, 'bob', 'all'));
  else if (step === 'purge') await orNot(purgeDead(root, 'bob', 'all', { force: true }));
  else if (step === 'restore') await orNot(any('archived').then((id) => restoreArchive(root, 'bob', id)));
  else if (step === 'deliver') await orNot(any('delayed').then((id) => deliver(root, id)));
  else if (step === 'free') await orNot(claim().then((receipt) => nack(root, receipt, { delayMs: 0, free: true })));
  else if (step === 'cancel') await orNot(open().then((entry) => root.store.mail.cancel(entry, { held: true })));
  else if (step === 'assign') await orNot(open().then((entry) => root.store.mail.handOver(entry, 'ann', {})));
  else if (step === 'within') within = true;
  else if (step === 'rest') room.clock.advance(dayMs);
  else if (step === 'pack') await gather(packArchive(root, 'bob'));
  else await exportTo(root, file);
}

test('an export in many steps says what one in one step says, but for what was purged in between', async () => {
  await assert(
    asyncProperty(array(constantFrom(...steps), { minLength: 1, maxLength: 25 }), async (taken) => {
      room = makeRoom();
      const { root: path, clock, ids, warnings } = room;
      const sessionOver = (store: Store): Session =>
        rootOver(store, { path, clock, ids }, { as: 'ann', warn: (text) => void warnings.push(text) });
      const other = sessionOver(await room.open());
      within = false;
      const disk = watchedDisk(async ({ method }) => {
        if (!within || method !== 'append') return;
        within = false;
        await exportTo(other, file);
      });
      root = sessionOver(await room.open(disk));
      dir = scratch();
      file = join(dir, 'mail.db');
      await exportTo(root, file);
      for (const step of taken) await take(step);
      await exportTo(root, file);
      const anew = join(dir, 'anew.db');
      await exportTo(root, anew);
      const { messages: some, ...kept } = contents(file) as Record<string, object[]>;
      const { messages: all, ...fresh } = contents(anew) as Record<string, object[]>;
      expect(kept).toEqual(fresh);
      expect(some?.map((row) => ({ ...row, body: null }))).toEqual(all?.map((row) => ({ ...row, body: null })));
      expect([faults(file), faults(anew), readdirSync(dir).sort()]).toEqual([[], [], ['anew.db', 'mail.db']]);
      await root.store.close();
      await other.store.close();
    }),
    { numRuns: 60 },
  );
}, 300_000);
