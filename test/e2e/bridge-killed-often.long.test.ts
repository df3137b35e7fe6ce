import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { between, expectOnce, keepBridging, sentMany, twoRoots, untilThere } from './bridging.ts';
import { test } from './rig.ts';

test(
  '2,000 messages are there once, while both ends are killed at random',
  { timeout: 600_000 },
  async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const mark = join(rig.dir, 'killed');
    writeFileSync(mark, '');
    const end = keepBridging(
      rig,
      roots.a,
      between({ cwd: roots.b, mark, random: { leastMs: 200, mostMs: 900, far: 0.4 } }),
    );
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) sent.push(...(await sentMany(rig, roots.a, 100)));
    await end(untilThere(rig, roots.a, sent.length));
    const kills = readFileSync(mark, 'utf8').split('\n').filter(Boolean);
    expect(kills.filter((who) => who === 'far').length).toBeGreaterThan(1);
    expect(kills.filter((who) => who === 'near').length).toBeGreaterThan(1);
    await expectOnce(rig, roots, sent);
  },
);
