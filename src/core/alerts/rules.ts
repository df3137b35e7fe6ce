import { DreamosError } from '../../model/errors.ts';
import {
  alertFaults,
  type AlertRule,
  completeRules,
  rulesWithout,
  type WrittenRule,
} from '../../model/metrics/alert.ts';
import { nearestName } from '../../model/refusals.ts';
import { logOf } from '../../model/topic.ts';
import { listAgents } from '../agents/agents.ts';
import { rootSettings } from '../root/config-file.ts';
import type { Session } from '../root/root.ts';

/** The defaults, and what config.json says instead of them and beside them. A wrong rule is a warning, and out of force. */
export async function loadRules(session: Session): Promise<AlertRule[]> {
  const { rules = [], wrong = [] } = (await writtenRules(session)) ?? {};
  for (const { message, hint } of wrong) session.warn(`${message} ${hint}`);
  return completeRules(rules);
}

export interface WrittenRules {
  readonly rules: readonly WrittenRule[];
  /** What is out of force: where it stands and why, and what mends it. */
  readonly wrong: readonly { readonly message: string; readonly hint: string }[];
}

/** What config.json says; `undefined`: nothing. */
export async function writtenRules(session: Session): Promise<WrittenRules | undefined> {
  const { alerts } = await rootSettings(session);
  if (alerts === undefined) return undefined;
  const faults = alertFaults(alerts);
  const wrong = faults.map(async ({ path: [...within], why, hint }) => {
    const path = ['alerts', ...within];
    const { document, at } = await session.store.documents.locate('settings', path);
    const where = at === undefined ? document : `${document}, ${at}`;
    const what = within.length === 0 ? 'Those behind are' : 'This rule is';
    return { message: `${where}: ${path.join('.')}: ${why}. ${what} out of force.`, hint };
  });
  return { rules: rulesWithout(alerts, faults), wrong: await Promise.all(wrong) };
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

/** A pattern may be for who comes later, so it is no error that it means no mailbox. */
export async function warnOfNone(session: Session, pattern: string): Promise<void> {
  const agents = (await listAgents(session)).map(({ name }) => name);
  const names = [...agents, ...(await session.store.look.listTopics()).map(logOf)];
  if (names.some((name) => isMeant(pattern, name))) return;
  const nearest = nearestName(pattern, names);
  const meant = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  session.warn(`There is no mailbox ${JSON.stringify(pattern)}.${meant}`);
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
