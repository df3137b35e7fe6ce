import { beforeEach, describe, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { useStillTime } from '../still-time.ts';

const still = useStillTime();
beforeEach(() => limit({ maxMessages: 2 }));

const limit = (settings: Settings, name = 'reviewer'): Promise<unknown> =>
  registerAgent(still.rig.root, { name, settings });
const sendOne = (body = 'x', more = {}) => send(still.rig.root, { to: 'reviewer', body, ...more });

describe("a mailbox's time-to-live", () => {
  test('holds for mail without its own, from when it can be delivered', async () => {
    await limit({ maxMessages: 'none', ttl: '10s' });
    await sendOne('short');
    await sendOne('own', { ttlMs: 60_000 });
    await sendOne('delayed', { delayMs: 15_000 });
    await send(still.rig.root, { to: ['reviewer', 'Builder'], body: 'two' });
    vi.advanceTimersByTime(20_000);
    const bodies: string[] = [];
    for (let next = await readNext(still.rig.root, 'reviewer'); next; next = await readNext(still.rig.root, 'reviewer'))
      bodies.push(next.message.body);
    expect(bodies.sort()).toEqual(['delayed', 'own']);
    expect((await readNext(still.rig.root, 'Builder'))?.message.body).toBe('two');
  });
});
