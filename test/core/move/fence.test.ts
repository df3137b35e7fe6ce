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

/** Both ends, of which the source is another's from this step on. */
function ends(lostAt: string): { source: MoveSource; target: MoveTarget; removed: () => number } {
  let [isLost, removed] = [false, 0];
  const done = async (): Promise<void> => {
    if (isLost) throw new DreamosError('conflict', 'STATE_CHANGED', 'another one has ended it');
  };
  const reach = (step: string): void => void (isLost ||= step === lostAt);
  const dump = (step: string) => async (take: (one: DumpRecord) => Promise<void>) => {
    reach(step);
    await take(record);
    return true;
  };
  const source: MoveSource = {
    ...{ root: '/root', through: [], underWay: undefined },
    alone: (work) => work(),
    mail: () => '/root',
    begin: done,
    check: done,
    freeze: done,
    dump: dump('source'),
    settle: async () => {
      reach('settle');
      return done();
    },
    giveBack: done,
    left: async () => [],
    purge: done,
    close: async () => undefined,
  };
  const target: MoveTarget = {
    to: 'file:/there',
    check: async () => undefined,
    load: async () => ({ take: async () => undefined, finish: async () => undefined, abandon: async () => undefined }),
    dump: dump('target'),
    remove: async () => void removed++,
    descriptor: () => ({}),
  };
  return { source, target, removed: () => removed };
}

for (const step of ['settle', 'target', 'source'])
  test(`lost at "${step}", the move ends without what is at the other end being taken away`, async () => {
    const { source, target, removed } = ends(step);
    expect(await codeOf(moveBetween({ source, target }, {}))).toBe('STATE_CHANGED');
    expect(removed()).toBe(0);
  });
