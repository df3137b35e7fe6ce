/** What `dreamos doctor` says of settings and files that are there for security; of what is not used, it looks at nothing. */
import { ownSender } from '../../model/agent.ts';
import type { Finding } from '../../contract/keep.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Policy } from '../../model/security/policy.ts';
import type { Session } from '../root/root.ts';
import type { Effective } from '../root/settings.ts';

/** Where a policy cannot be used, what it said before holds; one that is gone holds no more. */
export async function* policyFindings(session: Session, fix: boolean): AsyncGenerator<Finding, void, undefined> {
  const rule = 'policy';
  const { lastInForce, versionInForce } = await import('../root/revisions.ts');
  let policy: Policy | undefined;
  try {
    if ((await session.store.documents.get(rule)) !== undefined)
      policy = await (await import('../policy/in-force.ts')).writtenPolicy(session);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    const message = `${error.message} What it said before stays in force.`;
    const good = await lastInForce(session, rule);
    // Without the file everybody may everything, so it is not to be moved away.
    const other =
      good === 0
        ? 'another one: dreamos policy set <file>'
        : `back to version ${good}, which is in force: dreamos policy rollback ${good}`;
    yield { rule, level: 'problem', message, hint: `Mend it there; or ${other}` };
    return;
  }
  const last = await lastInForce(session, rule);
  if (policy) {
    const { keepHandEdit } = await import('../policy/put.ts');
    yield* failingTests(session, policy);
    if (last === 0 || (await keepHandEdit(session, { dryRun: !fix })) === undefined) return;
    const message = `The policy was edited by hand since version ${last}, and is kept in no version${fix ? '' : ' yet'}.`;
    yield { rule, level: 'info', message, fixed: fix, ...(!fix && { hint: 'dreamos maintain' }) };
    return;
  }
  // It was removed with the last one, or there never was one.
  if ((await versionInForce(session, rule, undefined, last)) !== undefined) return;
  const message = `policy.json is gone, although its version ${last} was in force: without it everybody may everything.`;
  const hint = `To have it again: dreamos policy rollback ${last}; if that was meant: dreamos policy remove`;
  yield { rule, level: 'warning', message, hint };
}

/** One that was edited by hand holds, whatever its own tests say. */
async function* failingTests(session: Session, policy: Policy): AsyncGenerator<Finding, void, undefined> {
  const { testsOf } = await import('../policy/check.ts');
  const { testText } = await import('../policy/policy.ts');
  const { tests, failed } = testsOf(policy);
  const wrong = tests.find(({ expected, allowed }) => expected !== allowed);
  if (!wrong) return;
  const { document } = await session.store.documents.locate('policy', []);
  const message = `${failed} of the policy's own tests ${failed === 1 ? 'fails' : 'fail'}: ${testText(wrong)}.`;
  yield { rule: 'policy', level: 'warning', message, hint: `dreamos policy test ${quoteWord(document)}` };
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

/** An agent that has, from before, the name under which alerts are sent. */
export async function* nameFindings({ store: { documents } }: Session): AsyncGenerator<Finding, void, undefined> {
  const card = await documents.getAgent(ownSender);
  if (!card || card.retiredAt) return;
  const message = `The agent ${card.name} has the name under which alerts are sent, so who reads cannot tell which is which.`;
  const hint = `dreamos agent rename ${card.name} <other>`;
  yield { rule: 'name', level: 'warning', message, hint };
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
