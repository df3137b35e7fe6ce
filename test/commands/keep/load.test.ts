import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRig } from '../rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a dump that is not there is said to be not there, and nothing is made', async () => {
  const rig = await createRig();
  const root = join(folder, 'again');
  const result = await rig.dreamos(['load', 'none.jsonl', '--root', root]);
  expect(result).toMatchObject({ code: 2, out: '' });
  expect(result.err).toContain('There is no file "none.jsonl"');
  expect(existsSync(root)).toBe(false);
});
