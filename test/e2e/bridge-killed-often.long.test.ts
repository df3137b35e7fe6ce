import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { between, expectOnce, keepBridging, sentMany, twoRoots, untilThere } from './bridging.ts';
import { test } from './rig.ts';

test(
  '2,000 messages or more are there once, while both ends are killed at random',
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
    const killsOf = (who: string): number =>
      readFileSync(mark, 'utf8')
        .split('\n')
        .filter((one) => one === who).length;
    while (sent.length < 2000 || killsOf('far') < 2 || killsOf('near') < 2)
      sent.push(...(await sentMany(rig, roots.a, 100)));
    await end(untilThere(rig, roots.a, sent.length));
    await expectOnce(rig, roots, sent);
  },
);
