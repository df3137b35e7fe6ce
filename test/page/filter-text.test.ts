import { describe, expect, it } from 'vitest';
import { inWords, isEmpty, typedFilter } from '../../src/page/base/filter-text.ts';

describe('what is typed to find messages', () => {
  it.each([
    ['from:planner type:task', { fields: { from: 'planner', type: 'task' }, text: '' }],
    ['time  out', { fields: {}, text: 'time out' }],
    ['reason:"timed out" from:a b', { fields: { reason: 'timed out', from: 'a' }, text: 'b' }],
    // Not yet typed to its end.
    ['reason:"timed o', { fields: { reason: 'timed o' }, text: '' }],
    ['from:', { fields: {}, text: 'from:' }],
    // A field that there is not is a text, as an address is.
    ['http://x.org/a', { fields: {}, text: 'http://x.org/a' }],
    ['"from:planner"', { fields: {}, text: 'from:planner' }],
    ['', { fields: {}, text: '' }],
  ])('%s', (line, typed) => {
    expect(typedFilter(line)).toEqual(typed);
  });

  it('is empty only when it asks for nothing', () => {
    expect(isEmpty(typedFilter('  '))).toBe(true);
    expect(isEmpty(typedFilter('x'))).toBe(false);
    expect(isEmpty(typedFilter('tag:x'))).toBe(false);
  });

  it('is said in words before something is done to all that match', () => {
    expect(inWords(typedFilter('from:planner reason:timeout'))).toBe('from planner, dead because of timeout');
  });
});
