/** Roots that are moved into a Redis and out of it, by processes that are killed, or come at once. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { startServer, type TestServer } from '../storage/redis/server.ts';
import { type Ended, type Rig, test, until } from './rig.ts';

const lack = await missing('redis-server');
const messages = 200;

/** Its folder is put aside, or is about to be. */
function isUnderWay({ root }: Rig): boolean {
  return readdirSync(dirname(root)).some((name) => /\.(?:moved|next)-/.test(name));
}

async function fill(rig: Rig): Promise<string> {
  const made = await rig.dreamos(['init', 'planner', 'reviewer']);
  expect(made, made.err).toMatchObject({ code: 0 });
  const lines = Array.from({ length: messages }, (_, i) => JSON.stringify({ to: 'reviewer', body: `b${i}` }));
  const sent = await rig.dreamos('send --batch --as planner', { stdin: `${lines.join('\n')}\n` });
  expect(sent, sent.err).toMatchObject({ code: 0 });
  const [read] = (await rig.dreamos('read reviewer --json')).json;
  return read?.receipt ?? '';
}

describe.skipIf(skips(lack))(said('moves of a root by real processes', lack), { timeout: 120_000 }, () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
  });
  afterAll(() => server.close());
  const engine = (): string[] => ['--to', server.address, '--durability', 'relaxed'];

  test('of three at once one moves it, the others are told so or move it on, and nothing is lost', async ({
    bare: rig,
  }) => {
    const receipt = await fill(rig);
    const planned = await rig.dreamos(['move', ...engine(), '--dry-run', '--json']);
    // An id would be another one each time.
    expect(planned.json).toMatchObject([{ state: 'planned', to: server.address }]);
    const where = [
      { name: 'into', words: () => engine() },
      { name: 'out of', words: (n: number) => ['--to', `file:${join(rig.dir, `back${n}`)}`] },
    ];
    for (const { name, words } of where) {
      const all = await Promise.all([0, 1, 2].map((n) => rig.dreamos(['move', ...words(n)])));
      const codes = all.map(({ code }) => code);
      const told = `${name}: ${all.map(({ err }) => err).join('\n')}`;
      // One that comes when another has done it moves it on.
      expect(codes, told).toContain(0);
      expect(
        codes.filter((code) => code !== 0 && code !== 5),
        told,
      ).toEqual([]);
      expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ ready: messages - 1, inflight: 1 }]);
    }
    expect(await rig.dreamos(['ack', receipt])).toMatchObject({ code: 0 });
  });

  test('what removes an old place in an engine warns of those who name it elsewhere', async ({ bare: rig }) => {
    await fill(rig);
    const { json } = await rig.dreamos(['move', ...engine(), '--json']);
    expect(await rig.dreamos(['move', '--to', `file:${join(rig.dir, 'back')}`])).toMatchObject({ code: 0 });
    const purged = await rig.dreamos(['move', '--purge', '--json']);
    expect(purged).toMatchObject({ code: 0 });
    const { warning } = JSON.parse(purged.err) as { warning: { message: string } };
    expect(warning.message).toContain(`that name ${String(json[0]?.to)} do not find the root any more`);
  });

  test('killed while it moves, it is gone on with or taken back', async ({ bare: rig }) => {
    const receipt = await fill(rig);
    let killed = 0;
    for (const [i, restMs] of [0, 5, 20, 40, 80].entries()) {
      const mover = rig.start(['move', ...engine()]);
      await until('the move is under way', () => isUnderWay(rig) || mover.child.exitCode !== null);
      await sleep(restMs);
      const { signal } = await mover.kill('SIGKILL');
      if (signal === null) break;
      killed++;
      const ended: Ended = await rig.dreamos(['move', i % 2 === 0 ? '--abort' : '--resume']);
      expect(ended, ended.err).toMatchObject({ code: 0 });
      expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ ready: messages - 1, inflight: 1 }]);
      if (ended.out.startsWith('Moved')) break;
    }
    expect(killed).toBeGreaterThan(0);
    expect(await rig.dreamos(['ack', receipt])).toMatchObject({ code: 0 });
  });
});
