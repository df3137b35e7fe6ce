/**
 * The audit on a simulated disk, which dies in front of each of its calls, with and without the power. Whatever the moment: what
 * an anchor was given for is there and proved, nothing looks as if somebody had changed it, and the next one goes on.
 */
import { expect, test } from 'vitest';
import { noteMail } from '../../../src/core/audit/note.ts';
import { checkpoint } from '../../../src/core/audit/checkpoint.ts';
import { anchorAudit, pruneAudit } from '../../../src/core/audit/keep.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { type Cut, settled, survive } from '../../faults/model/crash.ts';
import { type Call, runAtOnce, simulatedDisk } from '../../faults/model/disk.ts';
import { Volume } from '../../faults/model/volume.ts';
import { createFakeClock, type FakeClock } from '../../storage/contract/fake-clock.ts';
import { gather, must } from '../rig.ts';

const dayMs = 86_400_000;
const root = '/r';

class Died extends Error {}

interface Run {
  readonly volume: Volume;
  readonly clock: FakeClock;
  readonly calls: number;
  readonly anchors: readonly string[];
}

async function opened(volume: Volume, clock: FakeClock, issue: (call: Call) => Promise<unknown>): Promise<Session> {
  const machine = { volume, locks: new Map(), besides: 0, uptime: () => clock.uptime() };
  const simulated = simulatedDisk(machine, {}, issue);
  const disk: Disk = {
    ...simulated,
    // As the real one: behind what was cut short a line of its own begins.
    append(path, text) {
      const log = volume.at(path);
      const isCut = log?.kind === 'file' && log.bytes.length > 0 && log.bytes.at(-1) !== 0x0a;
      return simulated.append(path, isCut ? `\n${text}` : text);
    },
  };
  const ids = createIds();
  const store = await openFileStore(root, { clock, ids, warn: () => undefined, disk });
  return rootOver(store, { path: root, clock, ids }, { as: 'ann', warn: (text) => void warned.push(text) });
}
const warned: string[] = [];

const note = (session: Session, id: string): Promise<void> =>
  noteMail(session, [{ op: 'ack', by: 'ann', id, mailbox: 'ann' }]);

/** @param dies in front of this step of the disk */
async function run(dies: number): Promise<Run> {
  const clock = createFakeClock();
  const empty = Volume.empty(clock.now);
  empty.makeDir(root);
  const volume = settled(empty);
  let calls = 0;
  const anchors: string[] = [];
  const issue = async (call: Call): Promise<unknown> => {
    for (;;) {
      if (++calls > dies) throw new Died();
      const stepped = call.step();
      if (stepped === 'wait') throw new Error(`${call.name} waits for ever`);
      if (stepped !== 'more') return stepped.answer;
    }
  };
  try {
    const session = await opened(volume, clock, issue);
    // What cannot be written is a warning, and here nobody lives on to be warned.
    session.warn = (text) => {
      if (calls > dies) throw new Died();
      throw new Error(text);
    };
    for (const id of ['a', 'b']) await note(session, id);
    anchors.push((await anchorAudit(session)).anchor);
    clock.advance(2 * dayMs);
    for (const id of ['c', 'd']) await note(session, id);
    anchors.push((await anchorAudit(session)).anchor);
    await note(session, 'e');
    await gather(pruneAudit(session, { olderThanMs: dayMs }));
    anchors.push((await anchorAudit(session)).anchor);
  } catch (error) {
    if (calls <= dies) throw error;
  }
  return { volume, clock, calls, anchors };
}

async function check({ clock, anchors }: Run, volume: Volume, what: string): Promise<void> {
  const session = await opened(volume, clock, runAtOnce);
  warned.length = 0;
  const problems = async (anchor?: string): Promise<[string, string[]]> => [
    what,
    (await verifyAudit(session, anchor === undefined ? {} : { anchor })).findings
      .filter(({ level }) => level === 'problem')
      .map(({ message }) => message),
  ];
  // Who dies in front of the first checkpoint leaves lines that nothing proves.
  if (anchors.length > 0) for (const anchor of anchors) expect(await problems(anchor)).toEqual([what, []]);
  await note(session, 'afterwards');
  await checkpoint(session);
  await note(session, 'once more');
  const { anchor } = await anchorAudit(session);
  expect([what, warned]).toEqual([what, []]);
  for (const one of [...anchors, anchor]) expect(await problems(one)).toEqual([what, []]);
  expect([what, (await session.store.audit.keys()).length]).toEqual([what, 1]);
  await session.store.close();
}

test('killed in front of any call, nothing is wrong, and the next one goes on', { timeout: 120_000 }, async () => {
  const whole = await run(Infinity);
  expect(whole.anchors).toHaveLength(3);
  expect(whole.calls).toBeGreaterThan(100);
  for (let dies = 0; dies <= whole.calls; dies++) {
    const killed = await run(dies);
    // Its lock is stale by then.
    killed.clock.advance(20_000);
    await check(killed, killed.volume, `killed in front of call ${dies}`);
  }
});

test('after a power cut in front of any call, too', { timeout: 240_000 }, async () => {
  const { calls, anchors } = await run(Infinity);
  expect(anchors).toHaveLength(3);
  const keeps: readonly Cut['keep'][] = ['least', 'some', 'all-but-one', 'all'];
  for (let dies = 0; dies <= calls; dies++) {
    for (const model of ['journal', 'folders'] as const) {
      const keep = must(keeps[(dies + (model === 'journal' ? 0 : 2)) % keeps.length]);
      for (const cut of [{ model, keep: 'least', seed: dies } as const, { model, keep, seed: dies + 1 } as const]) {
        const killed = await run(dies);
        killed.clock.advance(20_000);
        const { volume } = survive(killed.volume, cut);
        await check(killed, volume, `power cut in front of call ${dies}, ${JSON.stringify(cut)}`);
      }
    }
  }
});
