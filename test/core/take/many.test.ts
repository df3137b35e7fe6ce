import { beforeEach, expect, test } from 'vitest';
import { pauseAgent, resumeAgent } from '../../../src/core/agents/pause.ts';
import { resolveAgent } from '../../../src/core/agents/agents.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { admit } from '../../../src/core/root/operation.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { ackMany, createManyReader, type ManyReader } from '../../../src/core/take/many.ts';
import { createWaiter } from '../../../src/core/wait/wait.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { engineUnreachable } from '../../../src/storage/engine/refusals.ts';
import type { ClaimManyOptions, Delivery } from '../../../src/storage/port/mail.ts';
import { engineAddress, sessionOver } from '../away-engine.ts';
import { createSignedRig } from '../identity/signatures/rig.ts';
import { type CoreRig, createCoreRig, gather } from '../rig.ts';

let rig: CoreRig;
let own: Session;
beforeEach(async () => {
  rig = await createCoreRig();
  own = { ...rig.as('reviewer'), label: 'bridge:b' };
});

const room = { count: 10, bytes: 100 * 1024 * 1024 };

async function readerOf(
  session: Session,
): Promise<(more?: Partial<typeof room>, waitMs?: number) => Promise<Delivery[]>> {
  const reader: ManyReader = createManyReader(session, await resolveAgent(session, 'reviewer'), () =>
    session.ids.token(),
  );
  return async (more = {}, waitMs = 0) => {
    const waiter = createWaiter(session, 'reviewer');
    try {
      return [...((await reader.next(waiter, { ...room, ...more }, { waitMs })) ?? [])];
    } finally {
      await waiter.close();
    }
  };
}

const sendAll = async (...bodies: string[]): Promise<void> => {
  for (const body of bodies) await send(rig.root, { to: 'reviewer', body });
};
const bodiesOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ message }) => message.body);
const receiptsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ receipt }) => receipt);

test('what is ready is claimed together, under the lease of the settings, as far as there is room', async () => {
  const read = await readerOf(own);
  expect(await read()).toEqual([]);
  await sendAll('a', 'b', 'c', 'd', 'e', 'f');
  const some = await read({ count: 2 });
  expect(some).toMatchObject([
    { attempt: 1, leaseUntil: rig.clock.now() + 15 * 60_000, message: { body: 'a' } },
    { attempt: 1, message: { body: 'b' } },
  ]);
  expect(rig.mail.log.filter(({ event }) => event === 'claimed')).toMatchObject([
    { by: 'reviewer', label: 'bridge:b' },
    { by: 'reviewer', label: 'bridge:b' },
  ]);
  await setConfig(rig.root, 'maxMessageBytes', '1024');
  rig.clock.advance(2000);
  // Each might have as many bytes as a message may; one is claimed however little room there is.
  expect(bodiesOf(await read({ bytes: 2047 }))).toEqual(['c']);
  expect(bodiesOf(await read({ bytes: 0 }))).toEqual(['d']);
  expect(bodiesOf(await read({ bytes: 2048 }))).toEqual(['e', 'f']);
});

test('who waits gets what comes first, and waits for no more', async () => {
  const read = await readerOf(own);
  const reading = read({}, 60_000);
  await sendAll('a');
  expect(bodiesOf(await reading)).toEqual(['a']);
});

test('of a paused mailbox nothing is claimed', async () => {
  const read = await readerOf(own);
  expect(await read()).toEqual([]);
  await sendAll('a');
  await pauseAgent(rig.root, 'reviewer');
  expect(await read()).toEqual([]);
  await resumeAgent(rig.root, 'reviewer');
  expect(bodiesOf(await read())).toEqual(['a']);
});

test('claims of which nobody knows whether they were made are made again by their own tokens', async () => {
  const asked: ClaimManyOptions[] = [];
  const { mail } = own.store;
  let lost = 1;
  const claimMany: typeof mail.claimMany = async (mailbox, options) => {
    asked.push(options);
    const deliveries = await mail.claimMany(mailbox, options);
    if (lost-- > 0) throw engineUnreachable(engineAddress, 'the connection broke');
    return deliveries;
  };
  const read = await readerOf(sessionOver({ ...own.store, mail: { ...mail, claimMany } }, own, 'reviewer'));
  await sendAll('a', 'b', 'c');
  await expect(read({ count: 2 })).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  expect(bodiesOf(await read({ count: 2 }))).toEqual(['a', 'b']);
  expect(bodiesOf(await read({ count: 2 }))).toEqual(['c']);
  expect(asked.map(({ repeat }) => repeat)).toEqual([false, true, false]);
  expect(asked[1]?.tokens).toEqual(asked[0]?.tokens);
  expect(asked[2]?.tokens).not.toEqual(asked[0]?.tokens);
});

