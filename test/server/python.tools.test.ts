/** share/python/dreamos.py, which people copy: on the real server, and beside the library. Its own tests are in python/. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test as plainTest } from 'vitest';
import { open } from '../../src/library/library.ts';
import { command, project } from '../e2e/runtime.ts';
import { test } from '../e2e/rig.ts';
import { served, socketOf } from '../e2e/serving.ts';
import { demand, missing, said, skips } from '../lack.ts';

const lack = await missing('python3');
beforeAll(() => demand(lack));

const here = join(project, 'test', 'server', 'python');
const env = {
  ...process.env,
  PYTHONPATH: [join(project, 'share', 'python'), here].join(delimiter),
  PYTHONDONTWRITEBYTECODE: '1',
  DREAMOS_NODE: process.execPath,
  DREAMOS_COMMAND: command,
};

/** @returns what it has written to stderr @throws with that */
async function unittest(name: string): Promise<string> {
  const words = ['-W', 'error', '-m', 'unittest', name];
  return (await promisify(execFile)('python3', words, { env, cwd: here })).stderr;
}

describe.skipIf(skips(lack))(said('the client in Python', lack), () => {
  plainTest('agrees with fixtures/conformance/', async () => {
    expect(await unittest('test_conformance')).toMatch(/\nOK\n$/);
  });

  const classes = [...readFileSync(join(here, 'test_client.py'), 'utf8').matchAll(/^class (\w+)\(/gm)];
  plainTest.each(classes.map(([, name]) => name))(
    'on a server: %s',
    async (name) => {
      expect(await unittest(`test_client.${name}`)).toMatch(/\nOK\n$/);
    },
    300_000,
  );

  test('two of its workers take a thousand messages of the library: nothing is lost, and nothing comes twice', async ({
    rig,
  }) => {
    await served(rig);
    const workers = [1, 2].map(() =>
      rig.startShell(`exec python3 ${join(here, 'worker.py')} unix:${socketOf(rig)}`, {
        env: { PYTHONPATH: env.PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' },
      }),
    );
    const mail = await open({ root: rig.root, as: 'planner', warn: () => undefined });
    const bodies = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
    for (let i = 0; i < bodies.length; i += 50) {
      const drafts = bodies.slice(i, i + 50).map((body) => ({ to: 'reviewer', body }));
      // Some of them one by one, as they come.
      if (i % 100 === 0) await mail.sendAll(drafts);
      else await Promise.all(drafts.map((draft) => mail.send(draft)));
    }
    await mail.close();
    const ended = await Promise.all(workers.map((worker) => worker.ended));
    expect(ended.map(({ code, err }) => ({ code, err }))).toEqual([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ]);
    const taken = ended.map(({ out }) => out.split('\n').filter((line) => line !== ''));
    expect(taken.flat().sort()).toEqual([...bodies].sort());
    // Both have worked.
    expect(Math.min(...taken.map((lines) => lines.length))).toBeGreaterThan(0);
    const { json } = await rig.dreamos('status reviewer --json');
    expect(json[0]).toMatchObject({ ready: 0, inflight: 0, delayed: 0, dead: 0, archived: 1000 });
  }, 300_000);
});
