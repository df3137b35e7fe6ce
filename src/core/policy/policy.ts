/** Looking at a policy, and putting one in force. */
import type { PolicyChecked, PolicyShown, PolicyTested } from '../../contract/security/policy.ts';
import { mostDocumentLevels } from '../../model/basics/limits.ts';
import { placeInJson, placeText } from '../../model/basics/json-place.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { couldChange, mayChange, policyIn } from '../../model/security/policy-file.ts';
import type { Policy } from '../../model/security/policy.ts';
import { operation } from '../root/operation.ts';
import { lastInForce, revisionOf, versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { answer, type PolicyQuestion, testsOf } from './check.ts';
import { forgetPolicy, policyNow, writtenPolicy } from './in-force.ts';
import { type PolicyChangeOptions, putPolicy } from './put.ts';

/** What holds, be the file as it should or not. @throws CONFIG_INVALID: it cannot be used, and nothing is known that could hold */
export const showPolicy = operation('policy.show', showPolicyBody);

async function showPolicyBody(session: Session): Promise<PolicyShown> {
  forgetPolicy(session);
  const policy = await policyNow(session);
  const none = { version: null, at: null, by: null, note: null };
  const last = await lastInForce(session, 'policy');
  const broken = policy !== undefined && (await isBroken(session));
  const version = broken ? last || undefined : await versionInForce(session, 'policy', policy, last);
  const kept = version === undefined ? undefined : await revisionOf(session, 'policy', version);
  const shown = { policy: policy ?? null, broken };
  if (!kept) return { ...shown, ...none, byHand: version === undefined };
  const { at, by = null, note = null, byHand = false } = kept;
  return { ...shown, version: kept.version, at, by, note, byHand };
}

async function isBroken(session: Session): Promise<boolean> {
  try {
    await writtenPolicy(session);
    return false;
  } catch (error) {
    if (isInvalid(error)) return true;
    throw error;
  }
}

/**
 * Puts a policy in force, as a version: kept, synced, before it is in force. Its own tests have to hold, and somebody has to be able to
 * change it again.
 * @param said a policy, or its text @param name what that is called in an error @throws CONFIG_INVALID; nothing was changed then
 */
export const setPolicy = operation('policy.set', setPolicyBody);

async function setPolicyBody(
  session: Session,
  said: unknown,
  options: PolicyChangeOptions = {},
  name?: string,
): Promise<PolicyShown> {
  await putPolicy(session, await usableIn(session, said, name), options);
  return showPolicy(session);
}

/**
 * Takes the policy away, as a version: everybody may everything. One that cannot be used is taken away, too.
 * @throws STATE_CHANGED
 */
export const removePolicy = operation('policy.remove', removePolicyBody);

async function removePolicyBody(session: Session, options: PolicyChangeOptions = {}): Promise<PolicyShown> {
  await putPolicy(session, undefined, options);
  return showPolicy(session);
}

/** What may be put in force. @throws CONFIG_INVALID: it is none, one of its own tests fails, or nobody could change it again */
export async function usableIn(session: Session, said: unknown, name?: string, hint = testing): Promise<Policy> {
  const policy = usable(said, name);
  const { tests, failed } = testsOf(policy);
  const wrong = tests.find(({ expected, allowed }) => expected !== allowed);
  if (wrong) throw invalid(name, `${failed} of its tests ${failed === 1 ? 'fails' : 'fail'}: ${testText(wrong)}`, hint);
  await checkChangeable(session, policy, name);
  return policy;
}

/** Whoever acts can say the same name again. @throws CONFIG_INVALID */
async function checkChangeable({ store, acting }: Session, policy: Policy, name: string | undefined): Promise<void> {
  const could = mayChange(policy);
  const [first] = could;
  if (first === undefined)
    throw invalid(name, 'nobody could change it again', 'Give a role that allows "admin" in "*" to somebody');
  if (couldChange(policy, undefined) || couldChange(policy, acting)) return;
  const cards = await store.documents.listAgents();
  if (cards.some((card) => !card.deletedAt && !card.retiredAt && couldChange(policy, card.name))) return;
  const example = could.find((pattern) => !pattern.includes('*'));
  const who = could.map((pattern) => JSON.stringify(pattern)).join(', ');
  throw invalid(
    name,
    `nobody who is registered could change it again, only ${who}`,
    example === undefined
      ? 'Register one whom it means, or give a role that allows "admin" in "*" to an agent that is there: dreamos agent list'
      : `If that is no slip of the pen: dreamos agent register ${quoteWord(example)}`,
  );
}

const testing = 'What each says: dreamos policy test <file>';

/** Whether somebody may do something by what holds now, and which rule says so. @throws USAGE for no verb; CONFIG_INVALID as show */
export const checkPolicy = operation('policy.check', checkPolicyBody);

async function checkPolicyBody(session: Session, verb: string, asked: PolicyQuestion = {}): Promise<PolicyChecked> {
  return answer(await policyNow(session), verb, { ...asked, as: asked.as ?? session.acting });
}

/**
 * What a policy's own tests come to. It need not be in force. @throws CONFIG_INVALID for what is none, and where all of them hold
 * and it could not be put in force all the same; USAGE for a test's verb
 */
export const testPolicy = operation('policy.test', testPolicyBody);

async function testPolicyBody(session: Session, said: unknown, name?: string): Promise<PolicyTested> {
  const policy = usable(said, name);
  const tested = testsOf(policy);
  if (tested.failed === 0) await checkChangeable(session, policy, name);
  return tested;
}

export function testText({ as, verb, mailbox, expected, why }: PolicyTested['tests'][number]): string {
  const who = as ?? 'who does not say who he is';
  return `${who} ${expected ? 'should' : 'should not'} be allowed "${verb}"${mailbox === null ? '' : ` in ${mailbox}`}, but ${why}`;
}

function usable(said: unknown, name: string | undefined): Policy {
  const value = typeof said === 'string' ? parsed(said, name) : said;
  const found = policyIn(value);
  if ('policy' in found) return found.policy;
  const { path, why } = found.fault;
  const at = typeof said === 'string' ? `${placeText(placeInJson(said, path, mostDocumentLevels))}: ` : '';
  throw invalid(name, `${at}${[path.join('.'), why].filter(Boolean).join(': ')}`, reference);
}

const reference = 'What it may say: dreamos help policies';

function parsed(text: string, name: string | undefined): unknown {
  const place = placeInJson(text, [], mostDocumentLevels);
  if (place.fault !== undefined) throw invalid(name, `${placeText(place)}: ${place.fault}`, reference);
  return JSON.parse(text) as unknown;
}

function invalid(name = 'The policy', fault: string, hint: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${name} cannot be used: ${fault}.`, { hint });
}

function isInvalid(error: unknown): boolean {
  return error instanceof DreamosError && error.code === 'CONFIG_INVALID';
}
