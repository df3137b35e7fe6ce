import type { Context } from '../../cli/context.ts';
import { getConfig, setConfig } from '../../core/root/config.ts';

export async function getCommand(context: Context, key: string | undefined): Promise<void> {
  const { output } = context;
  const found = await getConfig(await context.session(), key);
  const [only] = found;
  if (key !== undefined && only) return output.item(only, () => String(only.value));
  await output.rows(found, ['setting', 'value', 'from'], (setting) => [
    setting.key,
    String(setting.value),
    setting.source,
  ]);
}

export async function setCommand(context: Context, key: string, value: string): Promise<void> {
  const setting = await setConfig(await context.session(), key, value);
  await context.output.outcome(setting, () => `${setting.key} = ${String(setting.value)} (${setting.source})`);
}
