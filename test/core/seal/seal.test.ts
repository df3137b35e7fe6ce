import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { changeKnownCard, registerAgent } from '../../../src/core/agents/agents.ts';
import { createIdentity, revokeIdentity, rotateIdentity } from '../../../src/core/identity/identity.ts';
import { show } from '../../../src/core/look/show.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Draft } from '../../../src/model/draft.ts';
import { exactly } from '../../../src/model/basics/raw-json.ts';
import { dataJson } from '../../../src/model/message.ts';
import { removeScratch } from '../../scratch.ts';
import { createSealRig, expectRefusal, must, type SealRig } from './rig.ts';

let rig: SealRig;
beforeEach(async () => {
  rig = await createSealRig();
});
afterAll(removeScratch);

const secret = 'the code is 4711';
const draft: Draft = { to: 'reviewer', body: secret, subject: 'Codes', data: { code: 4711 }, seal: true };
/** Whole, by its checksum, and a point with which every secret is the same: nothing can be sealed to it. */
const identityPoint = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';
const ready = async (mailbox = 'reviewer') => (await rig.root.store.look.counts(mailbox)).ready;

describe('a sealed message', () => {
  test('lies as a file of age, without its data; who it is for and its sender open it', async () => {
    const { id } = await send(rig.root, draft);
    const lies = await rig.lies(id);
    expect(lies).toMatchObject({ sealed: 'age', subject: 'Codes', data: null, from: 'planner', to: ['reviewer'] });
    expect(lies.body).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n[\w+/=\n]+-----END AGE ENCRYPTED FILE-----\n?$/);
    expect(lies).not.toHaveProperty('sealedMac');
    expect(JSON.stringify([lies, rig.mail.log])).not.toMatch(/4711/);
    for (const name of ['planner', 'reviewer']) {
      const { message, unsealed } = await show(rig.as(name), id, { unseal: true });
      expect(unsealed).toBe(true);
      expect(message).toMatchObject({ id, body: secret, subject: 'Codes', data: { code: 4711 } });
      for (const field of ['sealed', 'sealedMac', 'digest']) expect(message).not.toHaveProperty(field);
    }
    const shut = await show(rig.as('reviewer'), id);
    expect(shut.message).toEqual(lies);
    expect(shut).not.toHaveProperty('unsealed');
  });

  test('has its subject inside where that is asked for, and its data to the last digit', async () => {
    const data = exactly('{"n":12345678901234567890}', JSON.parse('{"n":12345678901234567890}'));
    const { id } = await send(rig.root, { ...draft, data, sealSubject: true });
    expect(await rig.lies(id)).toMatchObject({ subject: '', sealed: 'age' });
    const { message } = await show(rig.as('reviewer'), id, { unseal: true });
    expect(message.subject).toBe('Codes');
    expect(dataJson(message)).toBe('{"n":12345678901234567890}');
    const { id: alone } = await send(rig.root, { to: 'reviewer', body: 'x', subject: 'only this', sealSubject: true });
    expect(await rig.lies(alone)).toMatchObject({ subject: '', sealed: 'age' });
    const sent = send(rig.root, { ...draft, subject: 'x'.repeat(201), sealSubject: true });
    await expectRefusal(sent, { kind: 'invalid', code: 'MESSAGE_INVALID', names: 'subject' });
  });

  test('opens for nobody else, and not without the private key', async () => {
    await createIdentity(rig.root, 'Builder');
    const { id } = await send(rig.root, draft);
    await expectRefusal(show(rig.as('Builder'), id, { unseal: true }), {
      kind: 'denied',
      code: 'SEAL_UNOPENED',
      names: 'no key of Builder that is here opens it',
    });
    await expectRefusal(show(rig.stranger('reviewer'), id, { unseal: true }), {
      kind: 'denied',
      code: 'UNAUTHENTICATED',
      names: 'no private key of reviewer is here',
    });
    expect((await show(rig.as(undefined), id, { unseal: true })).message.body).toBe(secret);
    expect((await show(rig.stranger('reviewer'), id)).message.sealed).toBe('age');
  });

  test('still opens when its recipient and its sender have rotated their keys since', async () => {
    const { id } = await send(rig.root, draft);
    for (const name of ['planner', 'reviewer']) await rotateIdentity(rig.root, name);
    const { id: later } = await send(rig.root, draft);
    for (const one of [id, later])
      for (const name of ['planner', 'reviewer'])
        expect((await show(rig.as(name), one, { unseal: true })).message.body).toBe(secret);
  });

  test('counts with the bytes that lie there', async () => {
    await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessageBytes: 1024 } });
    await send(rig.root, { to: 'reviewer', body: 'x'.repeat(1000) });
    await expectRefusal(send(rig.root, { to: 'reviewer', body: 'x'.repeat(1000), seal: true }), {
      kind: 'invalid',
      code: 'MESSAGE_TOO_LARGE',
      names: /Body and data have \d+ bytes, sealed/,
    });
  });
});

