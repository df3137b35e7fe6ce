/** What a policy answers, and why. */
import type { PolicyChecked, PolicyTested } from '../../contract/security/policy.ts';
import { commandOf, type OperationName, operationNames, operations } from '../../contract/operations.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { nearestName, usage } from '../../model/refusals.ts';
import { type Action, actions, type Policy, rule, type Where } from '../../model/security/policy.ts';
import { checkName } from '../root/names.ts';
import { why } from './ask.ts';

interface Asked {
  /** `null`: nobody is asked. */
  readonly action: Action | null;
  /** Where it is, where no mailbox is named. */
  readonly otherwise: 'own' | 'everywhere' | 'anywhere';
  /** It names patterns of topics: to be subscribed to, all of them, or to be seen in part. */
  readonly patterns?: 'whole' | 'inPart' | undefined;
}

export interface PolicyQuestion {
  /** Who would do it; absent: who does not say who he is. */
  readonly as?: string | undefined;
  /** A mailbox, or a topic (with or without `#` where topics are meant); absent: his own, or as it is without one. */
  readonly mailbox?: string | undefined;
}

/** @param policy `undefined`: there is none @param verb a command's words, the name of an operation, or an action @throws USAGE, NAME_INVALID */
export function answer(policy: Policy | undefined, verb: string, { as, mailbox }: PolicyQuestion): PolicyChecked {
  if (as !== undefined) checkName(as);
  const { action, otherwise, patterns } = askedOf(verb, mailbox);
  const own = otherwise === 'own' && patterns === undefined ? as : undefined;
  const ofTopics = action === 'publish' || action === 'subscribe';
  const named = mailbox !== undefined && ofTopics && !mailbox.startsWith('#') ? `#${mailbox}` : (mailbox ?? own);
  const base = { as: as ?? null, verb, action, mailbox: named ?? null };
  const free = (because: string): PolicyChecked => {
    return { ...base, allowed: true, role: null, effect: null, pattern: null, why: because };
  };
  if (action === null) return free('nobody is asked for it');
  if (policy === undefined) return free('there is no policy, so everybody may everything');
  const where: Where =
    named === undefined ? { in: otherwise === 'everywhere' ? 'everywhere' : 'anywhere' } : placeOf(named, patterns);
  const ruling = rule(policy, as, action, where);
  const { role = null, effect = null, pattern = null } = ruling.by ?? {};
  return { ...base, allowed: ruling.allowed, role, effect, pattern, why: why(policy, as, ruling, action) };
}

/** What is subscribed to is a pattern, of which a rule has to allow all; of what is listened to, a part. */
function placeOf(named: string, patterns: Asked['patterns']): Where {
  if (patterns === undefined) return { mailbox: named };
  return { pattern: named.slice(1).toLowerCase(), inPart: patterns === 'inPart' };
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

function askedOf(verb: string, mailbox?: string): Asked {
  const words = verb.trim().replace(/^dreamos\s+/, '');
  const name = operationNames.find((one) => one === words || commandOf(one) === words);
  if (name !== undefined) return ofOperation(name);
  if ((actions as readonly string[]).includes(words)) return { action: words as Action, otherwise: 'anywhere' };
  const known = [...operationNames.flatMap((one) => commandOf(one) ?? one), ...actions];
  const whole = `${words} ${mailbox}`;
  if (known.includes(whole))
    throw usage(
      `${JSON.stringify(words)} is no command and no action.`,
      `A command of several words is one word here: dreamos policy check ${quoteWord(whole)}`,
    );
  const of = known.filter((one) => one.startsWith(`${words} `));
  if (of.length > 0)
    throw usage(
      `${JSON.stringify(words)} is no command and no action.`,
      `It has ${of.map((one) => JSON.stringify(one)).join(', ')}`,
    );
  const nearest = nearestName(words, known);
  throw usage(
    `${JSON.stringify(verb)} is no command and no action.`,
    nearest === undefined ? `The actions are ${actions.join(', ')}.` : `Did you mean "${nearest}"?`,
  );
}

const patternsOf: Partial<Record<OperationName, Asked['patterns']>> = { subscribe: 'whole', listen: 'inPart' };

function ofOperation(name: OperationName): Asked {
  const { action, concerns, everywhere } = operations[name];
  if (everywhere) return { action, otherwise: 'everywhere' };
  const isOwn = (concerns === 'one' || concerns === 'acting') && action !== 'send';
  return { action, otherwise: isOwn ? 'own' : 'anywhere', patterns: patternsOf[name] };
}
