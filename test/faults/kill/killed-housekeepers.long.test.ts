import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { archivedCount, archivedIds, finishedDaysAgo } from '../../e2e/finished-mail.ts';
import { test } from '../../e2e/rig.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.concurrent('keeping house', () => {
  test('kill -9 at any time, again and again, loses and doubles nothing', async ({ rig }) => {
    const ids = (await finishedDaysAgo(rig, 1000, 9)).sort();
    let killed = 0;
    for (let afterMs = 90; afterMs < 400; afterMs += 30) {
      const running = rig.start('maintain --json');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      if ((await running.kill('SIGKILL')).signal === 'SIGKILL') killed++;
      expect((await archivedIds(rig)).sort()).toEqual(ids);
      expect(await archivedCount(rig)).toBe(1000);
    }
    expect(killed).toBeGreaterThan(0);
    // The lock of one that was killed is waited for, and then taken over.
    expect((await rig.dreamos('maintain')).code).toBe(0);
    expect((await archivedIds(rig)).sort()).toEqual(ids);
    const names = readdirSync(join(rig.box('reviewer'), 'archive'));
    expect(names.filter((name) => !name.endsWith('.jsonl.gz'))).toEqual([]);
    const fixed = await rig.dreamos('doctor --fix --json');
    expect(fixed.code).toBe(0);
    expect((await archivedIds(rig)).sort()).toEqual(ids);
  });
});
