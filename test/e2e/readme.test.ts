/** The example of the README, typed as it stands: what is printed is what the README shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { project, test } from './rig.ts';

const receiptOrId = /(?:[a-z]+:d\d+\.i)?01[0-9A-HJKMNP-TV-Z]{24}(?:\.[0-9A-Za-z.]+)?/g;

test('the example of the README does what the README shows', async ({ bare }) => {
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const example = /^````console\n([^]*?)^````$/m.exec(readme)?.[1] ?? '';
  const steps = example.split(/^\$ /m).slice(1);
  expect(steps.length).toBeGreaterThan(3);
  const place = /the root (\S+)\/runtime/.exec(example)?.[1] ?? '';
  /** What the README calls by other names than this run. */
  const ours = new Map<string, string>();
  for (const step of steps) {
    const [line = '', ...shown] = step.trimEnd().split('\n');
    const typed = line.replace(receiptOrId, (name) => ours.get(name) ?? name);
    const { code, out } = await bare.shell(`{ ${typed}; } 2>&1`);
    expect(code, line).toBe(0);
    const expected = shown.join('\n').replaceAll(place, bare.dir);
    expect(masked(out.trimEnd()), line).toBe(masked(expected));
    const names = out.match(receiptOrId) ?? [];
    for (const [n, name] of (expected.match(receiptOrId) ?? []).entries()) ours.set(name, names[n] ?? '');
  }
});

function masked(text: string): string {
  return text
    .replace(receiptOrId, '<name>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\d+m?s ago/g, '<ago>');
}
