import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readText } from '../../../src/cli/input/body.ts';
import { bytesOfFile } from '../../../src/cli/input/open-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'named-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'file'), 'x');
symlinkSync('loop', join(folder, 'loop'));

test.each([
  ['that is not there', 'none', 'There is no file'],
  ['below a file', 'file/x', 'There is no file'],
  ['that is a link to itself', 'loop', 'There is no file'],
  ['of a name that no file can have', 'x'.repeat(300), 'is too long to be the name of a file'],
  ['that is a folder', '.', 'is a folder, not a file'],
])('a named file %s is a mistake of who named it, and no bug', async (_, name, message) => {
  const path = join(folder, name);
  const { signal } = new AbortController();
  await expect(readText(bytesOfFile(path, signal), path, signal)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringContaining(message),
    hint: expect.any(String),
  });
});
