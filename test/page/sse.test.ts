import { expect, test } from 'vitest';
import { createSseReader } from '../../src/page/data/sse.ts';

const stream =
  ': alive\n\nid: c1\ndata: {"a":1}\n\nevent: end\r\ndata: two\r\ndata: lines\r\n\r\nid: c2\ndata:x\n\nid: c3\n\n';
const told = [
  { id: 'c1', event: 'message', data: '{"a":1}' },
  { id: 'c1', event: 'end', data: 'two\nlines' },
  { id: 'c2', event: 'message', data: 'x' },
  // What has happened until then is known, though there was nothing to tell.
  { id: 'c3', event: 'message', data: '' },
];

test('a stream is read as its events become whole, wherever its bytes are cut', () => {
  for (let size = 1; size <= stream.length; size++) {
    const read = createSseReader();
    const events = [];
    for (let at = 0; at < stream.length; at += size) events.push(...read(stream.slice(at, at + size)));
    expect(events, `in pieces of ${size}`).toEqual(told);
  }
});

test('what is not whole yet is not told', () => {
  const read = createSseReader();
  expect(read('data: half')).toEqual([]);
  expect(read(' of it\n')).toEqual([]);
  expect(read('\n')).toEqual([{ id: '', event: 'message', data: 'half of it' }]);
});

test('the id of an event that is cut off is not gone on from', () => {
  const read = createSseReader();
  read('id: c1\ndata: x\n\nid: c2\ndata: y\n');
  expect(read('data: z\n')).toEqual([]);
  expect(read('\n')).toEqual([{ id: 'c2', event: 'message', data: 'y\nz' }]);
});
