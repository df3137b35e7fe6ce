import { readdirSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { leftToAll } from './projects.ts';

/** vitest's global setup: the last line says which tests were not even looked at, so that green is not taken for all. */
export function setup({ vitest }: TestProject): () => void {
  const ran = new Set(vitest.projects.map(({ name }) => name));
  const all = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).map((file) => `test/${file}`);
  const left = leftToAll.flatMap(({ name, files, what }) => {
    const [ending = ''] = files.split('*').reverse();
    return ran.has(name) ? [] : [{ what, count: all.filter((file) => file.endsWith(ending)).length }];
  });
  return () => {
    if (left.length === 0) return;
    const count = left.reduce((sum, one) => sum + one.count, 0);
    const kinds = left.map((one) => `${one.what} (${one.count})`).join(', ');
    process.stdout.write(`Left to npm run test:all: ${count} files: ${kinds}.\n`);
  };
}
