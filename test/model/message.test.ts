import { expect, test } from 'vitest';
import { createIds } from '../../src/model/id.ts';
import { seal, sealLines, unseal } from '../../src/model/message.ts';
import { messageOf } from '../storage/contract/rig.ts';
import { resealed } from './resealed.ts';

const plain = messageOf(createIds(), Date.parse('2026-11-20T09:00:00.000Z'), { body: 'x' });

/** As a later version might write it. */
const later = seal({ ...plain, extra: { colour: 'red', extra: 1, toJSON: 2 } });

test('what nobody knows of a message is under one name, and in its file where the other fields are', () => {
  expect(JSON.parse(later.toString())).toMatchObject({ body: 'x', colour: 'red', extra: 1, toJSON: 2 });
  const { digest: _, ...read } = unseal(later);
  expect(read).toEqual({ ...plain, extra: { colour: 'red', extra: 1, toJSON: 2 } });
  expect(unseal(seal(plain))).not.toHaveProperty('extra');
});

test('the JSON of a message that was read is that of its file', () => {
  expect(JSON.parse(JSON.stringify([unseal(later)]))).toEqual([JSON.parse(later.toString())]);
});

test('a message that is sealed anew, whole or changed, keeps what nobody knows', () => {
  expect(seal(unseal(later)).toString()).toBe(later.toString());
  expect(unseal(seal({ ...unseal(later), body: 'y' }))).toMatchObject({ body: 'y', extra: { colour: 'red' } });
});

test('what is carried keeps its bytes, as others may have written them; only a line end is left out', () => {
  const spaced = resealed(later.toString().replace('{', '{ '));
  expect(seal(unseal(spaced, true))).toEqual(spaced);
  expect(sealLines([plain, unseal(spaced, true), plain])).toEqual({
    bytes: Buffer.from([seal(plain), spaced, seal(plain)].map((one) => `${one.toString()}\n`).join('')),
    lengths: [seal(plain).length, spaced.length, seal(plain).length],
  });
  expect(seal(unseal(spaced))).toEqual(later);
  expect(seal(unseal(resealed(later.toString().replace('{', '{\n')), true))).toEqual(later);
});
