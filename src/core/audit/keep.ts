/** What is done with the audit now and then: keeping a word of it elsewhere, and removing what is old. */
import { eachOf, operation } from '../root/operation.ts';
import type { Maintained } from '../../contract/keep.ts';
import type { AuditAnchor } from '../../contract/security/audit.ts';
import { dayMs, longestMs } from '../../model/basics/limits.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { isoTime } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { reference, usage } from '../../model/refusals.ts';
import { anchorText } from '../../model/security/audit.ts';
import type { Session } from '../root/root.ts';
import { checkpoint } from './checkpoint.ts';

/** A checkpoint of all that is noted by now. What is kept of it elsewhere proves that nothing before it was cut or made anew. */
export const anchorAudit = operation('audit.anchor', anchorAuditBody);

async function anchorAuditBody(session: Session): Promise<AuditAnchor> {
  const found = await checkpoint(session, { ifNew: true });
  if (!found) throw changedMeanwhile();
  const { n, at } = found.checkpoint;
  const hash = sha256(found.line);
  return { n, at, sha256: hash, anchor: anchorText({ n, sha256: hash }) };
}

export interface AuditPruneOptions {
  /** Days that ended longer ago; milliseconds. */
  readonly olderThanMs: number;
  /** Only says which. */
  readonly dryRun?: boolean;
}

/**
 * Removes whole past days for good, but never yesterday's and today's. A checkpoint says first that this is meant, synced, so
 * that verify knows; the checkpoints stay.
 */
export const pruneAudit = eachOf('audit.prune', pruneAuditBody);

async function* pruneAuditBody(
  session: Session,
  { olderThanMs, dryRun = false }: AuditPruneOptions,
): AsyncGenerator<Maintained, void, undefined> {
  if (!(olderThanMs >= 0 && olderThanMs <= longestMs))
    throw usage('How old they have to be is at least 0 and at most 3650d.', reference);
  const { audit } = session.store;
  const until = isoTime(Math.max(0, session.store.now() - Math.max(olderThanMs, dayMs))).slice(0, 10);
  const days = (await audit.days()).filter((day) => day < until);
  const sizes = new Map<string, number>();
  for (const day of days) sizes.set(day, await audit.size(day));
  const pruned = days.at(-1);
  if (pruned !== undefined && !dryRun && !(await checkpoint(session, { pruned }))) throw changedMeanwhile();
  for (const day of days) {
    const bytes = sizes.get(day) ?? 0;
    if (dryRun) yield { task: 'audit', day, count: 1, bytes, dryRun };
    else if (await audit.remove(day)) yield { task: 'audit', day, count: 1, bytes };
  }
}

function changedMeanwhile(): DreamosError {
  const message = 'Another process has taken the lock of the audit meanwhile. Nothing was changed.';
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: 'Try it again' });
}
