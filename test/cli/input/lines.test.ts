import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { gathered, groupLines, type Line } from '../../../src/cli/input/lines.ts';

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function groups(input: AsyncIterable<Uint8Array>, most = 1000, maxBytes = 100) {
  const all: [number, string][][] = [];
  for await (const group of groupLines(input, most, maxBytes)) {
    all.push(group.map((line) => [line.number, line.tooLong ? 'TOO LONG' : Buffer.from(line.bytes).toString()]));
  }
  return all;
}

test('a line that comes in pieces is one line', async () => {
  expect(await groups(chunks('on', 'e\ntw', 'o\n'))).toEqual([[[1, 'one']], [[2, 'two']]]);
});

test('a character that is cut between two chunks is whole', async () => {
  const bytes = Buffer.from('ö\n');
  async function* cut() {
    yield bytes.subarray(0, 1);
    yield bytes.subarray(1);
  }
  expect(await groups(cut())).toEqual([[[1, 'ö']]]);
});

test('blank lines are left out and counted', async () => {
  expect(await groups(chunks('one\n\n \r\ntwo\n'))).toEqual([
    [
      [1, 'one'],
      [4, 'two'],
    ],
  ]);
});

test('a last line without a line end counts', async () => {
  expect(await groups(chunks('one\ntwo'))).toEqual([[[1, 'one']], [[2, 'two']]]);
});

test('a group has at most so many lines', async () => {
  expect((await groups(chunks('1\n2\n3\n4\n5\n'), 2)).map((group) => group.length)).toEqual([2, 2, 1]);
});

test('a line that is too long is told and not kept; the next one is read', async () => {
  expect(await groups(chunks('x'.repeat(60), 'x'.repeat(60), 'x\nnext\n'))).toEqual([
    [
      [1, 'TOO LONG'],
      [2, 'next'],
    ],
  ]);
});

test('what a stream has ready is read together', async () => {
  const stream = Readable.from(['one\n', 'two\n', 'three\n'].map((text) => Buffer.from(text)));
  const lines = await groups(gathered(stream, stream));
  expect(lines.map((group) => group.length)).toEqual([3]);
});

test('a line that nothing follows is not held back, and the next one comes when it comes', async () => {
  const stream = new PassThrough();
  const lines = groupLines(gathered(stream, stream), 1000, 100);
  for (const text of ['one', 'two']) {
    stream.write(`${text}\n`);
    const { value } = await lines.next();
    expect((value as Line[]).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([text]);
  }
  stream.end();
  expect((await lines.next()).done).toBe(true);
});