test('where signatures are required what has none is dead, and what lies behind it is claimed', async () => {
  const signed = await createSignedRig();
  const to = async (body: string) => send(signed.own, { to: 'reviewer', body });
  for (const body of ['unsigned', 'unsigned, too']) await to(body);
  await signed.set('require');
  for (const body of ['good', 'better']) await to(body);
  const reader = signed.user('reviewer');
  const read = await readerOf(reader);
  // First those alone, so that nothing of the first step is left.
  expect(await read({ count: 2 })).toMatchObject([
    { signature: 'verified', message: { body: 'good' } },
    { signature: 'verified', message: { body: 'better' } },
  ]);
  expect(await gather(reader.store.look.list('reviewer', 'dead'))).toHaveLength(2);
});

test('what nobody can judge now is given back, all that was claimed with it, and loses no attempt', async () => {
  const signed = await createSignedRig();
  await signed.set('require');
  for (const body of ['a', 'b']) await send(signed.own, { to: 'reviewer', body });
  const reader = signed.user('reviewer');
  const read = await readerOf(reader);
  const { documents } = reader.store;
  const before = await documents.get('identity');
  await documents.put('identity', { id: 'spoilt' }, before?.version);
  await expect(read()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await gather(reader.store.look.list('reviewer', 'delayed'))).toMatchObject([{ attempt: 0 }, { attempt: 0 }]);
});

test('acks in one step have an answer each, and are told and noted as others', async () => {
  await setConfig(rig.root, 'audit', 'all');
  rig.clock.advance(2000);
  const read = await readerOf(own);
  await sendAll('a', 'b', 'c');
  const [a = '', b = '', c = ''] = receiptsOf(await read());
  await own.store.mail.ack(b, {});
  const answers = await ackMany(own, [a, b, c], 'reviewer', 'far');
  expect(answers.map((one) => (one instanceof DreamosError ? one.code : one.state))).toEqual([
    ...['archived', 'ALREADY_SETTLED', 'archived'],
  ]);
  expect(rig.mail.log.filter(({ event }) => event === 'forwarded')).toMatchObject([
    { to: 'far', by: 'reviewer', label: 'bridge:b' },
    { to: 'far', by: 'reviewer', label: 'bridge:b' },
  ]);
  const noted = [...rig.mail.audit.logs.values()].map(String).join('');
  expect(noted.match(/"op":"claim"/g)).toHaveLength(3);
  expect(noted.match(/"op":"ack"/g)).toHaveLength(2);
});

test('under a policy nothing is claimed or acked that may not be, and the rest is', async () => {
  const read = await readerOf(own);
  await sendAll('a');
  await send(rig.root, { to: 'Builder', body: 'b' });
  const [mine = ''] = receiptsOf(await read());
  const how = { leaseMs: 60_000, policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 } };
  const [other] = await own.store.mail.claimMany('Builder', { tokens: [own.ids.token()], ...how });
  const rules = { roles: { carriers: { allow: { read: ['reviewer'] } } }, agents: { planner: ['carriers'] } };
  await rig.root.store.documents.put('policy', rules, undefined);
  rig.clock.advance(1000);
  const { store } = await admit(rig.root, 'bridge', { lasting: 'claims' });
  const asked = store.mail.claimMany('Builder', { tokens: [own.ids.token()], ...how });
  await expect(asked).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const answers = await store.mail.ackMany([other?.receipt ?? '', mine, 'nonsense'], {});
  expect(answers.map((one) => (one instanceof DreamosError ? one.code : one.state))).toEqual([
    ...['FORBIDDEN', 'archived', 'RECEIPT_INVALID'],
  ]);
  expect(await gather(own.store.look.list('Builder', 'inflight'))).toHaveLength(1);
});
