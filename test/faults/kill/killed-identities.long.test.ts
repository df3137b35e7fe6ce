/**
 * Eight at a time rotate one agent's key, and half of them are killed at any moment, while another user looks. Whatever the moment:
 * he who knew the first key follows to the last one, what was acknowledged is among them, and the owner can go on.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { pause, type Running, test } from '../../e2e/rig.ts';
import type { Identity, Trusted } from '../../../src/contract/security/identity.ts';

const rounds = 3;
const racers = 8;

test('of many who rotate at once, half of them killed, each key follows the one before, and is followed', async ({
  rig,
}) => {
  const env = { DREAMOS_CONFIG_HOME: join(rig.dir, 'other') };
  expect(await rig.dreamos('identity create planner')).toMatchObject({ code: 0 });
  expect(await rig.dreamos('trust accept planner', { env })).toMatchObject({ code: 0 });
  const started = performance.now();
  await rig.dreamos('identity rotate planner');
  const wholeMs = performance.now() - started;
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const racing = Array.from({ length: racers }, (_, i) => ({
      rotating: rig.start('identity rotate planner --json'),
      isKilled: i % 2 === 0,
    }));
    let over = false;
    const watching = (async () => {
      while (!over) {
        const { json } = await rig.dreamos('trust list --json', { env });
        expect((json as unknown as Trusted[])[0]).toMatchObject({ agent: 'planner', state: 'good' });
      }
    })();
    await Promise.all(racing.map(endOf));
    over = true;
    await watching;
  }

  const shown = async (): Promise<Identity> =>
    (await rig.dreamos('identity show planner --json', { env })).json[0] as unknown as Identity;
  const { keys, state, key } = await shown();
  expect(state).toBe('good');
  expect(keys.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
  for (const [i, one] of keys.entries()) expect([one.state, one.by]).toEqual(['good', keys[i + 1]?.id]);
  expect((await rig.dreamos('identity show planner --json')).json[0]).toMatchObject({
    key,
    private: expect.anything(),
  });
  expect(await rig.dreamos('identity rotate planner')).toMatchObject({ code: 0, err: '' });
  expect((await shown()).keys).toHaveLength(keys.length + 1);
  const own = readdirSync(join(rig.dir, '.config'), { recursive: true, encoding: 'utf8' });
  // A lock that was aside for a moment when its process was killed is an empty folder.
  expect(own.filter((name) => !/(?:\.json|\/\w+|^\w+|\.lock)$/.test(name))).toEqual([]);

  async function endOf({ rotating, isKilled }: { rotating: Running; isKilled: boolean }): Promise<void> {
    const said = async (one: Promise<{ readonly out: string }>): Promise<void> => {
      const [line] = (await one).out.split('\n');
      if (line) acknowledged.push((JSON.parse(line) as Identity).key ?? '');
    };
    if (!isKilled) {
      expect(await rotating.ended).toMatchObject({ code: 0 });
      return said(rotating.ended);
    }
    await pause(wholeMs * (0.3 + Math.random() * 2));
    return said(rotating.kill('SIGKILL'));
  }
}, 240_000);
