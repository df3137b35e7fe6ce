import { beforeEach, describe, expect, test } from 'vitest';
import { setConfig } from '../../src/core/config/change.ts';
import { effectiveSettings } from '../../src/core/root/settings.ts';
import { settingTable } from '../../src/model/basics/setting-table.ts';
import { type SettingKey } from '../../src/model/settings.ts';
import { type CoreRig, createCoreRig, refusal } from '../core/rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

describe('every setting of the table', () => {
  const settings = Object.entries(settingTable) as [SettingKey, (typeof settingTable)[SettingKey]][];

  const asPrinted = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

  test.each(settings)('%s can be set to its default as it is printed', async (key, { default: usual }) => {
    expect(await setConfig(rig.root, key, asPrinted(usual))).toMatchObject({ key, value: usual, source: 'config' });
    await effectiveSettings(rig.root);
  });

  const durations = settings.filter(([, { kind }]) => kind === 'duration');
  test.each(durations)('%s is a duration: 0 is one, if it is not too short', async (key) => {
    await setConfig(rig.root, 'backoffMin', '0');
    if (key === 'lease' || key === 'ttl' || key === 'dedupeWindow' || key === 'heartbeat')
      expect((await refusal(setConfig(rig.root, key, '0'))).hint).toMatch(/^Allowed: a duration of at least/);
    else expect(await setConfig(rig.root, key, '0')).toMatchObject({ key, value: '0', source: 'config' });
  });

  test.each(settings.filter(([, { default: usual }]) => usual === 'none'))(
    '%s is no limit as it comes',
    async (key) => {
      expect((await refusal(setConfig(rig.root, key, 'much'))).hint).toMatch(/, or none\.$/);
    },
  );
});

test('topics may be kept for no time at all', async () => {
  expect(await setConfig(rig.root, 'topicRetention', '0')).toMatchObject({ value: '0' });
  expect((await effectiveSettings(rig.root)).topicRetentionMs).toBe(0);
});
