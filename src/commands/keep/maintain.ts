import type { Context } from '../../cli/context.ts';
import { printMaintained } from '../../cli/show/maintained.ts';
import { maintain } from '../../core/keep/maintain.ts';

export async function maintainCommand(
  context: Context,
  names: readonly string[],
  { dryRun = false }: { dryRun?: boolean },
): Promise<void> {
  const session = await context.session();
  const { alertRunner } = await import('../../cli/handler/run-alert.ts');
  const runAlert = alertRunner(context, session.path);
  const options = { dryRun, runAlert, signal: context.signal, ...(names.length > 0 && { mailboxes: names }) };
  await printMaintained(context, maintain(session, options), 'Nothing to do.');
}
