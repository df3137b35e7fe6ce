import { expect, test } from 'vitest';
import { type Message, seal, unseal } from '../../src/model/message.ts';

const plain: Message = {
  v: 1,
  id: '01K9ZKX2YV0000000000000000',
  from: 'planner',
  to: ['reviewer'],
  subject: '',
  body: 'x',
  type: 'message',
  priority: 'normal',
  thread: null,
  replyTo: null,
  tags: [],
  data: null,
  createdAt: '2026-11-20T09:00:00.000Z',
  expiresAt: null,
  dedupeKey: null,
};

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
