import { eachOf } from '../root/operation.ts';
import type { Audited } from '../../contract/security/audit.ts';
import type { Audit } from '../../storage/port/audit.ts';
import { isoTime, latestTime } from '../../model/clock.ts';
import { sameAgent } from '../../model/agent.ts';
import { placedAt, placeIn } from '../root/cursor.ts';
import type { Session } from '../root/root.ts';
import { textsOf } from './bytes.ts';
import { type Glance, glanceAt } from './glance.ts';
import { lineIn } from './line.ts';

export interface AuditListOptions {
  /** What was done from then on; milliseconds since 1970. */
  readonly since?: number;
  /** Of one operation (`config.set`), or of a group (`config`). */
  readonly op?: string;
  /** Who has acted. */
  readonly by?: string;
  /** Only what was refused. */
  readonly denied?: boolean;
  /** The newest so many. */
  readonly limit?: number;
  /** Behind this place: `cursorOf` tells it of a line. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/**
 * The newest first. What is no line of ours is a warning, one for each day; so is the first day whose log is longer or shorter
 * than checkpoints have seen it. What else was done to it, only `verify` finds.
 */
export const listAudit = eachOf('audit.list', listAuditBody);

async function* listAuditBody(
  session: Session,
  { since, limit = Infinity, signal, after, ...which }: AuditListOptions = {},
): AsyncGenerator<Audited, void, undefined> {
  const { audit } = session.store;
  const [lastDay, lastLine] = after === undefined ? ['9999-99-99', Infinity] : placeIn(after, ['', 0]);
  const from = since === undefined ? '' : isoTime(Math.min(Math.max(0, since), latestTime));
  let left = limit;
  let glance: Glance | undefined;
  let isTold = false;
  for (const day of (await audit.days()).reverse()) {
    // A clock may have been set back by less than a day, and a process paused over midnight.
    if (left <= 0 || signal?.aborted || (from !== '' && day < from.slice(0, 10))) return;
    if (day > lastDay) continue;
    const before = day === lastDay ? lastLine : Infinity;
    const { found, broken } = await newest(
      audit,
      day,
      { most: left, before },
      (line) => line.at >= from && fits(line, which),
    );
    if (broken > 0)
      session.warn(
        `${broken === 1 ? 'A line' : `${broken} lines`} of the audit of ${day} cannot be read: cut short by a crash, or spoilt. Which of them: dreamos audit verify`,
      );
    const fault = isTold ? undefined : await (glance ??= await glanceAt(audit)).faultOf(day);
    if (fault !== undefined) {
      isTold = true;
      session.warn(`The audit's log of ${day} ${fault}. What is wrong with it, and with others: dreamos audit verify`);
    }
    for (const line of found) yield line;
    left -= found.length;
  }
}

async function newest(
  audit: Audit,
  day: string,
  { most, before }: { readonly most: number; readonly before: number },
  isWanted: (line: Audited) => boolean,
): Promise<{ found: Audited[]; broken: number }> {
  let found: Audited[] = [];
  let broken = 0;
  for await (const [text, number] of textsOf(audit, day, await audit.size(day))) {
    if (number >= before) break;
    const line = lineIn(text);
    if (!line) broken++;
    else if (isWanted(line)) found.push(placedAt(line, day, number));
    if (found.length > 2 * most + 1000) found = found.slice(-most);
  }
  return { found: (found.length > most ? found.slice(-most) : found).reverse(), broken };
}

function fits({ op, by, result }: Audited, which: Pick<AuditListOptions, 'op' | 'by' | 'denied'>): boolean {
  if (which.op !== undefined && op !== which.op && !op.startsWith(`${which.op}.`)) return false;
  if (which.by !== undefined && (by === null || !sameAgent(by, which.by))) return false;
  return !which.denied || result === 'denied';
}
