import { describe, expect, test, type TestContext } from 'vitest';
import { createIds } from '../../../src/model/id.ts';
import { differing, Tally } from '../../../src/storage/port/dump/tally.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { createFakeClock } from '../contract/fake-clock.ts';
import { codeOf } from '../contract/rig.ts';
import { newToken } from '../contract/ways.ts';
import { type Engine, loadAll, placeFor, recordsOf } from './engines.ts';
import { Actor, leaseMs, policy, tellAll } from './story.ts';
import { viewOf } from './view.ts';

type Records = readonly DumpRecord[];

async function told(
  context: TestContext,
  { from, to }: Pair,
  change: (records: Records) => Records = (records) => records,
) {
  const clock = createFakeClock();
  const deps = { clock, ids: createIds() };
  const source = await placeFor(from, deps);
  const target = await placeFor(to, deps);
  context.onTestFinished(async () => {
    await source.remove();
    await target.remove();
  });
  await source.init();
  const actor = new Actor(await source.open(), clock, deps.ids);
  await tellAll(actor);
  const records = change(await recordsOf(actor.store));
  return { clock, actor, records, loaded: await loadAll(target, records) };
}

function tallyOf(records: Records): Tally {
  const tally = new Tally();
  for (const record of records) tally.add(record);
  return tally;
}

async function drained(store: Store, mailbox: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const delivery = await store.mail.claim(mailbox, { token: newToken(), leaseMs, policy });
    if (!delivery) return ids;
    ids.push(`${delivery.message.id} ${delivery.attempt}`);
    await store.mail.ack(delivery.receipt, {});
  }
}

interface Pair {
  readonly from: Engine;
  readonly to: Engine;
}

/** What holds of a dump of one storage that is loaded into another. */
export function dumpContract(pairs: readonly Pair[]): void {
  describe.each(pairs)('a dump of $from, loaded into $to', ({ from, to }) => {
    test('shows at every look what it was made of', async (context) => {
      const { actor, loaded } = await told(context, { from, to });
      const known = await viewOf(actor.store);
      expect(await viewOf(loaded)).toEqual(known);
      expect(JSON.stringify(known)).toContain('comes back');
    });

    test('is dumped again with the same counts and digests', async (context) => {
      const { records, loaded } = await told(context, { from, to });
      const [before, after] = [tallyOf(records).mailboxes(), tallyOf(await recordsOf(loaded)).mailboxes()];
      expect(after).toEqual(before);
      expect(differing(before, after)).toEqual([]);
      expect(Object.keys(before).sort()).toEqual(['#news.today', 'Cy', 'ann', 'bob']);
    });

    test('brings what nobody can read as often as it is there', async (context) => {
      const twice = (all: Records): Records =>
        all.flatMap<DumpRecord>((one) => (one.kind === 'corrupt' ? [one, { ...one, name: 'more junk' }] : [one]));
      const { records, loaded } = await told(context, { from, to }, twice);
      const [before, after] = [tallyOf(records), tallyOf(await recordsOf(loaded))];
      expect(before.mailboxes()['bob']?.corrupt).toBe(2);
      expect(differing(before.mailboxes(), after.mailboxes())).toEqual([]);
      expect(after.mailboxes()['bob']?.corrupt).toBe(2);
    });

    test('goes on as the root that it was made of would', async (context) => {
      const { clock, actor, loaded } = await told(context, { from, to });
      expect(actor.receipts).toHaveLength(5);
      // The claims that were out hold, by the receipts that were given out before, and what is settled stays so.
      for (const receipt of actor.receipts.slice(0, 3)) {
        expect(loaded.mail.parseReceipt(receipt)).toEqual(actor.store.mail.parseReceipt(receipt));
        for (const store of [actor.store, loaded]) await store.mail.ack(receipt, { by: 'Cy' });
        expect(await codeOf(loaded.mail.ack(receipt, {}))).toBe('ALREADY_SETTLED');
      }
      const repeat = { ...actor.message({ subject: 'deduped', dedupeKey: 'a key' }) };
      const first = actor.sent.find(({ dedupeKey }) => dedupeKey === 'a key');
      const said = { ...repeat, body: first?.body ?? '', thread: first?.thread ?? '' };
      const [again] = await loaded.mail.send([{ message: said, mailboxes: said.to }], { durability: 'full' });
      expect(again).toMatchObject({ id: first?.id, duplicate: true });
      const [request = ''] = actor.requests;
      expect(await loaded.mail.hasInbox('Cy', request)).toBe(true);
      for (const store of [actor.store, loaded]) {
        const answer = await store.mail.claim('Cy', { token: newToken(), leaseMs, policy, inbox: request });
        expect(answer?.message.subject).toBe('answer');
        await store.mail.closeInbox('Cy', request);
      }
      for (const pass of [0, 70_000, 600_000]) {
        clock.advance(pass);
        for (const mailbox of ['ann', 'bob', 'Cy'])
          expect(await drained(loaded, mailbox)).toEqual(await drained(actor.store, mailbox));
      }
    });
  });
}
