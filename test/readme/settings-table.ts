import { settingTable } from '../../src/model/basics/setting-table.ts';
import { environmentName, isOfRoot, settingKeys } from '../../src/model/settings.ts';
import { markdownTable } from './markdown-table.ts';

/** Every setting, where the environment sets it, its default, and what it is. */
export function settingsTable(): string {
  const rows = settingKeys.map((key) => {
    const { default: usual, help } = settingTable[key];
    return [key, isOfRoot(key) ? '' : environmentName(key), String(usual), help];
  });
  return markdownTable([['key', 'environment', 'default', 'what'], ...rows]);
}
