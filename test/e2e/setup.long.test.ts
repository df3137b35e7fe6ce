/** `setup` killed in the middle of a large file. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from './rig.ts';

test('has the old file or the new one, whenever it is killed', async ({ rig }) => {
  mkdirSync(join(rig.dir, '.codex'));
  const hooks = join(rig.dir, '.codex', 'hooks.json');
  const text = `${JSON.stringify({ other: 'x'.repeat(200_000) })}\n`;
  const begun = performance.now();
  writeFileSync(hooks, text);
  await rig.dreamos('setup codex --as reviewer');
  const tookMs = performance.now() - begun;
  const done = readFileSync(hooks, 'utf8');
  for (let i = 0; i < 5; i++) {
    cpSync(`${hooks}.dreamos-backup`, hooks);
    const running = rig.start('setup codex --as reviewer');
    await new Promise((resolve) => setTimeout(resolve, (tookMs * (i + 2)) / 7));
    await running.kill('SIGKILL');
    expect([text, done]).toContain(readFileSync(hooks, 'utf8'));
    expect(readFileSync(`${hooks}.dreamos-backup`, 'utf8')).toBe(text);
  }
  expect(await rig.dreamos('setup codex --as reviewer')).toMatchObject({ code: 0 });
  await rig.dreamos('setup --uninstall');
  const left = readdirSync(join(rig.dir, '.codex')).filter((name) => !name.startsWith('.dreamos-setup-'));
  expect(left).toEqual(['hooks.json']);
  expect(readFileSync(hooks, 'utf8')).toBe(text);
});
