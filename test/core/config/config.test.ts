import { beforeEach, expect, test } from 'vitest';
import { getConfig } from '../../../src/core/config/show.ts';
import { rollbackConfig, setConfig } from '../../../src/core/config/change.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { editableConfig, replaceConfig } from '../../../src/core/config/text.ts';
import { send } from '../../../src/core/send/send.ts';
import { changeSettingsIn, settingsIn } from '../../storage/contract/ways.ts';
import type { Settings } from '../../../src/model/settings.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

test('config says each value and where it comes from', async () => {
  await setConfig(rig.root, 'maxAttempts', '3');
  const root = rig.as('planner', { DREAMOS_LEASE: '1m' });
  const all = await getConfig(root);
  expect(all).toHaveLength(25);
  expect(all).toContainEqual({ key: 'maxAttempts', value: 3, source: 'config' });
  expect(all).toContainEqual({ key: 'lease', value: '1m', source: 'environment' });
  expect(await getConfig(root, 'backoffMin')).toEqual([{ key: 'backoffMin', value: '1s', source: 'default' }]);
});

test('an empty value makes the default hold again, and unknown fields of config.json are kept', async () => {
  await changeSettingsIn(rig.root.store, () => ({ colour: 'green' }) as Settings);
  expect(await setConfig(rig.root, 'lease', '1m')).toMatchObject({ key: 'lease', value: '1m', source: 'config' });
  expect(await setConfig(rig.root, 'lease', '')).toMatchObject({ key: 'lease', value: '15m', source: 'default' });
  expect(await settingsIn(rig.root.store)).toEqual({ colour: 'green' });
});

test('a bad value, an unknown key and crossed backoffs are refused, and nothing is written', async () => {
  const bad = await refusal(setConfig(rig.root, 'durability', 'maybe'));
  expect(bad.message).toContain('durability');
  expect(bad.hint).toBe('Allowed: full or relaxed.');
  expect((await refusal(setConfig(rig.root, 'leese', '1m'))).hint).toContain('"lease"');
  await expectRefusal(setConfig(rig.root, 'backoffMin', '10m'), 'CONFIG_INVALID');
  await expectRefusal(getConfig(rig.root, 'nonsense'), 'CONFIG_INVALID');
  expect(await settingsIn(rig.root.store)).toEqual({});
});

test('whoever sets what the environment overrides is told', async () => {
  const root = rig.as('planner', { DREAMOS_LEASE: '1m' });
  await setConfig(root, 'lease', '2m');
  expect(rig.warnings).toEqual([expect.stringContaining('DREAMOS_LEASE')]);
});

test('so is who edits, or goes back to an earlier version, of what that changes and nothing else', async () => {
  await registerAgent(rig.root, { name: 'planner' });
  const edit = async (settings: object, root = rig.root) => {
    const before = await editableConfig(root);
    return replaceConfig(root, JSON.stringify(settings), { before });
  };
  const told = (): string[] => rig.warnings.splice(0).map((one) => one.replace(/,? .*/, ''));
  const firstWords = (): string[] => rig.warnings.splice(0).map((one) => one.split(' ').slice(0, 4).join(' '));
  const asked = 'The setting signatures is';
  await edit({ signatures: 'warn' });
  expect(firstWords()).toEqual([asked]);
  await edit({ signatures: 'warn', lease: '1m' });
  expect(told()).toEqual([]);
  const alerts = [{ name: 'slow', metric: 'ready', over: 1, to: 'nobody' }];
  await edit({ alerts });
  expect(firstWords()).toEqual(['The alert slow is']);
  await edit({ lease: '2m' }, rig.as('planner', { DREAMOS_LEASE: '1m' }));
  expect(told()).toEqual(['DREAMOS_LEASE']);
  await rollbackConfig(rig.root, 1);
  expect(firstWords()).toEqual([asked]);
  await rollbackConfig(rig.root, 3);
  expect(firstWords()).toEqual(['The alert slow is']);
  await rollbackConfig(rig.root, 0);
  expect(told()).toEqual([]);
});

test('whoever asks for signatures is told which agents have no key, and under require what waits', async () => {
  await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  await send(rig.root, { to: 'reviewer', body: 'x' });
  await retireAgent(rig.root, 'Builder');
  await setConfig(rig.root, 'signatures', 'off');
  await setConfig(rig.root, 'lease', '1m');
  expect(rig.warnings).toEqual([]);
  await setConfig(rig.root, 'signatures', 'warn');
  const keyless = 'and 2 agents have no key, so';
  const each = 'planner, reviewer. For each of them: dreamos identity create planner';
  expect(rig.warnings.splice(0)).toEqual([
    `The setting signatures is warn, ${keyless} what they send is not signed: ${each}`,
  ]);
  await setConfig(rig.root, 'signatures', 'require');
  expect(rig.warnings).toEqual([
    `The setting signatures is require, ${keyless} they cannot send: ${each}`,
    '3 messages are unfinished (reviewer 2, Builder 1), and what of that is not signed goes to the dead-letter queue once it is read: dreamos list reviewer',
  ]);
});
