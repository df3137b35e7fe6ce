import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parts } from './parts.ts';

const command = join(import.meta.dirname, '..', '..', 'bin', 'dreamos.cjs');
// The same choices in every run of `npm test`; `npm run test:faults` draws others.
const seed = 20_261_120;

describe('what is promised holds, briefly tried', async () => {
  for (const part of parts) {
    const cannotRun = await part.cannotRun();
    test.skipIf(cannotRun !== undefined)(
      cannotRun === undefined ? part.name : `${part.name} (skipped: ${cannotRun})`,
      async () => {
        const dir = await mkdtemp(join(tmpdir(), 'dreamos-faults-'));
        try {
          const { failures, figures } = await part.run({
            bounded: true,
            seed,
            dir,
            command,
            progress: () => undefined,
          });
          expect(failures).toEqual([]);
          expect(Object.values(figures).some((figure) => figure > 0)).toBe(true);
        } finally {
          await rm(dir, { recursive: true, force: true });
        }
      },
      180_000,
    );
  }
});
