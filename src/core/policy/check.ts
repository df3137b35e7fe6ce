/** What a policy answers, and why. */
import type { PolicyChecked, PolicyTested } from '../../contract/security/policy.ts';
import { commandOf, type OperationName, operationNames, operations } from '../../contract/operations.ts';
import { nearestName, usage } from '../../model/refusals.ts';
import { type Action, actions, type Policy, rule, type Where } from '../../model/security/policy.ts';
import { checkName } from '../root/names.ts';
import { why } from './ask.ts';

interface Asked {
  /** `null`: nobody is asked. */
  readonly action: Action | null;
  /** Where it is, where no mailbox is named. */
  readonly otherwise: 'own' | 'everywhere' | 'anywhere';
}

export interface PolicyQuestion {
  /** Who would do it; absent: who does not say who he is. */
  readonly as?: string | undefined;
  /** A mailbox, or `#` and a topic; absent: his own, or as it is without one. */
  readonly mailbox?: string | undefined;
}

/** @param policy `undefined`: there is none @param verb a command's words, the name of an operation, or an action @throws USAGE, NAME_INVALID */
export function answer(policy: Policy | undefined, verb: string, { as, mailbox }: PolicyQuestion): PolicyChecked {
  if (as !== undefined) checkName(as);
  const { action, otherwise } = askedOf(verb);
  const own = otherwise === 'own' ? as : undefined;
  const named = mailbox ?? own;
  const base = { as: as ?? null, verb, action, mailbox: named ?? null };
  const free = (because: string): PolicyChecked => {
    return { ...base, allowed: true, role: null, effect: null, pattern: null, why: because };
  };
  if (action === null) return free('nobody is asked for it');
  if (policy === undefined) return free('there is no policy, so everybody may everything');
  const where: Where =
    named === undefined ? { in: otherwise === 'everywhere' ? 'everywhere' : 'anywhere' } : { mailbox: named };
  const ruling = rule(policy, as, action, where);
  const { role = null, effect = null, pattern = null } = ruling.by ?? {};
  return { ...base, allowed: ruling.allowed, role, effect, pattern, why: why(policy, as, ruling, action) };
}

/** Its own tests. */
export function testsOf(policy: Policy): PolicyTested {
  const tests = (policy.tests ?? []).map(({ as, verb, mailbox, allowed: expected }) => {
    const told = answer(policy, verb, { as, mailbox });
    return { as: told.as, verb, mailbox: mailbox ?? null, expected, allowed: told.allowed, why: told.why };
  });
  const failed = tests.filter(({ expected, allowed }) => expected !== allowed).length;
  return { roles: Object.keys(policy.roles).length, tests, failed };
}

function askedOf(verb: string): Asked {
  const words = verb.trim().replace(/^dreamos\s+/, '');
  const name = operationNames.find((one) => one === words || commandOf(one) === words);
  if (name !== undefined) return ofOperation(name);
  if ((actions as readonly string[]).includes(words)) return { action: words as Action, otherwise: 'anywhere' };
  const known = [...operationNames.flatMap((one) => commandOf(one) ?? one), ...actions];
  const nearest = nearestName(words, known);
  throw usage(
    `${JSON.stringify(verb)} is no command and no action.`,
    nearest === undefined ? `The actions are ${actions.join(', ')}.` : `Did you mean "${nearest}"?`,
  );
}

function ofOperation(name: OperationName): Asked {
  const { action, concerns, everywhere } = operations[name];
  if (everywhere) return { action, otherwise: 'everywhere' };
  const isOwn = (concerns === 'one' || concerns === 'acting') && action !== 'send';
  return { action, otherwise: isOwn ? 'own' : 'anywhere' };
}
