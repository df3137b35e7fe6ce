import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Message, parseMessage, seal, undigested, unseal } from '../../../src/model/message.ts';
import { bytesToSign, keptBytes, signedPart } from '../../../src/model/signed/signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

const plain: Message = {
  v: 1,
  id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
  from: 'planner',
  to: ['reviewer'],
  subject: 'Grüße',
  body: 'Please look.',
  type: 'message',
  priority: 'normal',
  thread: null,
  replyTo: null,
  tags: [],
  data: null,
  createdAt: '2026-11-21T09:00:00.000Z',
  expiresAt: null,
  dedupeKey: null,
};

function signed(message: Message): Message {
  const unsigned = { ...message, root: '01JD3Y6Q0V8M5T2B7K9XWZ4RCF', key: 'abcdefghijklmnop' };
  return { ...unsigned, sig: sign(null, bytesToSign(undigested(unsigned)), privateKey).toString('base64') };
}

function isValid(message: Message): boolean {
  const part = signedPart(keptBytes(message) ?? Buffer.alloc(0));
  return part !== undefined && verify(null, part.signed, publicKey, part.signature);
}

test('a signature is over the first line and every byte in front of it, and stands in front of the digest', () => {
  const bytes = seal(signed(plain));
  const text = bytes.toString();
  expect(text).toMatch(
    /,"dedupeKey":null,"root":"[^"]+","key":"[^"]+","sig":"[A-Za-z0-9+/]{86}==","digest":"sha256:[^"]+"}$/,
  );
  const message = unseal(bytes);
  expect(isValid(message)).toBe(true);
  const front = text.slice(0, text.indexOf(',"sig"'));
  const signature = Buffer.from(message.sig ?? '', 'base64');
  expect(verify(null, Buffer.from(`dreamos-message-v1\n${front}`), publicKey, signature)).toBe(true);
  expect(verify(null, Buffer.from(front), publicKey, signature)).toBe(false);
});

const said = (fields: Partial<Message>): string => JSON.stringify({ ...plain, ...fields });

test.each([
  [
    'what looks like a signature',
    said({ body: '","sig":"AAAA","digest":"sha256:0"}', data: { sig: 'x', digest: 'y' } }),
  ],
  ['a backslash at its end', said({ body: 'ends in \\' })],
  ['data that is more than its value', said({}).replace('"data":null', '"data":{"a":1970670598291982290,"1":1.0}')],
  ['characters beyond the plane', said({ body: '\u{1F600}\u2028', subject: 'ß' })],
])('a message with %s is signed, sealed, read and sealed again byte for byte', (_, text) => {
  const bytes = seal(signed(parseMessage(text)));
  expect(bytes.toString().startsWith(text.slice(0, -1))).toBe(true);
  const message = unseal(bytes);
  expect(isValid(message)).toBe(true);
  expect(seal(message)).toEqual(bytes);
});

test('a field of a later version, between those that are known and the signature, breaks nothing', () => {
  const later = { ...plain, extra: { mood: 'good' } };
  const unsigned = undigested(later).replace(/}$/, ',"root":"r","key":"k"}');
  const sig = sign(null, bytesToSign(unsigned), privateKey).toString('base64');
  const message = unseal(seal({ ...later, extra: { ...later.extra, root: 'r', key: 'k', sig } }));
  expect(message).toMatchObject({ root: 'r', key: 'k', sig, extra: { mood: 'good' } });
  expect(isValid(message)).toBe(true);
  expect(isValid(unseal(seal(message)))).toBe(true);
});

test('what was changed behind the signature, or is a copy, has none of the bytes that were read', () => {
  const message = unseal(seal(signed(plain)));
  expect(keptBytes({ ...message })).toBeUndefined();
  expect(isValid(unseal(seal({ ...message, body: 'Changed.' })))).toBe(false);
  expect(isValid(unseal(seal({ ...message, tags: ['more'] })))).toBe(false);
});

test('of the texts that stand for the same 64 bytes only one is a signature', () => {
  const bytes = seal(signed(plain));
  const kept = keptBytes(unseal(bytes)) ?? Buffer.alloc(0);
  const last = kept.length - 4;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const known = kept.toString('latin1', last, last + 1);
  const taken = alphabet.split('').filter((letter) => {
    const other = Buffer.from(kept);
    other.write(letter, last, 'latin1');
    const part = signedPart(other);
    return part !== undefined && verify(null, part.signed, publicKey, part.signature);
  });
  expect(taken).toEqual([known]);
  for (const spoilt of [kept.subarray(0, -1), kept.subarray(1, 90), Buffer.from(',"sig":"'), Buffer.alloc(0)])
    expect(signedPart(spoilt)).toBeUndefined();
});

test('a message without a signature keeps none of its bytes', () => {
  expect(keptBytes(unseal(seal(plain)))).toBeUndefined();
});
