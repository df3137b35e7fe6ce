/** What `dreamos doctor` says of settings and files that are there for security; of what is not used, it looks at nothing. */
import type { Finding } from '../../contract/keep.ts';
import type { Session } from '../root/root.ts';
import type { Effective } from '../root/settings.ts';

/** @throws CONFIG_INVALID: policy.json cannot be used; what it said before holds meanwhile */
export async function* policyFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  const rule = 'policy';
  if ((await session.store.documents.get(rule)) !== undefined) {
    await (await import('../policy/in-force.ts')).writtenPolicy(session);
    return;
  }
  const last = await (await import('../root/revisions.ts')).lastInForce(session, rule);
  if (last === 0) return;
  const message = `policy.json is gone, although its version ${last} was in force: without it everybody may everything.`;
  const hint = 'Its versions lie in config/policy/; to put one in force: dreamos policy set <file>';
  yield { rule, level: 'warning', message, hint };
}

/** Under `require` who has no key cannot send. */
export async function* signatureFindings(
  session: Session,
  { signatures }: Pick<Effective, 'signatures'>,
): AsyncGenerator<Finding, void, undefined> {
  if (signatures !== 'require') return;
  const keyless = await (await import('../identity/keyless.ts')).keylessAgents(session, signatures);
  if (keyless) yield { rule: 'signatures', level: 'warning', ...keyless };
}

/** Whom this user knows by another key. @throws CONFIG_INVALID: what he trusts, or the root's id, is spoilt */
export async function* trustFindings(session: Session): AsyncGenerator<Finding, void, undefined> {
  if ((await session.store.documents.get('identity')) === undefined) return;
  for (const { agent, state } of await (await import('../identity/trust.ts')).listTrust(session)) {
    if (state !== 'changed') continue;
    const message = `${agent} has another key than the one that you know it by, and nobody has signed the change.`;
    yield {
      rule: 'trust',
      level: 'problem',
      message,
      hint: `Ask its owner; if it is right: dreamos trust accept ${agent}`,
    };
  }
}

/** Under `refuse` nothing is sent where nothing can look; under `warn` it is sent without. */
export async function* secretFindings({
  secrets,
  secretScanner,
}: Pick<Effective, 'secrets' | 'secretScanner'>): AsyncGenerator<Finding, void, undefined> {
  if (secrets === 'off') return;
  const trouble = await (await import('../secrets/scanner.ts')).scannerTrouble(secretScanner);
  if (!trouble) return;
  const { message, hint } = trouble;
  const end = secrets === 'refuse' ? 'so nothing can be sent' : 'so mail is sent without a look';
  yield {
    rule: 'secrets',
    level: secrets === 'refuse' ? 'problem' : 'warning',
    message: `The setting secrets is ${secrets}, ${end}: ${message}`,
    hint,
  };
}
