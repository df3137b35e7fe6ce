/**
 * What can be told of the audit at a glance: by how long its logs are, which checkpoints have seen that, and the last links of their
 * chain. What is in the logs is not read, so an edited line is not found: that is for `verify`.
 */
import type { Finding } from '../../contract/keep.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { type Checkpoint, parseCheckpoint, signedPart } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import type { Session } from '../root/root.ts';
import { linesBack, linesIn } from './bytes.ts';
import { lastCheckpoint } from './chain.ts';
import { lineIn } from './line.ts';
import { isOverAt } from './over.ts';

export interface Glance {
  /** The newest checkpoint. */
  readonly last: Checkpoint | undefined;
  /** What is wrong with a day's log, as the end of a sentence that begins with the log; `undefined`: nothing that can be seen. */
  faultOf(day: string): Promise<string | undefined>;
  /** How much of a day's log is proved. */
  provedOf(day: string): number;
}

/** Checkpoints are read from the newest on, as far as the days go that are asked for. */
export async function glanceAt(audit: Audit): Promise<Glance> {
  const size = await audit.size(checkpointLog);
  const last = (await lastCheckpoint(audit, size))?.checkpoint;
  const older = linesBack(audit, checkpointLog, size);
  const seen = new Map<string, number>();
  const seenOf = async (day: string): Promise<number | undefined> => {
    if (seen.has(day)) return seen.get(day);
    for (let step = await older.next(); !step.done; step = await older.next()) {
      for (const [of, { size: most }] of Object.entries(parseCheckpoint(step.value)?.logs ?? {}))
        seen.set(of, Math.max(seen.get(of) ?? 0, most));
      if (seen.has(day)) return seen.get(day);
    }
    return undefined;
  };
  const provedOf = (day: string): number => last?.logs[day]?.size ?? 0;
  return {
    last,
    provedOf,
    async faultOf(day) {
      if (!last) return undefined;
      const isOver = isOverAt(day, last.at);
      // Of a day that goes on the newest one has all that any has seen.
      const proved = isOver ? await seenOf(day) : provedOf(day);
      const bytes = await audit.size(day);
      if (bytes < (proved ?? 0)) return `is cut: it has ${bytes} bytes, and a checkpoint has seen ${proved}`;
      if (!isOver || (await linesIn(audit, day, proved ?? 0, bytes)) === 0) return undefined;
      return proved === undefined ? 'was seen by no checkpoint' : 'has lines that no checkpoint has seen';
    },
  };
}

/** So many links are verified. */
const mostLinks = 50;
/** A checkpoint is due behind a minute; who has noted something for so much longer has made none. */
const longMs = 10 * minuteMs;
const hint = 'dreamos audit verify';
const rule = 'audit';

/** For `doctor`. Where there are no checkpoints, who looks at the files tells that. */
export async function* auditFindings({ store: { audit } }: Session): AsyncGenerator<Finding, void, undefined> {
  const days = await audit.days();
  if (days.length === 0 && (await audit.size(checkpointLog)) === 0) return;
  yield* chainFindings(audit);
  const glance = await glanceAt(audit);
  const { last } = glance;
  if (!last) return;
  for (const day of days) {
    const fault = await glance.faultOf(day);
    if (fault !== undefined) yield { rule, level: 'problem', message: `The audit's log of ${day} ${fault}.`, hint };
  }
  const [day = ''] = days.slice(-1);
  const since = Date.parse(last.at);
  const behind = await newestIn(audit, day, glance.provedOf(day));
  if (behind === undefined || behind - since <= longMs) return;
  const message = `The audit has lines of ${new Date(behind).toISOString()}, and its newest checkpoint is of ${last.at}: none was made since, so what came later is not proved.`;
  yield { rule, level: 'warning', message, hint };
}

async function newestIn(audit: Audit, day: string, from: number): Promise<number | undefined> {
  const size = await audit.size(day);
  if (size <= from) return undefined;
  for await (const text of linesBack(audit, day, size, from)) {
    const line = lineIn(text);
    if (line) return Date.parse(line.at);
  }
  return undefined;
}

/** Whether the newest ones can be read, and each is signed by the key that the one before it names. */
async function* chainFindings(audit: Audit): AsyncGenerator<Finding, void, undefined> {
  const { verifyText } = await import('../ed25519/ed25519.ts');
  const size = await audit.size(checkpointLog);
  const lines: string[] = [];
  for await (const line of linesBack(audit, checkpointLog, size)) {
    if (lines.length > mostLinks) break;
    lines.unshift(line);
  }
  const links = new Map<string, Checkpoint>();
  const isAll = lines.length <= mostLinks;
  let broken = 0;
  for (const line of lines) {
    const one = parseCheckpoint(line);
    if (!one) continue;
    const before = one.prev === undefined ? undefined : links.get(one.prev);
    // What the first one that is looked at follows lies in front of them.
    const isFirst = links.size === 0 && (!isAll || one.n === 0);
    const isLink = before ? one.n === before.n + 1 : isFirst;
    const signer = one.key ?? before?.next;
    if (!isLink || (signer !== undefined && !verifyText(signer, signedPart(line), one.sig))) broken++;
    links.set(sha256(line), one);
  }
  if (broken > 0) {
    const message = `${broken === 1 ? 'A checkpoint' : `${broken} checkpoints`} of the audit ${broken === 1 ? 'does' : 'do'} not follow those in front, or ${broken === 1 ? 'is' : 'are'} not signed by their key: the chain is broken.`;
    yield { rule, level: 'problem', message, hint };
  }
  const newest = lines.at(-1);
  if (newest === undefined || parseCheckpoint(newest)) return;
  yield links.size === 0
    ? { rule, level: 'problem', message: 'None of the checkpoints of the audit can be read.', hint }
    : { rule, level: 'warning', message: 'The newest checkpoint of the audit is cut short, or spoilt.', hint };
}
