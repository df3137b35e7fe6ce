/** A setting that is a list: one row of the table. */
import * as z from 'zod/mini';
import { afterAll, expect, test, vi } from 'vitest';

vi.mock(import('../../../src/model/basics/setting-table.ts'), async (original) => {
  const { settingTable } = await original();
  const rule = () => z.array(z.object({ name: z.string() }));
  const fits = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
  const rules = { kind: 'json', default: [], ofRoot: true, schema: rule, fits, what: 'a list of rules', help: 'x' };
  return { settingTable: { ...settingTable, rules } } as never;
});

// Files share their modules: those that know the table as it is are left alone, and get it back.
vi.resetModules();
afterAll(() => {
  vi.doUnmock('../../../src/model/basics/setting-table.ts');
  vi.resetModules();
});

const { changeConfig, setConfig } = await import('../../../src/core/config/change.ts');
const { showConfig } = await import('../../../src/core/config/show.ts');
const { validateConfig } = await import('../../../src/core/config/text.ts');
const { registerAgent } = await import('../../../src/core/agents/agents.ts');
const { createCoreRig, refusal } = await import('../rig.ts');
const { settingsIn } = await import('../../storage/contract/ways.ts');

const set = (root: Parameters<typeof setConfig>[0], value: unknown) => setConfig(root, 'rules', value);

test('a list is set as JSON or as it is, shown as it is, and unset to the default', async () => {
  const { root } = await createCoreRig();
  expect(await set(root, '[{"name":"a"}]')).toMatchObject({ value: [{ name: 'a' }], source: 'config', version: 1 });
  expect(await set(root, [{ name: 'b' }])).toMatchObject({ value: [{ name: 'b' }], version: 2 });
  expect(await settingsIn(root.store)).toEqual({ rules: [{ name: 'b' }] });
  expect(await changeConfig(root, { lease: '5m' })).toMatchObject([{ version: 3 }]);
  expect(await settingsIn(root.store)).toEqual({ rules: [{ name: 'b' }], lease: '5m' });
  expect(await set(root, '')).toMatchObject({ value: [], source: 'default' });
});

test('a list that does not fit is refused with the place in it, also in a file, in a card and in the environment', async () => {
  const { root, as } = await createCoreRig();
  const wrong = await refusal(set(root, '[{"name":"a"},{"name":5}]'));
  expect(wrong).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID', hint: 'Allowed: a list of rules, as JSON.' });
  expect(wrong.message).toContain('rules.1.name');
  expect((await refusal(set(root, '[{'))).hint).toBe('Allowed: a list of rules, as JSON.');
  expect((await refusal(validateConfig(root, '{\n"rules": [5]}'))).message).toMatch(/line 2, column 1: rules\.0/);
  const ofCard = registerAgent(root, { name: 'cy', settings: { rules: [] } as never });
  expect((await refusal(ofCard)).message).toContain('one for the whole root');
  const refused = await refusal(showConfig(as('planner', { DREAMOS_RULES: '[]' })));
  expect(refused.message).toContain('DREAMOS_RULES');
  expect(await settingsIn(root.store)).toEqual({});
});
