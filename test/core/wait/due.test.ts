import { describe, expect, test } from 'vitest';
import { bringAllDue, createDueTimer, type DueTimer } from '../../../src/core/wait/due.ts';
import { createCoreRig } from '../rig.ts';

test('a look that leaves some of what is due to the next one says so, once, until all is moved', async () => {
  const { root, warnings } = await createCoreRig();
  const { recover } = root.store.mail;
  root.store.mail.recover = async () => ({ moved: 100, left: 14_000 });
  for (let looks = 0; looks < 2; looks++) await bringAllDue(root, { name: 'planner' });
  expect(warnings).toEqual([expect.stringMatching(/^Of what is due in planner 10000 were moved.*14000 .*next look/)]);
  root.store.mail.recover = recover;
  await bringAllDue(root, { name: 'planner' });
  root.store.mail.recover = async () => ({ moved: 1 });
  await bringAllDue(root, { name: 'planner' });
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toMatch(/100 were moved.*next look/);
});

describe('a due timer', () => {
  async function timed(
    mailboxes: readonly string[],
  ): Promise<{ timer: DueTimer; looked: string[]; pass(ms: number): void }> {
    const { root, clock } = await createCoreRig();
    const looked: string[] = [];
    root.store.mail.recover = async (mailbox) => {
      looked.push(mailbox);
      clock.advance(20);
      return { moved: 0 };
    };
    const timer = createDueTimer(root, mailboxes);
    return { timer, looked, pass: (ms) => clock.advance(ms) };
  }

  test('a hint that comes while it asks who there is has it look again', async () => {
    const { root, clock } = await createCoreRig();
    const looked: string[] = [];
    root.store.mail.recover = async (mailbox) => {
      looked.push(mailbox);
      return { moved: 0 };
    };
    const timer = createDueTimer(root, undefined);
    const { documents } = root.store;
    const { listAgents } = documents;
    documents.listAgents = async () => {
      documents.listAgents = listAgents;
      timer.soon(200);
      return listAgents();
    };
    await timer.look();
    const { length: agents } = looked;
    clock.advance(200);
    await timer.look();
    expect(looked).toHaveLength(2 * agents);
  });

  test('looks everywhere at first, and then where something happened', async () => {
    const { timer, looked, pass } = await timed(['planner', 'reviewer']);
    await timer.look();
    expect(looked).toEqual(['planner', 'reviewer']);
    timer.soon(100, ['reviewer']);
    await timer.look();
    pass(100);
    await timer.look();
    expect(looked).toEqual(['planner', 'reviewer', 'reviewer']);
    pass(15_000);
    await timer.look();
    expect(looked).toHaveLength(5);
  });

  test('looks at many in bites, so that what happens meanwhile is seen', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `bot${i}`);
    const { timer, looked } = await timed(names);
    let bites = 0;
    do {
      const before = looked.length;
      await timer.look();
      expect(looked.length - before).toBeLessThanOrEqual(3);
      bites++;
    } while (timer.restMs() === 1);
    expect(bites).toBeGreaterThan(3);
    expect(looked).toEqual(names);
  });
});
