import { eachOf } from '../root/operation.ts';
import type { Audited } from '../../contract/security/audit.ts';
import type { Audit } from '../../storage/port/audit.ts';
import { isoTime } from '../../model/clock.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Session } from '../root/root.ts';
import { textsOf } from './bytes.ts';
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
  readonly signal?: AbortSignal;
}

/** The newest first. What is no line of ours is a warning, one for each day. */
export const listAudit = eachOf('audit.list', listAuditBody);

async function* listAuditBody(
  session: Session,
  { since, limit = Infinity, signal, ...which }: AuditListOptions = {},
): AsyncGenerator<Audited, void, undefined> {
  const { audit } = session.store;
  const from = since === undefined ? '' : isoTime(Math.max(0, since));
  let left = limit;
  for (const day of (await audit.days()).reverse()) {
    // A clock may have been set back by less than a day, and a process paused over midnight.
    if (left <= 0 || signal?.aborted || (from !== '' && day < from.slice(0, 10))) return;
    const { found, broken } = await newest(audit, day, left, (line) => line.at >= from && fits(line, which));
    if (broken > 0)
      session.warn(
        `${broken === 1 ? 'A line' : `${broken} lines`} of the audit of ${day} cannot be read: cut short by a crash, or spoilt. Which of them: dreamos audit verify`,
      );
    for (const line of found) yield line;
    left -= found.length;
  }
}

async function newest(
  audit: Audit,
  day: string,
  most: number,
  isWanted: (line: Audited) => boolean,
): Promise<{ found: Audited[]; broken: number }> {
  let found: Audited[] = [];
  let broken = 0;
  for await (const [text] of textsOf(audit, day, await audit.size(day))) {
    const line = lineIn(text);
    if (!line) broken++;
    else if (isWanted(line)) found.push(line);
    if (found.length > 2 * most + 1000) found = found.slice(-most);
  }
  return { found: (found.length > most ? found.slice(-most) : found).reverse(), broken };
}

function fits({ op, by, result }: Audited, which: Pick<AuditListOptions, 'op' | 'by' | 'denied'>): boolean {
  if (which.op !== undefined && op !== which.op && !op.startsWith(`${which.op}.`)) return false;
  if (which.by !== undefined && (by === null || !sameAgent(by, which.by))) return false;
  return !which.denied || result === 'denied';
}
