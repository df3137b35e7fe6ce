import type { Context } from '../cli/context.ts';
import { printMaintained } from '../cli/maintained.ts';
import { maintain } from '../core/maintain.ts';

export async function maintainCommand(
  context: Context,
  names: readonly string[],
  { dryRun = false }: { dryRun?: boolean },
): Promise<void> {
  const root = await context.root();
  const options = { dryRun, signal: context.signal, ...(names.length > 0 && { mailboxes: names }) };
  await printMaintained(context, maintain(root, options), 'Nothing to do.');
}
