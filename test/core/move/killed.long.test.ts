/**
 * A move that is killed in front of its first change of the disk, its second, and so on, until it lives to its end; then another
 * process goes on with it, or takes it back. The mail is all there, each message once, and as it was.
 */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Killed, killedAt } from '../../storage/file/disks.ts';
import { makeScene, type Scene, tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 600_000 });
const mostKills = 1000;

async function killed(one: Scene, n: number, how?: 'resume' | 'abort'): Promise<boolean> {
  const { disk, killed: was } = killedAt(n);
  try {
    await one.move(how, { disk });
  } catch (error) {
    if (!(error instanceof Killed) && !was()) throw error;
  }
  return was();
}

for (const how of ['resume', 'abort'] as const)
  test(`killed at any change, a move is ${how === 'resume' ? 'gone on with' : 'taken back'}`, async () => {
    for (let n = 1; n <= mostKills; n++) {
      const one = await makeScene(tellLittle);
      try {
        const before = await one.view();
        const wasKilled = await killed(one, n);
        await one.move(how);
        expect(await one.view(), `killed in front of change ${n}`).toEqual(before);
        const [receipt = ''] = one.actor.receipts;
        expect(await (await one.open()).mail.ack(receipt, {})).toMatchObject({ state: 'archived' });
        await one.move('purge');
        expect(readdirSync(dirname(one.root)), `killed in front of change ${n}`).toEqual(['agent_comms']);
        if (wasKilled) continue;
        expect(n).toBeGreaterThan(50);
        return;
      } finally {
        await one.close();
      }
    }
    throw new Error(`It was killed ${mostKills} times and never came to its end.`);
  });

test('what goes on, and what takes back, can be killed at any change, too', async () => {
  for (const how of ['resume', 'abort'] as const)
    for (let n = 1; ; n += 3) {
      const one = await makeScene(tellLittle);
      try {
        const before = await one.view();
        // Behind the freeze, in the middle of loading.
        await killed(one, 60);
        const wasKilled = await killed(one, n, how);
        await one.move(n % 2 === 0 ? 'resume' : 'abort');
        expect(await one.view(), `${how} killed in front of change ${n}`).toEqual(before);
        if (!wasKilled) break;
      } finally {
        await one.close();
      }
    }
});
