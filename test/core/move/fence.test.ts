/** A mover that was stopped, while another one came to the end of its move: it takes nothing away when it goes on. */
import { expect, test } from 'vitest';
import { moveBetween } from '../../../src/core/move/move.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { MoveSource, MoveTarget } from '../../../src/storage/port/dump/moving.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import { codeOf } from '../../storage/contract/rig.ts';

const record: DumpRecord = {
  ...{ kind: 'entry', mailbox: 'bob', id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', state: 'ready', priority: 'normal' },
  ...{ attempt: 0, at: 1, body: { text: '{}' } },
};

const event: DumpRecord = {
  kind: 'event',
  event: { at: '2026-11-20T09:00:00.000Z', mailbox: 'bob', event: 'sent', id: '1' },
};
const lost = (): DreamosError =>
  new DreamosError('conflict', 'STATE_CHANGED', 'another one has ended it', { hint: 'none' });

interface Ends {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  /** Another one comes to the end of this move now. */
  end(): void;
  removed(): number;
}

/** @param atTarget what the mover finds there */
function ends(atTarget: readonly DumpRecord[]): Ends {
  let [isLost, removed] = [false, 0];
  const mine = async (): Promise<void> => {
    if (isLost) throw lost();
  };
  const dump = (records: readonly DumpRecord[]) => async (take: (one: DumpRecord) => Promise<void>) => {
    for (const one of records) await take(one);
    return true;
  };
  const source: MoveSource = {
    ...{ root: '/root', through: [], underWay: undefined },
    alone: (work) => work(),
    mail: () => '/root',
    ...{ begin: mine, check: mine, freeze: mine, settle: mine, giveBack: mine, purge: mine },
    dump: dump([record, event]),
    left: async () => [],
    close: async () => undefined,
  };
  const target: MoveTarget = {
    to: 'file:/there',
    check: async () => undefined,
    load: async () => ({ take: async () => undefined, finish: async () => undefined, abandon: async () => undefined }),
    dump: dump(atTarget),
    remove: async () => void removed++,
    descriptor: () => ({}),
  };
  return { source, target, end: () => (isLost = true), removed: () => removed };
}

test('who was stopped in a step that fails then takes nothing away', async () => {
  const { source, target, end, removed } = ends([record, event]);
  source.freeze = async () => {
    end();
    throw new DreamosError('disk', 'DISK_FAILED', 'EIO', { hint: 'none' });
  };
  expect(await codeOf(moveBetween({ source, target }, {}))).toBe('STATE_CHANGED');
  expect(removed()).toBe(0);
});

test('who was stopped while he compared loads nothing again', async () => {
  // The last event has come since.
  const { source, target, end, removed } = ends([record]);
  const onStep = (step: string): void => void (step === 'loaded' && end());
  expect(await codeOf(moveBetween({ source, target }, { onStep }))).toBe('STATE_CHANGED');
  expect(removed()).toBe(0);
});

test('who was stopped before Ctrl-C takes nothing away', async () => {
  const { source, target, end, removed } = ends([record, event]);
  const stop = new AbortController();
  const onStep = (step: string): void => {
    if (step !== 'compared') return;
    end();
    stop.abort();
  };
  expect(await codeOf(moveBetween({ source, target }, { onStep, signal: stop.signal }))).toBe('STATE_CHANGED');
  expect(removed()).toBe(0);
});
