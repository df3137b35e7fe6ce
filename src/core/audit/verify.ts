import { operation } from '../root/operation.ts';
import type { Finding } from '../../contract/keep.ts';
import type { AuditVerified } from '../../contract/security/audit.ts';
import { usage } from '../../model/refusals.ts';
import { type Anchor, anchorText, parseAnchor } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import type { Session } from '../root/root.ts';
import { hashOf, linesIn, textsOf } from './bytes.ts';
import { isLine } from './line.ts';
import { isOverAt } from './over.ts';
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
    const tell = (finding: Finding): void => void findings.push(finding);
    const log = await verifyDay(audit, day, chain.proved.get(day) ?? [], tell);
    lines += log.lines;
    bytes += log.bytes;
    const size = await audit.size(day);
    await lookAtLines(audit, day, size, tell);
    if (size <= log.bytes) continue;
    const behind = await linesIn(audit, day, log.bytes, size);
    unproved.bytes += size - log.bytes;
    unproved.lines += behind;
    if (behind > 0 && chain.last && isOverAt(day, chain.last.at)) tell(late(day, behind, log.bytes === 0));
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

/** One finding tells of a log: the first that is wrong with it. Behind that nothing need be where a checkpoint has seen it. */
async function verifyDay(
  audit: Audit,
  day: string,
  stretches: readonly Proved[],
  tell: (finding: Finding) => void,
): Promise<{ lines: number; bytes: number }> {
  let lines = 0;
  let bytes = 0;
  let wrong: string | undefined;
  let more = 0;
  for (const { from, size, sha256, n, after, at } of stretches) {
    const found = await hashOf(audit, day, from, size);
    const which = `checkpoint ${n} (${at})`;
    if (from >= bytes) lines += found.lines;
    if (found.bytes < size - from) {
      const there = from + found.bytes;
      bytes = Math.max(bytes, there);
      const message =
        there === 0
          ? `The audit's log of ${day} is gone: ${which} has seen ${size} bytes of it.`
          : `Lines are missing from the audit's log of ${day}: it has ${there} bytes, and ${which} has seen ${size}.`;
      if (wrong === undefined) tell({ rule: 'missing', level: 'problem', message });
      else more++;
      break;
    }
    bytes = Math.max(bytes, size);
    if (found.sha256 === sha256) continue;
    if (wrong !== undefined) more++;
    else {
      const since = after === undefined ? 'in front of' : `between ${after} and`;
      wrong = `The audit's log of ${day} was changed: lines, added, dropped or edited, ${since} ${which}, bytes ${from} to ${size}.`;
    }
  }
  if (wrong !== undefined) {
    const later = more === 0 ? '' : ` ${more === 1 ? '1 later one does' : `${more} later ones do`} not agree either.`;
    tell({ rule: 'changed', level: 'problem', message: `${wrong}${later}` });
  }
  return { lines, bytes };
}

/** Of more the number is told. */
const mostLinesTold = 10;

/** Tells of each line that is none, whether a checkpoint has seen it or not. */
async function lookAtLines(audit: Audit, day: string, size: number, tell: (finding: Finding) => void): Promise<void> {
  let more = 0;
  for await (const [text, number] of textsOf(audit, day, size)) {
    if (isLine(text)) continue;
    if (more++ < mostLinesTold) tell(noLine(`Line ${number} of the audit's log of ${day} is none`));
  }
  if (more > mostLinesTold) tell(noLine(`${more - mostLinesTold} more lines of the audit's log of ${day} are none`));
}

const noLine = (which: string): Finding => ({
  rule: 'no-line',
  level: 'warning',
  message: `${which}: cut short by a crash, or spoilt.`,
});

const late = (day: string, lines: number, isAll: boolean): Finding => ({
  rule: 'unseen',
  level: 'problem',
  message: `${isAll ? 'The' : `${lines === 1 ? 'The last line' : `The last ${lines} lines`} of the`} audit's log of ${day} ${isAll || lines === 1 ? 'was' : 'were'} seen by no checkpoint, though the newest one was made when that day was over: ${isAll ? 'somebody has put it there' : 'somebody has added to it'}, or a process that had stood still has written late.`,
});

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
