import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { messageSchema } from '../../src/model/message.ts';

const good = {
  v: 1,
  id: '01M7WB58387PK65PGM2FXBXP3C',
  from: 'ann',
  to: ['bob'],
  subject: '',
  body: 'hello',
  type: 'message',
  priority: 'normal',
  thread: null,
  replyTo: null,
  tags: ['a'],
  data: { any: ['thing'] },
  createdAt: '2026-11-20T09:00:00.000Z',
  expiresAt: null,
  dedupeKey: null,
};
const { data: _, ...withoutData } = good;

describe('the check of a process that has checked many messages answers as the schema does', () => {
  test.each<[string, unknown]>([
    ['a good one', good],
    [
      'one with every optional field',
      { ...good, topic: 'a.b', replyBy: good.createdAt, orderingKey: 'k', digest: 'd' },
    ],
    ['unknown fields in front and behind', { 'x-first': 1, ...good, later: { a: [1] } }],
    ['fields in another order', Object.fromEntries(Object.entries(good).reverse())],
    ['no data', withoutData],
    ['a field of another kind', { ...good, body: 7 }],
    ['several bad fields', { ...good, id: 'x', to: ['../bob'], priority: 'soon', tags: [''] }],
    ['nothing in it', {}],
    ['a key that is no key', JSON.parse('{"__proto__":{"v":1}}')],
    ['a list', [good]],
    ['null', null],
    ['a text', 'hello'],
  ])('%s', (_name, json) => {
    const plain = z.safeParse(messageSchema(), json);
    for (let i = 0; i < 200; i++) messageSchema.safeParse(good);
    const compiled = messageSchema.safeParse(json);
    expect(JSON.stringify(compiled.data)).toBe(JSON.stringify(plain.data));
    expect(compiled.error?.issues).toEqual(plain.error?.issues);
  });
});
