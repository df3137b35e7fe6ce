import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command as program, native as isNative, project } from '../e2e/runtime.ts';
import { demand, isFailure, said, skips } from '../lack.ts';
import { parts } from './parts.ts';

const command = join(project, 'bin', 'dreamos.cjs');
const native = isNative ? program : undefined;
// The same choices in every run; `npm run test:faults` draws others.
const seed = 20_261_120;

describe('what is promised holds, briefly tried', async () => {
  for (const part of parts.filter(({ runsNatively }) => native === undefined || runsNatively)) {
    const cannotRun = await part.cannotRun();
    test.skipIf(skips(cannotRun))(
      said(part.name, cannotRun),
      async () => {
        demand(cannotRun);
        const dir = await mkdtemp(join(tmpdir(), 'dreamos-faults-'));
        try {
          const options = { bounded: true, seed, dir, command, native, progress: () => undefined };
          const { failures, figures, skipped = [] } = await part.run(options);
          expect(failures).toEqual([]);
          expect(Object.values(figures).some((figure) => figure > 0)).toBe(true);
          for (const { why } of skipped) console.warn(`skipped in ${part.name}: ${why}`);
          expect(skipped.filter(isFailure)).toEqual([]);
        } finally {
          await rm(dir, { recursive: true, force: true });
        }
      },
      600_000,
    );
  }
});
