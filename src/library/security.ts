/** Binds what the library has for security, whose core is loaded when it is called. */
import { anchorAudit, pruneAudit } from '../core/audit/keep.ts';
import { listAudit } from '../core/audit/list.ts';
import { verifyAudit } from '../core/audit/verify.ts';
import { createIdentity, revokeIdentity, rotateIdentity, showIdentity } from '../core/identity/identity.ts';
import { listIdentities } from '../core/identity/list.ts';
import { acceptTrust, listTrust, removeTrust } from '../core/identity/trust.ts';
import type { PolicyQuestion } from '../core/policy/check.ts';
import type { PolicyHistoryOptions } from '../core/policy/history.ts';
import type { PolicyChangeOptions } from '../core/policy/put.ts';
import type { Policy } from '../model/security/policy.ts';
import { anything, maybe, needing, number, signal, text, yesOrNo } from './arguments.ts';
import type { Binders } from './bind.ts';
import type { Identities, Trust } from './security-group.ts';
import type { AuditTrail } from './security/audit-group.ts';
import type { Policies } from './security/policy.ts';

interface Security {
  readonly identity: Identities;
  readonly trust: Trust;
  readonly policy: Policies;
  readonly audit: AuditTrail;
}

export function bindSecurity(binders: Binders): Security {
  const { bound, each } = binders;
  return {
    identity: {
      create: bound(createIdentity, text),
      show: bound(showIdentity, text),
      list: bound(listIdentities),
      rotate: bound(rotateIdentity, text),
      revoke: bound(revokeIdentity, text, { key: text }),
    },
    trust: {
      list: bound(listTrust),
      accept: bound(acceptTrust, text, { key: text }),
      remove: bound(removeTrust, text),
    },
    policy: bindPolicy(binders),
    audit: {
      list: each(listAudit, { since: number, op: text, by: text, denied: yesOrNo, limit: number, after: text, signal }),
      verify: bound(verifyAudit, { anchor: text }),
      anchor: bound(anchorAudit),
      prune: each(pruneAudit, needing({ olderThanMs: number, dryRun: yesOrNo }, 'olderThanMs')),
    },
  };
}

const core = () => import('../core/policy/policy.ts');
const versions = () => import('../core/policy/history.ts');
const changing = { note: text, ifVersion: number };

function bindPolicy({ bound, named }: Binders): Policies {
  return {
    show: bound(named({ operation: 'policy.show' }, async (session) => (await core()).showPolicy(session))),
    set: bound(
      named({ operation: 'policy.set' }, async (session, policy: Policy, options?: PolicyChangeOptions) =>
        (await core()).setPolicy(session, policy, options),
      ),
      anything,
      changing,
    ),
    remove: bound(
      named({ operation: 'policy.remove' }, async (session, options?: PolicyChangeOptions) =>
        (await core()).removePolicy(session, options),
      ),
      changing,
    ),
    diff: bound(
      named({ operation: 'policy.diff' }, async (session, from?: number, to?: number) =>
        (await versions()).policyDiff(session, from, to),
      ),
      maybe(number),
      maybe(number),
    ),
    history: bound(
      named({ operation: 'policy.history' }, async (session, options?: PolicyHistoryOptions) =>
        (await versions()).policyHistory(session, options),
      ),
      { limit: number },
    ),
    rollback: bound(
      named({ operation: 'policy.rollback' }, async (session, version: number, options?: PolicyChangeOptions) =>
        (await versions()).rollbackPolicy(session, version, options),
      ),
      number,
      changing,
    ),
    check: bound(
      named({ operation: 'policy.check' }, async (session, verb: string, question?: PolicyQuestion) =>
        (await core()).checkPolicy(session, verb, question),
      ),
      text,
      { as: text, mailbox: text },
    ),
    test: bound(
      named({ operation: 'policy.test' }, async (session, policy: Policy) =>
        (await core()).testPolicy(session, policy),
      ),
      anything,
    ),
  };
}
