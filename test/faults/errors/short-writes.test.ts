/** A write can be done in part: on a disk that is nearly full, or at a limit of a file's size, where the next one is EFBIG. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Rig, test } from '../../e2e/rig.ts';

test.concurrent('a document of which only the beginning can be written stays what it was', async ({ bare }) => {
  expect((await bare.shell('dreamos init reviewer; dreamos config set maxAttempts 3')).code).toBe(0);
  const before = await bare.shell('dreamos agent show reviewer --json');
  const ended = await bare.shell(
    `${limited(bare)}; dreamos agent register reviewer --description "${'x'.repeat(3000)}" --json`,
  );
  expect(ended).toMatchObject({ code: 7, err: expect.stringMatching(/only \d+ bytes of it were written/) as string });
  expect((await bare.shell('dreamos agent show reviewer --json')).out).toBe(before.out);
  expect((await bare.shell('dreamos doctor')).code).toBe(0);
});

test.concurrent(
  'an event that is cut short costs its own line: the next process begins a new one',
  async ({ bare }) => {
    expect((await bare.shell('dreamos init planner reviewer --quiet; dreamos send reviewer a --as planner')).code).toBe(
      0,
    );
    const events = join(bare.root, 'agent_mailboxes', 'reviewer', 'events');
    const log = join(events, readdirSync(events)[0] ?? '');
    const first = readFileSync(log, 'utf8');
    // So many whole lines that of the next one only the beginning fits into the limit.
    const before = first.repeat(Math.floor(limitBytes / first.length));
    writeFileSync(log, before);
    const cut = await bare.shell(`${limited(bare)}; dreamos send reviewer b --as planner --json`);
    expect(cut).toMatchObject({
      code: 0,
      err: expect.stringMatching(/event log of reviewer could not be written/) as string,
    });
    const id = await bare.sent('send reviewer c --as planner');
    const [half = '', ...next] = readFileSync(log, 'utf8').slice(before.length).trimEnd().split('\n');
    expect(half).toHaveLength(limitBytes - before.length);
    expect(next.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ event: 'delivered', id }),
    ]);
    const watched = await bare.dreamos('watch reviewer --since start --wait 1ms --json');
    expect(watched.json.at(-1)).toMatchObject({ id });
    expect(watched.err.split('\n').filter(Boolean)).toEqual([
      expect.stringContaining('cannot be read and is passed over'),
    ]);
    expect((await bare.dreamos('doctor')).out).toContain("Next: jq -R 'fromjson?'");
  },
);

const limitBytes = 2048;

/** What a shell types so that no file can become longer. The kernel also sends a signal, of which Node dies unless it listens. */
function limited(rig: Rig): string {
  const listening = join(rig.dir, 'listening.cjs');
  writeFileSync(listening, "process.on('SIGXFSZ', () => undefined);\n");
  return `ulimit -f ${limitBytes / 1024}; export NODE_OPTIONS="--require=${listening}"`;
}
