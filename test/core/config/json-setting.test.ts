/** A setting that is a list. */
import { expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { changeConfig, setConfig } from '../../../src/core/config/change.ts';
import { showConfig } from '../../../src/core/config/show.ts';
import { forgetSettings } from '../../../src/core/root/config-file.ts';
import { validateConfig } from '../../../src/core/config/text.ts';
import { changeSettingsIn, settingsIn } from '../../storage/contract/ways.ts';
import { createCoreRig, refusal } from '../rig.ts';

const set = (root: Parameters<typeof setConfig>[0], value: unknown) => setConfig(root, 'alerts', value);

test('a list is set as JSON or as it is, shown as it is, and unset to the default', async () => {
  const { root } = await createCoreRig();
  const [dead, disk] = [
    { name: 'dead', to: 'planner' },
    { name: 'disk', off: true },
  ];
  expect(await set(root, JSON.stringify([dead]))).toMatchObject({ value: [dead], source: 'config', version: 1 });
  expect(await set(root, [disk])).toMatchObject({ value: [disk], version: 2 });
  expect(await settingsIn(root.store)).toEqual({ alerts: [disk] });
  expect(await changeConfig(root, { lease: '5m' })).toMatchObject([{ version: 3 }]);
  expect(await settingsIn(root.store)).toEqual({ alerts: [disk], lease: '5m' });
  expect(await set(root, '')).toMatchObject({ value: [], source: 'default' });
});

test('a list that does not fit is refused with the place in it, also in a file, in a card and in the environment', async () => {
  const { root, as } = await createCoreRig();
  const wrong = await refusal(set(root, '[{"name":"dead"},{"name":5}]'));
  expect(wrong).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID', hint: 'Allowed: a list of rules, as JSON.' });
  expect(wrong.message).toContain('alerts.1.name');
  expect((await refusal(set(root, '[{'))).hint).toBe('Allowed: a list of rules, as JSON.');
  expect((await refusal(validateConfig(root, '{\n"alerts": [5]}'))).message).toMatch(/line 2, column 12: alerts\.0/);
  const ofCard = registerAgent(root, { name: 'cy', settings: { alerts: [] } });
  expect((await refusal(ofCard)).message).toContain('one for the whole root');
  const refused = await refusal(showConfig(as('planner', { DREAMOS_ALERTS: '[]' })));
  expect(refused.message).toContain('DREAMOS_ALERTS');
  expect(await settingsIn(root.store)).toEqual({});
});

test('a rule that could tell nobody of anything is refused where it is set, with the nearest name', async () => {
  const { root } = await createCoreRig();
  const misspelt = await refusal(set(root, [{ name: 'full', metric: 'baklog', over: 10 }]));
  expect(misspelt).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
  expect(misspelt.message).toMatch(/^alerts\.0\.metric: .*baklog.*Nothing was changed\.$/);
  expect(misspelt.hint).toContain('backlog');
  expect(await settingsIn(root.store)).toEqual({});
  expect((await refusal(validateConfig(root, '{"alerts": [{"name":"full","metric":"baklog"}]}'))).message).toContain(
    'baklog',
  );
});

test('a wrong rule that is there already stands in no other change, and is named with all others when asked', async () => {
  const { root } = await createCoreRig();
  const wrong = [{ name: 'full', metric: 'baklog', over: 10 }, { name: 'dead' }, { name: 'disk', of: true }];
  await changeSettingsIn(root.store, () => ({ alerts: wrong }));
  forgetSettings(root);
  expect(await changeConfig(root, { lease: '10m' })).toMatchObject([{ value: '10m' }]);
  expect(await settingsIn(root.store)).toEqual({ alerts: wrong, lease: '10m' });
  expect((await refusal(changeConfig(root, { lease: '5m', alerts: wrong }))).message).toContain('alerts.0.metric');
  const text =
    '{"lease": "soon",\n"alerts": [\n{"name":"full","metric":"baklog","over":1},\n{"name":"disk","of":true}]}';
  const { message } = await refusal(validateConfig(root, text));
  expect(message).toMatch(
    /line 1, column 2: lease.*; line 3, column 16: alerts\.0\.metric: .*; line 4, column 16: alerts\.1\.of: /,
  );
});

test('who is to be told and is not there is a warning', async () => {
  const { root, warnings } = await createCoreRig();
  await set(root, [
    { name: 'dead', to: 'planner' },
    { name: 'disk', to: 'nobody' },
  ]);
  expect(warnings).toEqual(['The alert disk is to be told to nobody, but there is no such agent.']);
});
