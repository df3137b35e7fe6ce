import { beforeEach, describe, expect, test } from 'vitest';
import { renameAgent } from '../../../../src/core/keep/rename-agent.ts';
import { checkSignature } from '../../../../src/core/identity/signatures/verify.ts';
import { createIdentity, revokeIdentity, rotateIdentity } from '../../../../src/core/identity/identity.ts';
import { signerOf } from '../../../../src/core/identity/keys.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { send } from '../../../../src/core/send/send.ts';
import type { Draft } from '../../../../src/model/draft.ts';
import { DreamosError } from '../../../../src/model/errors.ts';
import { type Message, seal, undigested, unseal } from '../../../../src/model/message.ts';
import { bytesToSign, type Signature } from '../../../../src/model/signed/signature.ts';
import { mailboxOf } from '../../../../src/storage/memory/mail.ts';
import { must } from '../../rig.ts';
import { createIdentityRig, setKeys } from '../rig.ts';
import { bytesBefore, createSignedRig, type SignedRig, withDigest } from './rig.ts';

let rig: SignedRig;
beforeEach(async () => {
  rig = await createSignedRig();
  await rig.set('require');
});

async function sentBytes(session = rig.own, draft: Partial<Draft> = {}): Promise<Buffer> {
  const { id } = await send(session, { to: 'reviewer', body: 'Please look.', ...draft });
  return must(mailboxOf(rig.mail, 'reviewer').get(id)).bytes;
}

/** As whoever reads these bytes; a text: they are no message. */
async function checked(bytes: Buffer, session: Session = rig.own): Promise<Signature | string> {
  let message: Message;
  try {
    message = unseal(bytes);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return error.code;
  }
  // What it knows of keys is what it knew a moment ago.
  rig.clock.advance(50);
  return checkSignature(session, message);
}

const verified = { signature: 'verified' };

test('what was sent is verified, by its own user and by one who has never seen the agent', async () => {
  const bytes = await sentBytes();
  expect(await checked(bytes)).toEqual(verified);
  expect(await checked(bytes, rig.user('reviewer'))).toEqual(verified);
});

test('each bit of a signed message counts, whoever puts its digest right', { timeout: 30_000 }, async () => {
  const before = bytesBefore(await sentBytes());
  expect(await checked(withDigest(before))).toEqual(verified);
  const taken: string[] = [];
  let refused = 0;
  for (let at = 0; at < before.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(before);
      flipped[at] = (flipped[at] as number) ^ (1 << bit);
      const result = await checked(withDigest(flipped));
      // A flip in a name of a field can make it a field that nobody knows, and the message one without a signature.
      if (result === 'CORRUPT' || (typeof result === 'object' && result.signature !== 'verified')) refused++;
      else taken.push(`${at}.${bit}: ${JSON.stringify(result)}`);
    }
  expect(taken).toEqual([]);
  expect(refused).toBe(before.length * 8);
});

test.each([
  ['a byte more', (before: Buffer) => Buffer.concat([before, Buffer.from(' ')])],
  ['a field behind it', (before: Buffer) => Buffer.concat([before, Buffer.from(',"body":"Other."')])],
  ['a body in front of the signature', (before: Buffer) => withField(before, '"body":"Other."')],
  ['its own signature twice', (before: Buffer) => Buffer.concat([before, before.subarray(-97)])],
])('a signed message with %s is not verified', async (_, change) => {
  const result = await checked(withDigest(change(bytesBefore(await sentBytes()))));
  expect(result).toMatchObject({ signature: 'invalid' });
});

function withField(before: Buffer, field: string): Buffer {
  const at = before.length - 97;
  return Buffer.concat([before.subarray(0, at), Buffer.from(`,${field}`), before.subarray(at)]);
}

test('white space that nothing of it says is a change as well', async () => {
  const text = bytesBefore(await sentBytes()).toString();
  expect(await checked(withDigest(Buffer.from(text.replace('{"v":1,', '{ "v":1,'))))).toEqual({
    signature: 'invalid',
    signatureFault: 'it was changed since it was signed',
  });
});

test('a message without a signature is unsigned, also where it names a key', async () => {
  const message = unseal(await sentBytes());
  const { sig: _, digest: __, ...bare } = message;
  expect(await checked(seal(bare as Message))).toEqual({ signature: 'unsigned' });
});

