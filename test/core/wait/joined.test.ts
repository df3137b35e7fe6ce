import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { joined } from '../../../src/core/wait/joined.ts';
import { heapGrowth } from '../../heap.ts';

test('it comes with the first of them, and with its reason; also where one has come', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const { signal } = joined(a.signal, undefined, b.signal);
  expect(signal.aborted).toBe(false);
  b.abort(130);
  a.abort('late');
  expect(signal).toMatchObject({ aborted: true, reason: 130 });
  expect(joined(new AbortController().signal, a.signal).signal).toMatchObject({ aborted: true, reason: 'late' });
  expect(joined().signal.aborted).toBe(false);
});

test('who has ended hears nothing more, and the others do', () => {
  const lasting = new AbortController();
  const [over, goesOn] = [joined(lasting.signal), joined(lasting.signal)];
  over.end();
  over.end();
  lasting.abort();
  expect(over.signal.aborted).toBe(false);
  expect(goesOn.signal.aborted).toBe(true);
});

test('a signal that lives for long keeps nothing of those that were joined with it', async () => {
  const { signal } = new AbortController();
  const grownBytes = await heapGrowth(20_000, () => joined(signal, new AbortController().signal).end());
  expect(grownBytes).toBeLessThan(4_000_000);
});

test('nothing is joined otherwise', () => {
  const src = join(import.meta.dirname, '../../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path));
  const others = files.filter((path) => readFileSync(join(src, path), 'utf8').includes('AbortSignal.any('));
  expect(others).toEqual([]);
});
