import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOverdue } from '../../../src/core/wait/due.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import { priorities } from '../../../src/model/message.ts';
import type { State } from '../../../src/model/state.ts';
import { Tally } from '../../../src/storage/port/dump/tally.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { createFakeClock } from '../contract/fake-clock.ts';
import { newToken } from '../contract/ways.ts';
import { type Engine, loadAll, placeFor, recordsOf } from './engines.ts';
import { Actor, agents, leaseMs, policy } from './story.ts';
import { viewOf } from './view.ts';

const agent = fc.constantFrom(...agents);
const key = fc.constantFrom(undefined, 'k', 'l');
/** What is done, in any order; what its state does not let it do is nothing. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('send' as const),
    to: fc.uniqueArray(agent, { minLength: 1, maxLength: 3 }),
    priority: fc.constantFrom(...priorities),
    ...{ orderingKey: key, replaceKey: key, dedupeKey: key },
    laterMs: fc.constantFrom(0, 0, 5000),
    ttlMs: fc.constantFrom(0, 0, 30_000),
    notify: fc.boolean(),
    body: fc.string({ maxLength: 20 }),
  }),
  fc.record({ do: fc.constant('claim' as const), from: agent }),
  fc.record({
    do: fc.constantFrom('ack' as const, 'nack' as const, 'kill' as const, 'renew' as const),
    nth: fc.nat(9),
  }),
  fc.record({
    do: fc.constantFrom('cancel' as const, 'retry' as const, 'restore' as const, 'handOver' as const),
    from: agent,
    to: agent,
  }),
  fc.record({ do: fc.constantFrom('request' as const, 'answer' as const), from: agent, nth: fc.nat(3) }),
  fc.record({ do: fc.constant('publish' as const), topic: fc.constantFrom('news', 'news.today') }),
  fc.record({ do: fc.constant('recover' as const), from: agent }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 1000, 70_000, 86_400_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function first(store: Store, mailbox: string, states: readonly State[]): Promise<Entry | undefined> {
  for (const state of states) for await (const entry of store.look.list(mailbox, state)) return entry;
  return undefined;
}

async function take(actor: Actor, one: Step): Promise<unknown> {
  const { store, clock } = actor;
  switch (one.do) {
    case 'send': {
      const { to, priority, body, laterMs, ttlMs, notify } = one;
      const expiresAt = ttlMs > 0 ? new Date(clock.now() + ttlMs).toISOString() : null;
      const keys = { orderingKey: one.orderingKey ?? null, replaceKey: one.replaceKey ?? null };
      const words = {
        to,
        priority,
        body,
        expiresAt,
        dedupeKey: one.dedupeKey ?? null,
        ...(notify && { notify: true as const }),
      };
      return actor.send({ ...words, ...keys }, laterMs > 0 ? { dueAt: clock.now() + laterMs } : {});
    }
    case 'claim':
      return actor.claim(one.from);
    case 'ack':
    case 'nack':
    case 'kill':
    case 'renew': {
      const receipt = actor.receipts[one.nth];
      if (receipt === undefined) return undefined;
      if (one.do === 'renew') return store.mail.renew(receipt, { leaseMs });
      actor.receipts.splice(one.nth, 1);
      if (one.do === 'ack') return store.mail.ack(receipt, {});
      return store.mail.nack(receipt, { policy, reason: 'no', dead: one.do === 'kill' });
    }
    case 'cancel':
    case 'handOver': {
      const entry = await first(store, one.from, ['ready', 'delayed']);
      if (!entry) return undefined;
      return one.do === 'cancel' ? store.mail.cancel(entry, {}) : store.mail.handOver(entry, one.to, {});
    }
    case 'retry':
    case 'restore': {
      const entry = await first(store, one.from, [one.do === 'retry' ? 'dead' : 'archived']);
      if (!entry) return undefined;
      return one.do === 'retry' ? store.mail.retry(entry, {}) : store.mail.restore(entry, {});
    }
    case 'request': {
      const request = await actor.send({ from: one.from, to: ['bob'] });
      actor.requests.push(request.id);
      return store.mail.openInbox(one.from, request.id, clock.now() + 100_000);
    }
    case 'answer': {
      const id = actor.requests[one.nth];
      const request = actor.sent.find((sent) => sent.id === id);
      return request && actor.send({ from: 'bob', to: [request.from], replyTo: request.id });
    }
    case 'publish':
      return actor.send({ to: ['Cy'], topic: one.topic }, { mailboxes: ['Cy', `#${one.topic}`] });
    case 'recover':
      return store.mail.recover(one.from, policy);
    case 'pass':
      clock.advance(one.ms);
      return undefined;
    default:
      return undefined;
  }
}

function tallyOf(records: readonly DumpRecord[]): unknown {
  const tally = new Tally();
  for (const record of records) tally.add(record);
  return tally.mailboxes();
}

async function drained(store: Store, mailbox: string): Promise<string[]> {
  const ids: string[] = [];
  // Of what dies by a claim its sender is told behind that, and he may be whose mailbox it is.
  const next = async () => (await claim()) ?? claim();
  for (let one = await next(); one; one = await next()) {
    // A notice of what dies here has an id of its own in each.
    const { id, type, subject } = one.message;
    ids.push(`${type === 'notice' ? subject : id} ${one.attempt}`);
    await store.mail.ack(one.receipt, {});
  }
  return ids;
  function claim() {
    return store.mail.claim(mailbox, { token: newToken(), leaseMs, policy });
  }
}

/** Something whose time is over, and that nobody has moved yet. */
async function hasOverdue({ look }: Store, now: number): Promise<boolean> {
  for (const mailbox of agents)
    for (const state of ['ready', 'delayed', 'inflight'] as const)
      for await (const entry of look.list(mailbox, state)) if (isOverdue(entry, now)) return true;
  return false;
}

