import { afterAll, beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { show } from '../../../src/core/look/show.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Handled } from '../../../src/core/work/handle.ts';
import { work } from '../../../src/core/work/work.ts';
import type { Delivery, Mail } from '../../../src/storage/port/mail.ts';
import { removeScratch } from '../../scratch.ts';
import { cutStore } from '../away-engine.ts';
import { createSealRig, must, type SealRig } from '../seal/rig.ts';

let rig: SealRig;
beforeEach(async () => {
  rig = await createSealRig();
});
afterAll(removeScratch);

const sealed = async (): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'the code', subject: 's', seal: true, sealSubject: true })).id;

/** Of one message: what the handler was given, and what became of it. */
async function worked(session = rig.as('reviewer'), options: { unseal?: boolean } = {}, reply?: string) {
  const given: Delivery[] = [];
  const handled: Handled[] = [];
  await work(
    session,
    'reviewer',
    (job) => {
      given.push(job);
      return { outcome: 'ack', ...(reply !== undefined && { reply: { body: reply } }) };
    },
    { ...options, count: 1, onHandled: (one) => void handled.push(one) },
  );
  return { given: given[0], handled: must(handled[0]) };
}

test('a handler gets sealed mail opened, and its reply is sealed', async () => {
  await sealed();
  const { given, handled } = await worked(rig.as('reviewer'), {}, 'seen: the code');
  expect(given).toMatchObject({ unsealed: true, message: { body: 'the code', subject: 's' } });
  expect(given?.message).not.toHaveProperty('sealed');
  const reply = must(handled.replied);
  expect(await rig.lies(reply)).toMatchObject({ sealed: 'age', to: ['planner'], subject: '' });
  expect((await show(rig.root, reply, { unseal: true })).message.body).toBe('seen: the code');
});

test('a handler gets it as it lies if that is said, key or no key', async () => {
  for (const session of [rig.as('reviewer'), rig.stranger('reviewer')]) {
    const id = await sealed();
    const { given } = await worked(session, { unseal: false });
    expect(given?.message).toMatchObject({ id, sealed: 'age' });
    expect(given).not.toHaveProperty('unsealed');
  }
});

test('where the key is not here no handler is called, and the message rests without an attempt', async () => {
  const id = await sealed();
  const { given, handled } = await worked(rig.stranger('reviewer'));
  expect(given).toBeUndefined();
  expect(handled).toMatchObject({ result: 'returned', reason: expect.stringContaining('no private key of reviewer') });
  expect(await rig.root.store.look.find(id)).toMatchObject([{ state: 'delayed', attempt: 0 }]);
});

test('what does not open is a failed attempt, with the reason', async () => {
  const { digest: _, ...message } = await rig.lies(await sealed());
  const [entry] = await rig.root.store.look.find(message.id);
  await rig.root.store.mail.cancel(must(entry), {});
  const id = rig.root.ids.next(rig.clock.now());
  await rig.root.store.mail.deposit('reviewer', { ...message, id }, 'ready', { at: rig.clock.now(), by: 'x' });
  const { given, handled } = await worked();
  expect(given).toBeUndefined();
  expect(handled).toMatchObject({ result: 'failed', reason: expect.stringContaining('belongs to another message') });
});

test('where the engine goes away before it is opened, it is opened once that is back', async () => {
  await sealed();
  const session = rig.as('reviewer');
  const engine = cutStore(session.store);
  const { claim } = session.store.mail;
  const mail: Mail = {
    ...session.store.mail,
    claim: async (...args) => {
      const delivery = await claim(...args);
      engine.isAway = true;
      setTimeout(() => (engine.isAway = false), 50);
      return delivery;
    },
  };
  const { given, handled } = await worked({ ...session, store: { ...engine.store, mail } });
  expect(given).toMatchObject({ unsealed: true, message: { body: 'the code' } });
  expect(handled).toMatchObject({ result: 'acked' });
  expect(rig.warnings).toEqual([expect.stringContaining('It is tried again')]);
});

test('a reply that its sender cannot take is kept sealed', async () => {
  await sealed();
  await registerAgent(rig.root, { name: 'planner', settings: { maxMessageBytes: 1024 } });
  const { handled } = await worked(rig.as('reviewer'), {}, 'seen: the code'.repeat(70));
  expect(await rig.lies(must(handled.kept))).toMatchObject({ sealed: 'age', from: 'reviewer' });
  expect(rig.warnings.join()).toContain('--unseal --as reviewer');
});
