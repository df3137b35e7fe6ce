/** What the policy was, and putting that in force again. */
import type { ConfigDifference, ConfigVersion } from '../../contract/system.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound, usage } from '../../model/refusals.ts';
import type { Policy, Rules } from '../../model/security/policy.ts';
import { differencesBetween, type Kept, rangeText, reader, toldOne, toldVersions } from '../root/history.ts';
import { operation } from '../root/operation.ts';
import { lastInForce, type Revision, versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';
import { writtenPolicy } from './in-force.ts';
import { usableIn } from './policy.ts';
import { type PolicyChangeOptions, putPolicy } from './put.ts';

/** `undefined`: there is none. */
interface Now {
  readonly policy: Policy | undefined;
}

interface History extends Kept {
  /** What is written there now; `undefined`: it cannot be used. */
  readonly now: Now | undefined;
}

async function historyOf(session: Session): Promise<History> {
  const last = await lastInForce(session, 'policy');
  let now: Now | undefined;
  try {
    now = { policy: await writtenPolicy(session) };
  } catch (error) {
    // The gate has said it.
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
  }
  return {
    versions: await session.store.documents.revisions('policy'),
    inForce: now ? await versionInForce(session, 'policy', now.policy, last) : last,
    last,
    now,
    get: reader(session, 'policy'),
  };
}

export interface PolicyHistoryOptions {
  /** Only so many, the newest. */
  readonly limit?: number;
}

/** The newest first. */
export const policyHistory = operation('policy.history', policyHistoryBody);

async function policyHistoryBody(
  session: Session,
  { limit = Infinity }: PolicyHistoryOptions = {},
): Promise<ConfigVersion[]> {
  const history = await historyOf(session);
  await tellByHand(session, history);
  return toldVersions(session, history, changes, limit);
}

/**
 * From one version to another; without the second to what is in force; without both from what was in force before that. Where
 * somebody has edited the file by hand, and it is not kept yet, what is in force is what the file says.
 */
export const policyDiff = operation('policy.diff', policyDiffBody);

async function policyDiffBody(session: Session, from?: number, to?: number): Promise<ConfigDifference[]> {
  const history = await historyOf(session);
  await tellByHand(session, history);
  const { now, inForce = history.last } = history;
  const end = to === undefined && now ? now.policy : await policyOf(history, to ?? inForce);
  const since = from ?? (history.inForce === undefined ? inForce : ((await history.get(inForce))?.base ?? 0));
  return differencesBetween(fieldsOf(await policyOf(history, since)), fieldsOf(end));
}

/**
 * What an earlier version said, as a new version, checked as one that is set; 0, or one with which it was removed: there is none.
 * @throws VERSION_NOT_FOUND, CONFIG_INVALID, STATE_CHANGED
 */
export const rollbackPolicy = operation('policy.rollback', rollbackPolicyBody);

async function rollbackPolicyBody(
  session: Session,
  version: number,
  { note = `rollback to ${version}`, ...options }: PolicyChangeOptions = {},
): Promise<ConfigVersion> {
  const kept = await policyOf(await historyOf(session), version);
  const hint = 'Other versions: dreamos policy history; or one that is mended: dreamos policy set <file>';
  const policy = kept && (await usableIn(session, kept, `Version ${version} of the policy`, hint));
  const { version: now } = await putPolicy(session, policy, { note, ...options });
  if (now === 0) throw usage('No policy was ever set.', 'dreamos policy history');
  return toldOne(await historyOf(session), 'policy', now, changes);
}

/** What a version says; 0 is what was before any was set. @returns `undefined`: there was none @throws VERSION_NOT_FOUND */
async function policyOf(history: History, version: number): Promise<Policy | undefined> {
  if (version === 0) return undefined;
  const kept = await history.get(version);
  if (kept) return kept.policy;
  throw notFound(
    'VERSION_NOT_FOUND',
    `There is no version ${version} of the policy: ${rangeText(history.versions)}.`,
    'dreamos policy history',
  );
}

function changes(before: Revision | undefined, after: Revision): ConfigDifference[] {
  return differencesBetween(fieldsOf(before?.policy), fieldsOf(after.policy));
}

/** `roles.member.allow.send`, `agents.planner`: rule by rule, so that a difference is one. */
function fieldsOf({ roles = {}, everyone, agents = {}, tests }: Partial<Policy> = {}): Map<string, unknown> {
  const ofRoles = Object.entries(roles).flatMap(([name, { allow, deny }]): [string, unknown][] => {
    const rules = [...rulesOf(`roles.${name}.allow`, allow), ...rulesOf(`roles.${name}.deny`, deny)];
    return rules.length === 0 ? [[`roles.${name}`, {}]] : rules;
  });
  return new Map<string, unknown>([
    ...ofRoles,
    ...(everyone ? [['everyone', everyone] as const] : []),
    ...Object.entries(agents).map(([name, own]) => [`agents.${name}`, own] as const),
    ...(tests ? [['tests', tests] as const] : []),
  ]);
}

function rulesOf(path: string, rules: Rules = {}): [string, unknown][] {
  return Object.entries(rules).map(([action, patterns]) => [`${path}.${action}`, patterns]);
}

/** For who looks: what is in force is kept in no version, and what keeps it. */
async function tellByHand(session: Session, { now, inForce, last }: History): Promise<void> {
  if (now === undefined || inForce !== undefined) return;
  const since = last === 0 ? '' : ` since version ${last}`;
  const { document } = await session.store.documents.locate('policy', []);
  session.warn(
    now.policy === undefined
      ? `${document} was taken away by hand${since}, so everybody may everything. To have it again: dreamos policy rollback ${last}`
      : `${document} was edited by hand${since}: in force, and kept as a version by the next dreamos maintain.`,
  );
}
