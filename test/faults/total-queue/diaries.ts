/** What the actors have written down, read back when the round is over. */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Tried {
  readonly to: readonly string[];
  readonly sum: string;
  readonly key?: string;
}

export interface Acknowledged extends Tried {
  readonly id: string;
  readonly by: string;
}

export interface Claimed {
  readonly by: string;
  /** Monotonic, the same clock in all processes; ms. */
  readonly at: number;
  readonly receipt: string;
  readonly mailbox: string;
  readonly id: string;
  readonly attempt: number;
  /** As it was claimed, and as it was last renewed; wall-clock. */
  readonly leaseUntil: number;
  heldUntil: number;
  /** When it was last known to hold, monotonic. */
  renewedAt: number;
  readonly sum: string;
  /** What its holder last began, and how that went; without an outcome it was killed in between. */
  settling?: 'ack' | 'nack' | 'dead' | 'renew';
  settled?: 'ack' | 'nack' | 'dead';
  refused?: string;
}

export interface Diaries {
  readonly tried: Tried[];
  readonly acknowledged: Acknowledged[];
  readonly claims: Claimed[];
  /** Of each watcher, in its order. */
  readonly watched: Map<string, object[]>;
  readonly refusedSends: string[];
  readonly warnings: string[];
  readonly looks: number;
}

/** Written by the scripts in actors/; which fields a line has depends on `t`. */
interface Line {
  readonly t: string;
  readonly [field: string]: unknown;
}

/** As the actors do it. */
export function sumOf(body: string): string {
  return hash('sha256', body).slice(0, 32);
}

export function readDiaries(dir: string): Diaries {
  const diaries = {
    tried: [],
    acknowledged: [],
    claims: [],
    watched: new Map(),
    refusedSends: [],
    warnings: [],
    looks: 0,
  } as Diaries & {
    looks: number;
  };
  for (const file of readdirSync(dir)) {
    const by = file.replace('.jsonl', '');
    const byReceipt = new Map<string, Claimed>();
    for (const line of linesOf(join(dir, file))) {
      if (line.t === 'try') diaries.tried.push(line as unknown as Tried);
      else if (line.t === 'sent') diaries.acknowledged.push({ ...(line as unknown as Acknowledged), by });
      else if (line.t === 'refused' && line['receipt'] === undefined)
        diaries.refusedSends.push(`${by}: ${String(line['code'])} ${String(line['message'])}`);
      else if (line.t === 'claim') {
        const claimed = line as unknown as Claimed;
        const claim: Claimed = { ...claimed, by, heldUntil: claimed.leaseUntil, renewedAt: claimed.at };
        diaries.claims.push(claim);
        byReceipt.set(claim.receipt, claim);
      } else if (line.t === 'settling' || line.t === 'settled' || line.t === 'refused') noteSettling(line, byReceipt);
      else if (line.t === 'event') {
        const seen = diaries.watched.get(by) ?? [];
        diaries.watched.set(by, seen);
        seen.push(line['event'] as object);
      } else if (line.t === 'status') diaries.looks++;
      else diaries.warnings.push(`${by}: ${JSON.stringify(line)}`);
    }
  }
  return diaries;
}

interface Settling {
  readonly t: string;
  readonly receipt: string;
  readonly how: 'ack' | 'nack' | 'dead' | 'renew';
  readonly code: string;
  readonly at: number;
  readonly leaseUntil: number;
  readonly renewed: string;
}

function noteSettling(line: Line, byReceipt: Map<string, Claimed>): void {
  const { t, receipt, how, code, at, leaseUntil, renewed } = line as unknown as Settling;
  const claim = byReceipt.get(receipt);
  if (!claim) return;
  if (t === 'settling') claim.settling = how;
  else if (t === 'refused') claim.refused = code;
  else if (how === 'renew') {
    claim.heldUntil = leaseUntil;
    claim.renewedAt = at;
    byReceipt.set(renewed, claim);
  } else claim.settled = how;
}

function linesOf(path: string): Line[] {
  // Behind the last line end there may be half a line of something that had not been done yet.
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1).filter(Boolean);
  return whole.map((line) => JSON.parse(line) as Line);
}
