import { describe, expect, it } from 'vitest';
import { readOldObject } from '../../../../src/core/import/old/json.ts';

describe('one older object', () => {
  it('is known under camelCase too', () => {
    const old = readOldObject({
      messageId: 'm',
      senderAgentId: 'a',
      recipientAgentId: 'b',
      timestampUtc: '2025-05-02T20:40:00Z',
      body: 'x',
      inReplyTo: 'n',
    });
    expect(old).toMatchObject({
      from: 'a',
      to: ['b'],
      at: Date.parse('2025-05-02T20:40:00Z'),
      replyTo: 'n',
      thread: 'n',
    });
  });

  it('names several recipients in a list or in one text', () => {
    expect(readOldObject({ from: 'a', to: 'b, c', body: 'x' })?.to).toEqual(['b', 'c']);
    expect(readOldObject({ from: 'a', to: ['b', { name: 'c' }], body: 'x' })?.to).toEqual(['b', 'c']);
  });

  it('is none without words, or without who, when and which', () => {
    expect(readOldObject({})).toBeUndefined();
    expect(readOldObject({ name: 'settings', description: 'of a tool' })).toBeUndefined();
    expect(readOldObject({ from: 'a', to: 'b' })).toBeUndefined();
  });

  it('does not take an unfilled template for a thread', () => {
    expect(readOldObject({ from: 'a', body: 'x', in_reply_to: '{{uuid()}}', correlation_id: null })).toMatchObject({
      thread: null,
      replyTo: null,
    });
  });
});
