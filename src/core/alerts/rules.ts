import { DreamosError } from '../../model/errors.ts';
import { alertFault, type AlertRule, completeRules, type WrittenRule } from '../../model/metrics/alert.ts';
import { nearestName } from '../../model/refusals.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import { rootSettings } from '../root/config-file.ts';
import type { Session } from '../root/root.ts';

/** The defaults, and what config.json says instead of them and beside them. @throws CONFIG_INVALID */
export async function loadRules(session: Session): Promise<AlertRule[]> {
  return completeRules((await writtenRules(session)) ?? []);
}

/** What config.json says; `undefined`: nothing. @throws CONFIG_INVALID naming the place and what mends it */
export async function writtenRules(session: Session): Promise<readonly WrittenRule[] | undefined> {
  const { alerts } = await rootSettings(session);
  if (alerts === undefined) return undefined;
  const fault = alertFault(alerts);
  if (!fault) return alerts;
  const path = ['alerts', ...fault.path];
  throw documentInvalid(
    await session.store.documents.locate('settings', path),
    `${path.join('.')}: ${fault.why}`,
    fault.hint,
  );
}

/** @throws CONFIG_INVALID with the nearest name */
export function findRule(rules: readonly AlertRule[], name: string): AlertRule {
  const rule = rules.find((one) => one.name === name);
  if (rule) return rule;
  const names = rules.map((one) => one.name);
  const nearest = nearestName(name, names);
  throw new DreamosError('invalid', 'CONFIG_INVALID', `There is no alert ${JSON.stringify(name)}.`, {
    hint: nearest === undefined ? `The alerts are ${names.join(', ')}` : `Did you mean "${nearest}"?`,
  });
}

/**
 * Whether a pattern in which `*` stands for anything means a mailbox, however either is cased. It walks both once, and goes
 * back to the last `*` alone: an expression made of the pattern could take for ever.
 */
export function isMeant(pattern: string | undefined, mailbox: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (mailbox === undefined) return false;
  const [wanted, name] = [pattern.toLowerCase(), mailbox.toLowerCase()];
  let [at, in_, star, from] = [0, 0, -1, 0];
  while (in_ < name.length) {
    if (wanted[at] === '*') [star, from] = [at++, in_];
    else if (wanted[at] === name[in_]) [at, in_] = [at + 1, in_ + 1];
    else if (star >= 0) [at, in_] = [star + 1, ++from];
    else return false;
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}