describe('a recipient without a key', () => {
  test.for([
    ['reviewer,Builder', 'Builder has no key'],
    ['Builder,builder', 'Builder has no key'],
    ['@all', 'Builder has no key'],
  ])('of %s is named, and nothing is sent', async ([to = '', names = '']) => {
    const refusal = { kind: 'invalid', code: 'NO_SEAL_KEY', names, next: 'dreamos identity create Builder' } as const;
    await expectRefusal(send(rig.root, { ...draft, to }), refusal);
    await expectRefusal(preview(rig.root, { ...draft, to }), refusal);
    expect([await ready(), await ready('Builder')]).toEqual([0, 0]);
    const results = await sendAll(rig.root, [{ ...draft, to }, draft]);
    expect(results[0]).toMatchObject({ code: 'NO_SEAL_KEY' });
    expect(results[1]).toMatchObject({ to: ['reviewer'] });
  });

  test('is named with all others, and each with what to type', async () => {
    await registerAgent(rig.root, { name: 'third' });
    await expectRefusal(send(rig.root, { ...draft, to: 'Builder,third' }), {
      kind: 'invalid',
      code: 'NO_SEAL_KEY',
      names: 'Builder; third have no key',
      next: 'dreamos identity create Builder; dreamos identity create third',
    });
  });

  test('is the sender, too, who could not read what he has sent', async () => {
    const refusal = { kind: 'invalid', code: 'NO_SEAL_KEY', names: 'Builder, the sender has no key' } as const;
    await expectRefusal(send(rig.as('Builder'), draft), refusal);
    await expectRefusal(send(rig.as('nobody'), draft), { ...refusal, names: 'nobody, the sender has no key' });
    expect(await ready()).toBe(0);
  });

  test('is one whose key was revoked', async () => {
    await revokeIdentity(rig.root, 'reviewer');
    await expectRefusal(send(rig.root, draft), { kind: 'invalid', code: 'NO_SEAL_KEY', names: 'reviewer has no key' });
  });

  test.each(['age1theirs', 'age1', 'theirs', `age1${'q'.repeat(58)}`, identityPoint])(
    'is one whose card says what is no key of age (%s)',
    async (seal) => {
      await changeKnownCard(rig.root, 'reviewer', (card) => ({
        ...card,
        keys: (card.keys ?? []).map((key) => ({ ...key, seal })),
      }));
      await expectRefusal(send(rig.stranger('planner'), draft), {
        kind: 'invalid',
        code: 'NO_SEAL_KEY',
        names: 'reviewer has no key',
        next: 'dreamos identity rotate reviewer',
      });
      expect(await ready()).toBe(0);
    },
  );

  test('is no recipient of a publish either', async () => {
    await subscribe(rig.as('reviewer'), 'codes');
    const { id } = await publish(rig.root, 'codes', { body: secret, seal: true });
    for (const place of ['reviewer', '#codes'])
      expect(await rig.lies(id, place)).toMatchObject({ sealed: 'age', to: [] });
    expect((await show(rig.as('reviewer'), id, { unseal: true })).message.body).toBe(secret);
    await subscribe(rig.as('Builder'), 'codes');
    await expectRefusal(publish(rig.root, 'codes', { body: secret, seal: true }), {
      kind: 'invalid',
      code: 'NO_SEAL_KEY',
      names: 'Builder has no key',
    });
  });
});

test('who has got another key, for which nobody has signed, gets nothing sealed', async () => {
  await send(rig.root, draft);
  await createIdentity(rig.stranger('Builder'), 'Builder');
  const { keys = [] } = must(await rig.root.store.documents.getAgent('Builder'));
  await changeKnownCard(rig.root, 'reviewer', (card) => ({ ...card, keys }));
  await expectRefusal(send(rig.root, draft), { kind: 'denied', code: 'KEY_CHANGED', names: 'reviewer' });
  expect(await ready()).toBe(1);
});

