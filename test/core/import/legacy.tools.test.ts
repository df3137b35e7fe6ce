import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corruptBytes, importAll, memoryRoot, messageOf } from './memory-root.ts';

const legacy = join(import.meta.dirname, '../../../../shared/legacy');
const absent = !existsSync(legacy);

describe.skipIf(absent)(`the real older mailboxes${absent ? ` (skipped: there is no ${legacy})` : ''}`, () => {
  const files = (): string[] =>
    readdirSync(legacy, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(legacy, file)).isFile());

  it('have a result for every file', async () => {
    const results = await importAll(memoryRoot(), legacy);
    expect([...new Set(results.map(({ file }) => file.replace(/#\d+$/, '')))].sort()).toEqual(files().sort());
    const skipped = results.flatMap(({ file, result }) => (result === 'skipped' ? [file] : []));
    expect(skipped).toEqual([
      'LICENSE',
      'README.md',
      'victor-os/Agent-2/inbox/pending_tasks.json',
      'victor-os/Agent-3/.keep',
    ]);
  });

  it('come over with sender, time and the whole original, or are kept byte for byte', async () => {
    const root = memoryRoot();
    const results = await importAll(root, legacy);
    const broken = results.filter(({ result }) => result === 'unreadable');
    for (const { file, why, mailbox } of broken) {
      expect(why).toMatch(/^not JSON, line \d+, column \d+: /);
      expect(corruptBytes(root, mailbox ?? '')).toContain(readFileSync(join(legacy, file), 'latin1'));
    }
    const alone = results.filter(({ file, result }) => result === 'imported' && !file.includes('#'));
    for (const { file } of alone) {
      const text = readFileSync(join(legacy, file), 'utf8');
      const { data } = await messageOf(root, results, file);
      expect(data).toMatchObject({ original: file.endsWith('.md') ? text : (JSON.parse(text) as unknown) });
    }
    expect([broken.length, alone.length]).toEqual([27, 38]);
  });

  it('are all read when broken JSON may be mended, and twice brings nothing new', async () => {
    const root = memoryRoot();
    const first = await importAll(root, legacy, { format: 'dreamos-lenient' });
    expect(first.filter(({ result }) => result === 'unreadable')).toEqual([]);
    const second = await importAll(root, legacy, { format: 'dreamos-lenient' });
    expect(second.filter(({ result }) => result !== 'skipped')).toEqual([]);
  });

  it('propose Agent3 and Agent-3 as one', async () => {
    const notes: string[] = [];
    await importAll(memoryRoot(), legacy, { dryRun: true, onNote: (note) => notes.push(note) });
    expect(notes.at(-1)).toContain('`maps` Agent3=Agent-3');
  });
});
