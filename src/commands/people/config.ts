import type { Context } from '../../cli/context.ts';
import { getConfig, setConfig } from '../../core/root/config.ts';

export async function getCommand(context: Context, key: string | undefined): Promise<void> {
  const { output } = context;
  const found = await getConfig(await context.session(), key);
  if (!output.json && key === undefined) {
    const rows = found.map((setting) => [setting.key, String(setting.value), setting.source]);
    return output.data(`${await output.table(['setting', 'value', 'from'], rows)}\n`);
  }
  for (const setting of found) await output.item(setting, () => String(setting.value));
}

export async function setCommand(context: Context, key: string, value: string): Promise<void> {
  const setting = await setConfig(await context.session(), key, value);
  await context.output.item(setting, () => `${setting.key} = ${String(setting.value)} (${setting.source})`);
}
