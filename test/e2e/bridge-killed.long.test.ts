import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { between, expectOnce, keepBridging, sentMany, twoRoots, untilThere } from './bridging.ts';
import { test } from './rig.ts';

describe('killed at a step', { concurrent: true, timeout: 120_000 }, () => {
  test.for([
    ['far before', 0],
    ['far storing', 0],
    ['far storing', 4],
    ['far storing', 12],
    ['far stored', 0],
    ['near before', 0],
    ['near stored', 0],
    ['near acking', 0],
    ['near acking', 3],
  ] as const)('%s, %d ms later, nothing is lost and nothing comes twice', async ([at, afterMs], { bare: rig }) => {
    const roots = await twoRoots(rig);
    const sent = await sentMany(rig, roots.a, 20);
    const mark = join(rig.dir, 'killed');
    const end = keepBridging(rig, roots.a, between({ cwd: roots.b, at, nth: 7, afterMs, mark }));
    await end(untilThere(rig, roots.a, sent.length));
    expect(existsSync(mark)).toBe(true);
    await expectOnce(rig, roots, sent);
  });
});
