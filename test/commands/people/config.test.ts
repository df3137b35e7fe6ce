import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('config tells what holds and where it comes from', async () => {
  expect((await rig.dreamos('config get lease --json')).json).toEqual([
    { key: 'lease', value: '15m', source: 'default' },
  ]);
  expect((await rig.dreamos('config set lease 30m --json')).json).toEqual([
    { key: 'lease', value: '30m', source: 'config', version: 1 },
  ]);
  expect((await rig.dreamos('config get lease')).out).toBe('30m\n');
  expect((await rig.dreamos('config get', { env: { DREAMOS_LEASE: '1h' } })).out).toMatch(/\nlease +1h +environment\n/);
});
