import { expect } from 'vitest';
import { dayMs } from '../../../src/model/basics/limits.ts';
import type { Refusal } from '../../../src/storage/port/mail.ts';
import type { Rig } from './rig.ts';

export function refusalRules(rig: Rig): void {
  const { test } = rig;
  const full = (mailbox = 'bob', reason = 'full'): Refusal => ({ mailbox, code: 'MAILBOX_FULL', reason });

  test('what a mailbox refuses is counted with the last reason, for itself, and is no event', async () => {
    await rig.store.mail.noteRefusals([full(), full('Cy', 'no room'), full('bob', 'very full')]);
    expect((await rig.store.look.counts('bob')).refused).toEqual({
      count: 2,
      lastAt: rig.around(rig.now()),
      code: 'MAILBOX_FULL',
      reason: 'very full',
    });
    expect((await rig.store.look.counts('Cy')).refused).toMatchObject({ count: 1, reason: 'no room' });
    expect((await rig.store.look.counts('ann')).refused).toBeUndefined();
    expect(await rig.events('all')).toEqual([]);
  });

  test('of a mailbox that is not there, and of a log, nothing is kept', async () => {
    await rig.store.mail.noteRefusals([full('nobody'), full('#news')]);
    expect(await rig.store.look.listTopics()).toEqual([]);
    expect((await rig.store.documents.listAgents()).map(({ name }) => name).sort()).toEqual(['Cy', 'ann', 'bob']);
  });

  rig.onStillClock('what is a day old is not counted, nor what a clock that was ahead has left', async () => {
    await rig.store.mail.noteRefusals([full()]);
    await rig.pass(dayMs / 2);
    await rig.store.mail.noteRefusals([full('bob', 'later')]);
    expect((await rig.store.look.counts('bob')).refused?.count).toBe(2);
    await rig.pass(dayMs / 2);
    expect((await rig.store.look.counts('bob')).refused).toMatchObject({ count: 1, reason: 'later' });
    await rig.pass(dayMs);
    expect((await rig.store.look.counts('bob')).refused).toBeUndefined();
  });
}