test('a message from another root is not one of this one', async () => {
  const other = await createIdentityRig();
  const there = other.user('planner', { DREAMOS_CONFIG_HOME: must(rig.own.env['DREAMOS_CONFIG_HOME']) });
  const { key } = await createIdentity(there, 'planner');
  // The same key is on both cards.
  const card = must(await there.store.documents.getAgent('planner'));
  const unsigned = { ...unseal(await sentBytes()), sig: undefined, key, digest: undefined };
  await setKeys(rig.own, 'planner', () => [...must(card.keys)]);
  const signer = must(await signerOf(there, 'planner'));
  const said = { ...unsigned, root: signer.root };
  const text = JSON.stringify(said);
  const bytes = withDigest(
    Buffer.from(`${text.slice(0, -1)},"sig":"${signer.sign(bytesToSign(text)).toString('base64')}"`),
  );
  expect(await checked(bytes, there)).toEqual(verified);
  expect(await checked(bytes, rig.user('reviewer'))).toEqual({
    signature: 'invalid',
    signatureFault: 'it was signed for another root',
  });
});

test('nobody signs for another one', async () => {
  const { sig: _, digest: __, ...message } = unseal(await sentBytes());
  const signer = must(await signerOf(rig.own, 'reviewer'));
  const forged = { ...message, key: signer.key } as Message;
  const sig = signer.sign(bytesToSign(undigested(forged))).toString('base64');
  expect(await checked(seal({ ...forged, sig }))).toEqual({
    signature: 'invalid',
    signatureFault: `${signer.key} is no key of planner`,
  });
  // Under its own name it is what it says.
  const own = { ...forged, from: 'reviewer' };
  const said = signer.sign(bytesToSign(undigested(own))).toString('base64');
  expect(await checked(seal({ ...own, sig: said }))).toEqual(verified);
});

describe('a key', () => {
  test('that was followed by another one still counts for what it has signed', async () => {
    const bytes = await sentBytes();
    const reader = rig.user('reviewer');
    expect(await checked(bytes, reader)).toEqual(verified);
    await rotateIdentity(rig.own, 'planner');
    expect(await checked(bytes, reader)).toEqual(verified);
    const later = await sentBytes();
    expect(unseal(later).key).not.toBe(unseal(bytes).key);
    expect(await checked(later, reader)).toEqual(verified);
  });

  test('that is revoked counts for nothing', async () => {
    const bytes = await sentBytes();
    const { key } = unseal(bytes);
    await revokeIdentity(rig.own, 'planner');
    expect(await checked(bytes)).toEqual({
      signature: 'invalid',
      signatureFault: `the key ${key} of planner is revoked`,
    });
  });

  test('that a revoked one followed ends with it, and is not said to be nobody’s', async () => {
    const bytes = await sentBytes();
    const { key } = unseal(bytes);
    const reader = rig.user('reviewer');
    await rotateIdentity(rig.own, 'planner');
    await revokeIdentity(rig.own, 'planner');
    for (const user of [rig.own, reader])
      expect(await checked(bytes, user)).toEqual({
        signature: 'invalid',
        signatureFault: `no key of planner that is trusted vouches for ${key}`,
      });
  });

  test('that somebody has put on the card is not the one that is trusted', async () => {
    const reader = rig.user('reviewer');
    expect(await checked(await sentBytes(), reader)).toEqual(verified);
    await setKeys(rig.own, 'planner', () => undefined);
    const thief = rig.user('planner');
    await createIdentity(thief, 'planner');
    expect(await checked(await sentBytes(thief), reader)).toEqual({
      signature: 'invalid',
      signatureFault: 'the key of planner is not the one that is trusted',
    });
  });

  test('is found under the name that its agent has now', async () => {
    const bytes = await sentBytes();
    await renameAgent(rig.own, 'planner', 'boss');
    expect(await checked(bytes)).toEqual(verified);
    expect(await checked(await sentBytes(rig.own, { from: 'boss' }))).toEqual(verified);
  });
});

test('what changes of a key is in force 50 ms later', async () => {
  const message = unseal(await sentBytes());
  expect(await checkSignature(rig.own, message)).toEqual(verified);
  await revokeIdentity(rig.own, 'planner');
  rig.clock.advance(49);
  expect(await checkSignature(rig.own, message)).toEqual(verified);
  rig.clock.advance(1);
  expect(await checkSignature(rig.own, message)).toMatchObject({ signature: 'invalid' });
});