async function expectSame(from: Engine, engines: readonly Engine[], steps: readonly Step[]): Promise<void> {
  const clock = createFakeClock();
  const deps = { clock, ids: createIds() };
  const source = await placeFor(from, deps);
  const targets = await Promise.all(engines.map((engine) => placeFor(engine, deps)));
  try {
    await source.init();
    const actor = new Actor(await source.open(), clock, deps.ids);
    await actor.begin();
    for (const one of steps) {
      try {
        await take(actor, one);
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
      }
      clock.advance(1);
    }
    const records = await recordsOf(actor.store);
    const before = await viewOf(actor.store);
    const stores = await Promise.all(targets.map((target) => loadAll(target, records)));
    for (const store of stores) {
      expect(await viewOf(store)).toEqual(before);
      expect(tallyOf(await recordsOf(store))).toEqual(tallyOf(records));
    }
    // Whatever was held and rested comes in the same order.
    let isMoved = await hasOverdue(actor.store, clock.now());
    for (const ms of [0, 10_000, 400_000]) {
      clock.advance(ms);
      isMoved ||= ms > 0;
      for (const mailbox of agents) {
        const order = await drained(actor.store, mailbox);
        for (const [i, store] of stores.entries()) {
          const there = await drained(store, mailbox);
          // Where it comes among others when its time is over, each storage has a rule of its own.
          if (isMoved && engines[i] !== from) expect([...there].sort()).toEqual([...order].sort());
          else expect(there).toEqual(order);
        }
      }
    }
  } finally {
    for (const place of [source, ...targets]) await place.remove();
  }
}

export function historiesContract(
  pairs: readonly { readonly from: Engine; readonly to: readonly Engine[] }[],
  numRuns = 5,
): void {
  test.each(pairs)(
    'whatever has happened in $from, it is the same where it is loaded',
    async ({ from, to }) => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), (steps) =>
        expectSame(from, to, steps),
      );
      await fc.assert(property, { numRuns });
    },
    240_000,
  );
}
