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

test('what is so already is told to be unchanged, and is no new version', async () => {
  await rig.dreamos('config set lease=20m maxAttempts=2');
  expect((await rig.dreamos('config set lease 20m')).out).toBe('lease = 20m (config, version 1, unchanged)\n');
  expect((await rig.dreamos('config set maxAttempts=2 --json')).json).toEqual([
    { key: 'maxAttempts', value: 2, source: 'config', version: 1, unchanged: true },
  ]);
  expect((await rig.dreamos('config set lease 21m')).out).toBe('lease = 21m (config, version 2)\n');
  expect((await rig.dreamos('config history --json')).json).toHaveLength(2);
});

test.for([
  ['lease 20m maxAttempts 2', 'dreamos config set lease=20m maxAttempts=2'],
  ['lease 20m maxAttempts', "dreamos config set lease '<value>'"],
  ['lease 20 minutes 3', "dreamos config set lease '<value>'"],
])('config set %s names what was meant', async ([words, meant]) => {
  const { code, err } = await rig.dreamos(`config set ${words}`);
  expect(code).toBe(2);
  expect(err).toContain(meant);
});

test('config edit starts no editor without a terminal', async () => {
  const { code, err } = await rig.dreamos('config edit', { env: { EDITOR: 'false' } });
  expect(code).toBe(2);
  expect(err).toContain('dreamos config edit --file <file>');
  expect(err).not.toContain('The editor');
});