describe('under a dedupe key', () => {
  const keyed = { ...draft, dedupeKey: 'once' };

  test('the same words are a repeat, though their ciphertexts differ, and others are refused', async () => {
    const first = await send(rig.root, keyed);
    expect(await send(rig.root, keyed)).toMatchObject({ id: first.id, duplicate: true });
    expect(await ready()).toBe(1);
    for (const other of [
      { body: 'x' },
      { data: { code: 4712 } },
      { subject: 'x' },
      { seal: false },
      { sealSubject: true },
    ])
      await expectRefusal(send(rig.root, { ...keyed, ...other }), {
        kind: 'conflict',
        code: 'DEDUPE_MISMATCH',
        names: first.id,
      });
  });

  test('a sealed subject is compared, too', async () => {
    const inside = { ...keyed, sealSubject: true };
    const { id } = await send(rig.root, inside);
    expect(await send(rig.root, inside)).toMatchObject({ id, duplicate: true });
    await expectRefusal(send(rig.root, { ...inside, subject: 'x' }), {
      kind: 'conflict',
      code: 'DEDUPE_MISMATCH',
      names: id,
    });
  });

  test('a repeat is known behind a rotation, and when its recipient has lost the key', async () => {
    const first = await send(rig.root, keyed);
    await rotateIdentity(rig.root, 'planner');
    expect(await send(rig.root, keyed)).toMatchObject({ id: first.id, duplicate: true });
    await expectRefusal(send(rig.root, { ...keyed, body: 'x' }), {
      kind: 'conflict',
      code: 'DEDUPE_MISMATCH',
      names: first.id,
    });
    await revokeIdentity(rig.root, 'reviewer');
    expect(await send(rig.root, keyed)).toMatchObject({ id: first.id, duplicate: true });
    await expectRefusal(send(rig.root, { ...keyed, dedupeKey: 'new' }), {
      kind: 'invalid',
      code: 'NO_SEAL_KEY',
      names: 'reviewer has no key',
    });
  });

  test('what is compared tells nothing: it differs by key, sender and root, and without a dedupe key there is none', async () => {
    const macOf = async (session: typeof rig.root, over: Partial<Draft>) =>
      (await rig.lies((await send(session, { ...keyed, to: 'planner,reviewer', ...over })).id)).sealedMac;
    const macs = [
      await macOf(rig.root, {}),
      await macOf(rig.root, { dedupeKey: 'twice' }),
      await macOf(rig.as('reviewer'), {}),
    ];
    for (const mac of macs) expect(mac).toMatch(/^[\w-]{43}$/);
    expect(new Set(macs).size).toBe(3);
  });

  test('who has not the private key of the sender cannot send under his dedupe keys, and so not try out words', async () => {
    await send(rig.root, keyed);
    await expectRefusal(send(rig.stranger('planner'), keyed), {
      kind: 'denied',
      code: 'UNAUTHENTICATED',
      names: 'The private key of planner is not here',
    });
    expect(await send(rig.stranger('planner'), draft)).toMatchObject({ to: ['reviewer'] });
  });
});

describe('an answer', () => {
  const asked = async () => {
    await send(rig.root, draft);
    return must(await readNext(rig.as('reviewer'), 'reviewer'));
  };

  test('to what was sealed is sealed, and repeating it sends nothing twice', async () => {
    const { receipt } = await asked();
    const { id } = await reply(rig.as('reviewer'), receipt, { body: secret });
    expect(await rig.lies(id)).toMatchObject({ sealed: 'age', subject: 'Re: Codes' });
    expect((await show(rig.root, id, { unseal: true })).message.body).toBe(secret);
    expect(await reply(rig.as('reviewer'), receipt, { body: secret }, { ack: true })).toMatchObject({
      id,
      duplicate: true,
    });
  });

  test('is in the open if it says so, as is one to what was not sealed', async () => {
    const { receipt } = await asked();
    const { id } = await reply(rig.as('reviewer'), receipt, { body: 'open', seal: false });
    expect(await rig.lies(id)).toMatchObject({ body: 'open' });
    await send(rig.root, { to: 'reviewer', body: 'x' });
    const other = must(await readNext(rig.as('reviewer'), 'reviewer'));
    const { id: plain } = await reply(rig.as('reviewer'), other.receipt, { body: 'open' });
    expect(await rig.lies(plain)).toMatchObject({ body: 'open' });
  });

  test('of who has no key any more is refused, with how to answer in the open', async () => {
    const { receipt, message } = await asked();
    await revokeIdentity(rig.root, 'reviewer');
    await expectRefusal(reply(rig.as('reviewer'), receipt, { body: 'x' }, { ack: true }), {
      kind: 'invalid',
      code: 'NO_SEAL_KEY',
      names: 'reviewer, the sender has no key',
      next: `dreamos reply ${message.id} "your answer" --no-seal`,
    });
    expect(await ready('planner')).toBe(0);
  });
});

test('a draft that cannot be sealed is refused where it is made', async () => {
  await expectRefusal(send(rig.root, { ...draft, seal: 'yes' as never }), {
    kind: 'invalid',
    code: 'MESSAGE_INVALID',
    names: '"seal" has to be true or false',
  });
  await expect(send(rig.root, { ...draft, body: ' ' })).rejects.toBeInstanceOf(DreamosError);
});
