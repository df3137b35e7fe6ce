/** The settings that name commands: whoever runs dreamos on the root runs them, as its user and past every policy. */
import { DreamosError } from '../../model/errors.ts';
import type { WrittenRule } from '../../model/metrics/alert.ts';
import type { Settings } from '../../model/settings.ts';
import { isSame } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';

/**
 * Who has proved who he is, by a token or a socket of his own, need not be the root's user, so he gives that no command.
 * @throws FORBIDDEN: he has, or has taken one away
 */
export function checkCommands({ acting, proved }: Session, before: Settings, after: Settings): void {
  if (!proved) return;
  const changed = isSame(before.secretScanner ?? [], after.secretScanner ?? [])
    ? isSame(runsIn(before), runsIn(after))
      ? undefined
      : '`run` of a rule in the setting alerts'
    : 'The setting secretScanner';
  if (changed === undefined) return;
  const message = `${changed} names a command that is run as the root's user, so ${acting ?? 'who has a token'} does not change it through a server. Nothing was changed.`;
  const hint = 'As that user, in the root itself: dreamos config edit';
  throw new DreamosError('denied', 'FORBIDDEN', message, { hint });
}

/** By the name of its rule. */
function runsIn({ alerts }: Settings): Readonly<Record<string, readonly string[]>> {
  // What cannot be used is no list.
  const rules: readonly WrittenRule[] = Array.isArray(alerts) ? alerts : [];
  return Object.fromEntries(rules.flatMap((rule) => (rule?.run ? [[rule.name, rule.run]] : [])));
}
