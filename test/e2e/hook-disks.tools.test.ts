/** Hooks on disks that are full, slow or hang: each ends with 0, and says nothing, or what its tool can read. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { notHere, notRoot, noTool, said, skips } from '../lack.ts';
import { type SlowDisk, slowDisk } from '../slow-disk.ts';
import { cannotMount, fill, mounted } from '../tmpfs.ts';
import { pause, type Rig, test } from './rig.ts';
import { native } from './runtime.ts';

const moments = ['SessionStart', 'UserPromptSubmit', 'PostToolBatch', 'Stop', 'SessionEnd'] as const;
type Moment = (typeof moments)[number];

const work = mkdtempSync(join(tmpdir(), 'hook-disks-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const noMount = notRoot ?? ((await cannotMount(work)) === undefined ? undefined : notHere('nothing can be mounted'));
const noFuse = noMount ?? (hasFuse() ? undefined : noTool('python3-fusepy is missing'));

function hasFuse(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'try:\n import fusepy\nexcept ImportError:\n import fuse'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** @param ms how long it may take; on a machine that many tests share no hook knows how long it will */
const hook = (rig: Rig, dir: string, moment: Moment, ms?: number) =>
  rig.start('hook claude --as reviewer', {
    stdin: JSON.stringify({ session_id: 's1', cwd: '/', hook_event_name: moment }),
    env: { DREAMOS_ROOT: dir, ...(ms !== undefined && { DREAMOS_HOOK_MS: String(ms) }) },
  });

async function rootIn(rig: Rig, dir: string): Promise<void> {
  await rig.dreamos('init planner reviewer -q', { cwd: dir });
  await rig.dreamos('send reviewer hello --as planner', { env: { DREAMOS_ROOT: dir } });
}

/** Nothing, or one JSON text that is its tool's answer at this moment. */
function expectAnswer(moment: Moment, { code, out, err }: { code: number | null; out: string; err: string }): void {
  expect({ moment, code, err }).toEqual({ moment, code: 0, err: '' });
  if (out === '') return;
  const sentence = expect.stringMatching(/^dreamos: reviewer has 1 unread message/) as string;
  expect(JSON.parse(out)).toEqual(
    moment === 'Stop'
      ? { decision: 'block', reason: sentence }
      : { hookSpecificOutput: { hookEventName: moment, additionalContext: sentence } },
  );
}

async function onSlowDisk(rig: Rig, run: (disk: SlowDisk) => Promise<void>): Promise<void> {
  const disk = await slowDisk(join(rig.dir, 'slow'));
  try {
    await rootIn(rig, disk.dir);
    await run(disk);
  } finally {
    await disk.end();
  }
}

describe('a hook', () => {
  for (const scarce of ['space', 'inodes'] as const)
    test.skipIf(skips(noMount))(
      said(`on a disk without ${scarce} is in nobody's way`, noMount),
      async ({ bare: rig }) => {
        const place = join(work, scarce);
        await mounted(place, 'size=1m,nr_inodes=200', async () => {
          await rootIn(rig, place);
          for (const left of [0, 1, 2]) {
            const free = fill(place, scarce, left);
            for (const moment of moments) expectAnswer(moment, await hook(rig, place, moment, 20_000).ended);
            free();
          }
          await hook(rig, place, 'SessionEnd', 20_000).ended;
          expect((await hook(rig, place, 'PostToolBatch', 20_000).ended).out).toMatch(/reviewer has 1 unread message/);
        });
      },
    );

  test.skipIf(skips(noFuse))(said('on a slow disk says it in time, or nothing', noFuse), async ({ bare: rig }) => {
    await onSlowDisk(rig, async ({ dir, takes }) => {
      takes(0.05);
      for (const moment of moments) expectAnswer(moment, await hook(rig, dir, moment).ended);
      takes(0.001);
      // What it had no time for is told later, by the reminder at the latest.
      for (const moment of moments) expectAnswer(moment, await hook(rig, dir, moment, 20_000).ended);
    });
  });

  test.skipIf(skips(noFuse))(
    said(native ? 'whose disk hangs ends all the same' : 'whose disk hangs ends with the call', noFuse),
    async ({ bare: rig }) => {
      await onSlowDisk(rig, async ({ dir, takes }) => {
        for (const moment of moments) {
          takes('hang');
          const hangsAt = performance.now();
          const running = hook(rig, dir, moment);
          if (!native) {
            await pause(500);
            takes(0);
          }
          expect(await running.ended).toMatchObject({ code: 0, out: '', err: '' });
          expect(performance.now() - hangsAt, 'it has waited for the disk').toBeLessThan(15_000);
          takes(0);
        }
      });
    },
  );
});
