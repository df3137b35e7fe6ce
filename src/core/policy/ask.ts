import type { OperationName } from '../../contract/operations.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { type Action, type Policy, rolesOf, rule, type Ruling, type Where } from '../../model/security/policy.ts';
import { topicOf } from '../../model/topic.ts';
import type { Session } from '../root/root.ts';
import { policyNow } from './in-force.ts';

/** One operation of one who acts. What holds is looked up for each answer, since the operation may go on for long. */
export interface Ask {
  may(action: Action, where: Where): Promise<boolean>;
  /** @throws FORBIDDEN */
  check(action: Action, where: Where): Promise<void>;
  /** As `check`, as a value. */
  refusal(action: Action, where: Where): Promise<DreamosError | undefined>;
}

/** @param session over the storage itself */
export function askFor(session: Session, operation: OperationName): Ask {
  const { acting } = session;
  const may: Ask['may'] = async (action, where) => {
    const policy = await policyNow(session);
    return policy === undefined || rule(policy, acting, action, where).allowed;
  };
  const refusal: Ask['refusal'] = async (action, where) => {
    const policy = await policyNow(session);
    const ruling = policy && rule(policy, acting, action, where);
    return policy && ruling?.allowed === false
      ? forbidden({ operation, agent: acting, action, where }, why(policy, acting, ruling, action))
      : undefined;
  };
  return {
    may,
    refusal,
    check: async (action, where) => {
      const refused = await refusal(action, where);
      if (refused) throw refused;
    },
  };
}

/** In words: which rule says so, or that none does. */
export function why(policy: Policy, agent: string | undefined, { allowed, by }: Ruling, action: Action): string {
  if (by) return `the role ${by.role} ${by.effect === 'allow' ? 'allows' : 'denies'} "${action}" in "${by.pattern}"`;
  if (allowed) return 'it is not asked';
  const roles = rolesOf(policy, agent).join(', ');
  if (agent === undefined)
    return roles ? `no role that all have allows "${action}" there (${roles})` : 'nobody said who it is';
  return roles ? `no role of ${agent} allows "${action}" there (${roles})` : `${agent} has no role`;
}

/** `in reviewer`, `on #build.done`. */
function placeText(where: Where): string {
  if ('pattern' in where) return `on ${where.pattern}`;
  if (!('mailbox' in where)) return where.in === 'everywhere' ? 'in all mailboxes' : 'anywhere';
  return topicOf(where.mailbox) === undefined ? `in ${where.mailbox}` : `on ${topicOf(where.mailbox)}`;
}

interface Refused {
  readonly operation: OperationName;
  readonly agent: string | undefined;
  readonly action: Action;
  readonly where: Where;
}

function forbidden({ operation, agent, where }: Refused, because: string): DreamosError {
  const who = agent ?? 'Who does not say who he is';
  const message = `${who} may not do "${operation}" ${placeText(where)}: ${because}.`;
  const named = 'mailbox' in where ? where.mailbox : 'pattern' in where ? where.pattern : undefined;
  const place = named === undefined ? '' : ` ${quoteWord(named)}`;
  const hint =
    agent === undefined
      ? `Say who you are with \`as\`; what holds: dreamos policy check ${operation}${place}`
      : `dreamos policy check ${operation}${place} --as ${quoteWord(agent)}`;
  return new DreamosError('denied', 'FORBIDDEN', message, { hint });
}
