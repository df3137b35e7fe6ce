import { describe, expect, test } from 'vitest';
import { dataJson, type Message, parseMessage, seal, unseal } from '../../../src/model/message.ts';
import { innerText, openedBy } from '../../../src/model/security/sealed.ts';
import { createIds } from '../../../src/model/id.ts';
import { messageOf } from '../../storage/contract/rig.ts';

const ids = createIds();
const message = messageOf(ids, Date.parse('2026-11-20T09:00:00Z'), { sealed: 'age', sealedMac: 'm', digest: 'd' });
const words = { body: 'secret', data: '{"n":1e400}', subject: undefined };
const text = innerText(message, words);

describe('what is sealed', () => {
  test('is JSON that says of which message it is, as jq reads it', () => {
    expect(JSON.parse(innerText(message, { ...words, data: 'null', subject: 's' }))).toEqual({
      v: 1,
      id: message.id,
      from: 'ann',
      to: ['bob'],
      subject: 's',
      body: 'secret',
    });
  });

  test('opens to the message without what is said of the ciphertext, with its data to the letter', () => {
    const opened = openedBy(text, message) as Message;
    const { sealed: _, sealedMac: __, digest: ___, data: ____, ...rest } = message;
    expect(opened).toMatchObject({ ...rest, body: 'secret' });
    expect(dataJson(opened)).toBe('{"n":1e400}');
    for (const field of ['sealed', 'sealedMac', 'digest']) expect(opened).not.toHaveProperty(field);
  });

  test('keeps what only later versions know of the message', () => {
    const later = parseMessage(JSON.stringify({ ...message, sig: 'x' }));
    expect(JSON.parse(JSON.stringify(openedBy(text, later)))).toMatchObject({ body: 'secret', sig: 'x' });
  });

  test.for<[string, Partial<Message>]>([
    ['belongs to another message', { id: ids.next(0) }],
    ['says that "ann" has sent it', { from: 'eve' }],
    ['was for others', { to: ['bob', 'eve'] }],
    ['was for others', { to: [] }],
    ['was for others', { topic: 'news' }],
  ])('%s, if it does not fit', ([why, fields]) => {
    expect(openedBy(text, { ...message, ...fields })).toContain(why);
  });

  test.for(['', 'null', '[]', '{}', '{"v":1}', '{"v":2,"body":"x"}', `${text}x`, text.replace('"secret"', '1')])(
    'is nothing, if it is %s',
    (other) => {
      expect(openedBy(other, message)).toMatch(/no sealed message/);
    },
  );
});

test('a version that knows no sealing reads such a message, and keeps it as it was', () => {
  const bytes = seal(message);
  expect(unseal(bytes)).toMatchObject({ sealed: 'age', sealedMac: 'm' });
  expect(parseMessage(JSON.stringify({ ...message, sealed: 'later' })).sealed).toBe('later');
});
