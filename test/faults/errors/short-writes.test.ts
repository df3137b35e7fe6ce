/** A write can be done in part: on a disk that is nearly full, or at a limit of a file's size, where the next one is EFBIG. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../../e2e/rig.ts';

test.concurrent('a document of which only the beginning can be written stays what it was', async ({ bare }) => {
  expect((await bare.shell('dreamos init reviewer; dreamos config set maxAttempts 3')).code).toBe(0);
  const before = await bare.shell('dreamos agent show reviewer --json');
  // The kernel also sends a signal, of which Node dies unless it listens.
  const listening = join(bare.dir, 'listening.cjs');
  writeFileSync(listening, "process.on('SIGXFSZ', () => undefined);\n");
  const ended = await bare.shell(
    `ulimit -f 2; export NODE_OPTIONS="--require=${listening}"; dreamos agent register reviewer --description "${'x'.repeat(3000)}" --json`,
  );
  expect(ended).toMatchObject({ code: 7, err: expect.stringMatching(/only \d+ bytes of it were written/) as string });
  expect((await bare.shell('dreamos agent show reviewer --json')).out).toBe(before.out);
  expect((await bare.shell('dreamos doctor')).code).toBe(0);
});
