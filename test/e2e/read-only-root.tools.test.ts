import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { notHere, notRoot, said, skips } from '../lack.ts';
import { test, until } from './rig.ts';

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' });
}

test.skipIf(skips(notRoot))(
  said('on a read-only mount looks say what they see, and follow what the owner writes', notRoot),
  async ({ rig, skip }) => {
    const view = join(rig.dir, 'view');
    mkdirSync(view);
    try {
      mount('--bind', rig.root, view);
    } catch {
      skip(notHere('nothing can be mounted').why);
    }
    try {
      mount('-o', 'remount,ro,bind', view);
      await rig.sent('send reviewer hello --as planner --delay 1ms');
      for (const look of [
        'status',
        'list reviewer',
        'search hello',
        'doctor',
        'topics list',
        'reserve list',
        'reserve check x',
      ]) {
        const ended = await rig.dreamos(`${look} --root ${view} --json`);
        expect({ look, code: ended.code }, ended.err).toEqual({ look, code: 0 });
      }
      const watching = rig.start(`watch --root ${view} --count 1 --wait 20s --json`);
      const listening = rig.start(`listen > --root ${view} --count 1 --wait 20s --json`);
      await until('it looks by time', () => listening.err().includes('once a second'));
      await until('an event', async () => {
        await rig.sent('publish news hello --as planner');
        await rig.sent('send reviewer again --as planner');
        return watching.lines().length > 0 && listening.lines().length > 0;
      });
      expect((await watching.ended).code).toBe(0);
      expect((await listening.ended).code).toBe(0);
    } finally {
      execFileSync('umount', ['-l', view]);
    }
  },
);
