import { expect } from 'vitest';
import type { PresenceRecord } from '../../../src/storage/port/presence.ts';
import { policy, type Rig } from './rig.ts';

export function presenceRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const said = (fields: Partial<PresenceRecord> = {}): PresenceRecord => ({
    status: 'idle',
    since: rig.now(),
    ...fields,
  });

  test('who has never said that he is there is not known, whatever he does', async () => {
    await rig.store.presence.seen('bob');
    await rig.claim();
    expect(await rig.store.presence.get('bob')).toBeUndefined();
    await rig.store.presence.forget('bob');
  });

  test('what an agent has said last is told as a whole, also to another handle, and of nobody else', async () => {
    expect(await rig.store.presence.put('bob', said({ status: 'busy', note: 'a "b"', label: 'one' }))).toBe(true);
    const last = said({ status: 'paused', label: 'two' });
    const again = await rig.another();
    expect(await again.presence.put('bob', last)).toBe(true);
    const known = await rig.store.presence.get('bob');
    expect(known).toMatchObject({ status: 'paused', label: 'two' });
    expect(known).not.toHaveProperty('note');
    expect(known).not.toHaveProperty('pid');
    expect(await rig.store.presence.get('ann')).toBeUndefined();
    await again.presence.forget('bob');
    expect(await rig.store.presence.get('bob')).toBeUndefined();
  });

  onStillClock('what it does says when it was last there, at most once a second in one process', async () => {
    const since = rig.now();
    await rig.store.presence.put('bob', said());
    await rig.pass(5000);
    await rig.store.presence.seen('bob');
    expect(await rig.store.presence.get('bob')).toMatchObject({ since, seenAt: since + 5000 });
    await rig.pass(900);
    await rig.store.presence.seen('bob');
    expect(await rig.store.presence.get('bob')).toMatchObject({ seenAt: since + 5000 });
    await rig.pass(100);
    await rig.store.presence.seen('bob');
    expect(await rig.store.presence.get('bob')).toMatchObject({ since, seenAt: since + 6000 });
    // Another process has its own second.
    await rig.pass(200);
    await (await rig.another()).presence.seen('bob');
    expect(await rig.store.presence.get('bob')).toMatchObject({ seenAt: since + 6200 });
  });

  onStillClock('a claim from its mailbox says it, too, also one that finds nothing', async () => {
    const since = rig.now();
    await rig.store.presence.put('bob', said());
    await rig.pass(7000);
    await rig.claim();
    expect(await rig.store.presence.get('bob')).toMatchObject({ seenAt: since + 7000 });
  });

  test('whoever is renamed is there under his new name', async () => {
    await rig.store.presence.put('bob', said({ note: 'reading' }));
    expect(await rig.store.documents.rename('bob', 'critic')).toBe('renamed');
    expect(await rig.store.presence.get('critic')).toMatchObject({ note: 'reading' });
    expect(await rig.store.presence.get('bob')).toBeUndefined();
  });

  onStillClock('what happened in a mailbox is counted by its kind since a moment', async () => {
    for (let i = 0; i < 3; i++) await rig.send();
    const one = await rig.mustClaim();
    await rig.store.mail.ack(one.receipt, {});
    await rig.pass(60_000);
    const since = rig.now();
    for (let i = 0; i < 2; i++) {
      const { receipt } = await rig.mustClaim();
      if (i === 0) await rig.store.mail.nack(receipt, { policy });
      else await rig.store.mail.ack(receipt, {});
    }
    const counted = await rig.store.journal.tally('bob', since);
    expect(Object.fromEntries(counted)).toEqual({ claimed: 2, nacked: 1, acked: 1 });
    expect((await rig.store.journal.tally('bob', since - 60_000)).get('delivered')).toBe(3);
    expect(await rig.store.journal.tally('ann', 0)).toEqual(new Map());
  });
}
