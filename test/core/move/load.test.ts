import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import { loadRoot } from '../../../src/core/move/load.ts';
import { layoutOf } from '../../../src/storage/file/names/layout.ts';
import { DumpWriter } from '../../../src/storage/port/dump/lines.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';

async function load(
  context: TestContext,
  records: readonly DumpRecord[],
): Promise<{ dir: string; work: Promise<unknown> }> {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-load-'));
  context.onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  let text = '';
  const writer = new DumpWriter(async (part) => void (text += part));
  await writer.begin({ engine: 'files', root: null, at: 0 });
  for (const record of records) await writer.take(record);
  await writer.end();
  async function* lines(): AsyncGenerator<string> {
    yield* text.trimEnd().split('\n');
  }
  return { dir, work: loadRoot(lines(), { root: join(dir, 'mail'), cwd: dir, env: {}, what: 'it' }) };
}

test('of a dump nothing is loaded that holds where it was made alone', async (context) => {
  const names = ['tokens', 'server', 'settings'] as const;
  const document = (name: string): DumpRecord => ({ kind: 'document', name, text: '{}' });
  const { dir, work } = await load(context, names.map(document));
  await work;
  const { document: fileOf } = layoutOf(join(dir, 'mail'));
  expect(names.filter((name) => existsSync(fileOf(name)))).toEqual(['settings']);
});

test('an event whose day is none becomes no file', async (context) => {
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const event = { at: '../../../x', mailbox: 'bob', event: 'sent', id };
  const { dir, work } = await load(context, [{ kind: 'event', event }]);
  await expect(work).rejects.toMatchObject({
    code: 'CORRUPT',
    message: `it is cut off, or was changed: the event sent of ${id} has no day.`,
  });
  expect(readdirSync(dir)).toEqual([]);
});

test('into an engine a dump is not loaded, and how it gets there is said', async () => {
  const root = 'redis://127.0.0.1:1/0#01ARZ3NDEKTSV4RRFFQ69G5FAV';
  async function* none(): AsyncGenerator<string> {}
  await expect(loadRoot(none(), { root, cwd: '/', env: {}, what: 'it' })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^A dump becomes a root of files/) as string,
    hint: expect.stringContaining('then move it') as string,
  });
});
