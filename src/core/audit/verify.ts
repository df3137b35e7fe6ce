import { operation } from '../root/operation.ts';
import type { Finding } from '../../contract/keep.ts';
import type { AuditVerified } from '../../contract/security/audit.ts';
import { usage } from '../../model/refusals.ts';
import { type Anchor, anchorText, parseAnchor } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import type { Session } from '../root/root.ts';
import { hashOf, linesIn } from './bytes.ts';
import { type Proved, walk } from './walk.ts';

export interface AuditVerifyOptions {
  /** What `anchor` gave once, and was kept elsewhere. */
  readonly anchor?: string;
}

/**
 * Checks every line of the audit against the checkpoints, and these against one another. Nothing is written. Checkpoints are
 * read first: logs only grow, so what others do meanwhile changes nothing.
 */
export const verifyAudit = operation('audit.verify', verifyAuditBody);

async function verifyAuditBody(session: Session, options: AuditVerifyOptions = {}): Promise<AuditVerified> {
  const { audit } = session.store;
  const anchor = options.anchor === undefined ? undefined : anchorIn(options.anchor);
  const findings: Finding[] = [];
  const chain = await walk(audit, await audit.size(checkpointLog), anchor, (finding) => findings.push(finding));
  const days = new Set(await audit.days());
  let lines = 0;
  let bytes = 0;
  const unproved = { lines: 0, bytes: 0 };
  for (const day of [...new Set([...days, ...chain.proved.keys()])].sort()) {
    if (!days.has(day) && chain.pruned !== undefined && day <= chain.pruned) continue;
    const log = await verifyDay(audit, day, chain.proved.get(day) ?? [], (finding) => findings.push(finding));
    lines += log.lines;
    bytes += log.bytes;
    const size = await audit.size(day);
    if (size <= log.bytes) continue;
    unproved.bytes += size - log.bytes;
    unproved.lines += await linesIn(audit, day, log.bytes, size);
  }
  const { first, last, count, anchored } = chain;
  if (anchor && !anchored) findings.push(missingAnchor(anchor));
  else if (count === 0 && unproved.bytes > 0) findings.push(noCheckpoints);
  const isBroken = findings.some(({ level }) => level === 'problem');
  return {
    state: isBroken ? 'broken' : count === 0 ? 'empty' : 'whole',
    lines: lines + unproved.lines,
    bytes: bytes + unproved.bytes,
    checkpoints: count,
    since: first?.at ?? null,
    until: last?.at ?? null,
    unproved,
    prunedThrough: chain.pruned ?? null,
    anchored: anchor ? anchored : null,
    findings,
  };
}

function anchorIn(text: string): Anchor {
  const anchor = parseAnchor(text);
  if (anchor) return anchor;
  throw usage(`${JSON.stringify(text.slice(0, 100))} is no anchor.`, 'What it has to be: dreamos audit anchor');
}

/** One finding tells of a log that is gone or cut; of what was changed each stretch is told, which says when. */
async function verifyDay(
  audit: Audit,
  day: string,
  stretches: readonly Proved[],
  tell: (finding: Finding) => void,
): Promise<{ lines: number; bytes: number }> {
  let lines = 0;
  let bytes = 0;
  for (const { from, size, sha256, n, after, at } of stretches) {
    const found = await hashOf(audit, day, from, size);
    const which = `checkpoint ${n} (${at})`;
    if (found.bytes < size - from) {
      const there = from + found.bytes;
      const message =
        there === 0
          ? `The audit's log of ${day} is gone: ${which} has seen ${size} bytes of it.`
          : `Lines are missing from the audit's log of ${day}: it has ${there} bytes, and ${which} has seen ${size}.`;
      tell({ rule: 'missing', level: 'problem', message });
      return { lines: lines + found.lines, bytes: Math.max(bytes, there) };
    }
    if (found.sha256 !== sha256) {
      const since = after === undefined ? 'in front of' : `between ${after} and`;
      const message = `The audit's log of ${day} was changed: lines, added, dropped or edited, ${since} ${which}, bytes ${from} to ${size}.`;
      tell({ rule: 'changed', level: 'problem', message });
    }
    if (from >= bytes) lines += found.lines;
    bytes = Math.max(bytes, size);
  }
  return { lines, bytes };
}

const missingAnchor = (anchor: Anchor): Finding => ({
  rule: 'anchor',
  level: 'problem',
  message: `The anchor ${anchorText(anchor).slice(0, 24)}… is none of these checkpoints: log and checkpoints were cut together, or made anew, or they are another root's.`,
});

const noCheckpoints: Finding = {
  rule: 'no-checkpoints',
  level: 'problem',
  message: 'There are lines, and no checkpoints: they are gone, or none could be made.',
  hint: 'dreamos audit anchor',
};
