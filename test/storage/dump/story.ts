/** Something of everything that a root can hold. */
import type { Ids } from '../../../src/model/id.ts';
import type { Message } from '../../../src/model/message.ts';
import type { RetryPolicy } from '../../../src/model/settings.ts';
import type { Outgoing } from '../../../src/storage/port/mail.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import type { FakeClock } from '../contract/fake-clock.ts';
import { changeAgentIn, changeSettingsIn } from '../contract/ways.ts';

export const policy: RetryPolicy = { maxAttempts: 3, backoffMinMs: 1000, backoffMaxMs: 300_000 };
export const leaseMs = 60_000;
export const agents = ['ann', 'bob', 'Cy'];

/** One who acts on a store by short orders; what goes wrong because of its state is no matter. */
export class Actor {
  readonly receipts: string[] = [];
  readonly requests: string[] = [];
  readonly sent: Message[] = [];

  constructor(
    readonly store: Store,
    readonly clock: FakeClock,
    readonly ids: Ids,
  ) {}

  async begin(): Promise<void> {
    for (const name of agents)
      await changeAgentIn(this.store, name, () => ({
        ...{ v: 1, name, createdAt: new Date(this.clock.now()).toISOString() },
      }));
  }

  message(fields: Partial<Message> = {}): Message {
    const id = this.ids.next(this.clock.now());
    return {
      ...{
        v: 1,
        id,
        from: 'ann',
        to: ['bob'],
        subject: '',
        body: `Body of ${id}`,
        type: 'message',
        priority: 'normal',
      },
      ...{ thread: id, replyTo: null, tags: [], data: null, createdAt: new Date(this.clock.now()).toISOString() },
      ...{ expiresAt: null, dedupeKey: null },
      ...fields,
    };
  }

  async send(fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Promise<Message> {
    const message = this.message(fields);
    const [result] = await this.store.mail.send([{ message, mailboxes: message.to, ...more }], { durability: 'full' });
    if (result instanceof Error) throw result;
    this.sent.push(message);
    return message;
  }

  async claim(mailbox = 'bob', more: object = {}): Promise<string | undefined> {
    const delivery = await this.store.mail.claim(mailbox, {
      token: this.ids.token(),
      leaseMs,
      policy,
      by: mailbox,
      ...more,
    });
    if (delivery) this.receipts.push(delivery.receipt);
    return delivery?.receipt;
  }
}

export async function tellAll(actor: Actor): Promise<void> {
  const { store, clock, ids } = actor;
  const settle = async (how: 'ack' | 'nack' | 'dead', mailbox = 'bob'): Promise<void> => {
    const receipt = await actor.claim(mailbox);
    if (receipt === undefined) throw new Error('There was nothing to claim.');
    actor.receipts.pop();
    if (how === 'ack') await store.mail.ack(receipt, { by: mailbox, score: 0.5, note: 'good' });
    else await store.mail.nack(receipt, { policy, by: mailbox, reason: 'no', dead: how === 'dead' });
    clock.advance(10);
  };
  await actor.begin();
  await changeSettingsIn(store, (settings) => ({ ...settings, dedupeWindow: '2d' }));
  await store.documents.keepRevision('settings', 1, { settings: { dedupeWindow: '2d' } });
  await store.documents.keepRevision('agents/bob', 1, { name: 'bob' });
  await store.documents.put('subscriptions', { v: 1, subscriptions: [] }, undefined);
  await store.documents.put(`tasks/${ids.next(clock.now())}`, { any: 'thing' }, undefined);
  await actor.send({ subject: 'acked', body: 'ünïcödé\n"quoted"\u2028' });
  await settle('ack');
  await actor.send({ subject: 'dead' });
  await settle('dead');
  await actor.send({ subject: 'rests' });
  await settle('nack');
  await actor.send({ subject: 'comes back' });
  clock.advance(2000);
  await settle('nack');
  clock.advance(3000);
  await actor.send({ priority: 'urgent', subject: 'urgent' });
  await actor.send({ priority: 'low', expiresAt: new Date(clock.now() + 3_600_000).toISOString() });
  await actor.send({ subject: 'to several', to: ['bob', 'Cy', 'ann'] });
  await actor.send({ subject: 'later' }, { dueAt: clock.now() + 60_000 });
  await actor.send({ subject: 'deduped', dedupeKey: 'a key' });
  await actor.send({ subject: 'deduped for two', to: ['bob', 'Cy'], dedupeKey: 'another' });
  await actor.send({ subject: 'first of its key', orderingKey: 'k', to: ['Cy'] });
  await actor.send({ subject: 'second of its key', orderingKey: 'k', to: ['Cy'] });
  await actor.send({ subject: 'replaced', replaceKey: 'r', to: ['Cy'] });
  await actor.send({ subject: 'replacing', replaceKey: 'r', to: ['Cy'] });
  clock.advance(20);
  for (let i = 0; i < 4; i++) await actor.claim('Cy');
  await actor.claim('bob', { maxAttempts: 9 });
  const request = await actor.send({ subject: 'request', to: ['bob'], from: 'Cy' });
  await store.mail.openInbox('Cy', request.id, clock.now() + 600_000);
  actor.requests.push(request.id);
  await actor.send({ from: 'bob', to: ['Cy'], replyTo: request.id, subject: 'answer' });
  await actor.send({ to: ['ann'], topic: 'news.today', subject: 'published' }, { mailboxes: ['ann', '#news.today'] });
  await store.mail.quarantine('bob', Buffer.from([0xff, 0, 1]), { name: 'junk', why: 'it is junk' });
  await store.mail.deposit('ann', actor.message({ to: ['ann'] }), 'archived', { at: clock.now(), by: 'ann' });
  for await (const entry of store.look.list('bob', 'ready')) {
    await store.mail.cancel(entry, { by: 'ann' });
    break;
  }
  for await (const entry of store.look.list('bob', 'ready')) {
    await store.mail.handOver(entry, 'ann', { by: 'bob', reason: 'busy' });
    break;
  }
  await store.presence.put('ann', { status: 'busy', note: 'at work', since: clock.now() });
  await store.mail.spend('ann', 60, 3);
  await store.reach.putSession({
    host: 'claude',
    session: 's1',
    agent: 'bob',
    state: 'idle',
    since: clock.now(),
    interactive: true,
  });
  await store.reach.takePlace({ host: 'claude', session: 's1' }, 'TOKEN');
  const [first] = actor.sent;
  if (first) await store.reach.announce('bob', { host: 'claude', session: 's1' }, [{ id: first.id, time: 1 }]);
  await store.rollups.write('bob', '2026-11-20', '{"a":1}\n');
  await store.audit.append('2026-11-20', '{"a":"ü"}\n{"b":2}\n');
  await store.audit.makeKey(1, 'PRIVATE\n');
  await store.mail.noteRefusals([{ mailbox: 'bob', code: 'MAILBOX_FULL', reason: 'full' }]);
}
