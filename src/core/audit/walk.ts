/** From the first checkpoint to the newest: whether each follows the one before it, and what of which log they prove. */
import type { Finding } from '../../contract/keep.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { type Anchor, type Checkpoint, parseCheckpoint, signedPart, type Stretch } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import { textsOf } from './bytes.ts';
import { verifyText } from '../ed25519/ed25519.ts';

/** A stretch of a day's log, and by which checkpoint. */
export interface Proved extends Stretch {
  readonly n: number;
  readonly at: string;
  /** When the checkpoint before it was made; `undefined`: there was none. */
  readonly after: string | undefined;
}

export interface Chain {
  readonly count: number;
  readonly first: Checkpoint | undefined;
  readonly last: Checkpoint | undefined;
  readonly pruned: string | undefined;
  readonly anchored: boolean;
  /** By day, in the order of the checkpoints. */
  readonly proved: ReadonlyMap<string, readonly Proved[]>;
}

interface Link {
  readonly checkpoint: Checkpoint;
  readonly prev: string | undefined;
}

/** @param size of the log of checkpoints @param tell of what is wrong with it */
export async function walk(
  audit: Audit,
  size: number,
  anchor: Anchor | undefined,
  tell: (finding: Finding) => void,
): Promise<Chain> {
  const links = new Map<string, Link>();
  const proved = new Map<string, Proved[]>();
  const begunAnew: Checkpoint[] = [];
  let first: Checkpoint | undefined;
  let head: string | undefined;
  let pruned: string | undefined;
  for await (const [line, number] of textsOf(audit, checkpointLog, size)) {
    const checkpoint = parseCheckpoint(line);
    if (!checkpoint) {
      tell(noCheckpoint(number));
      continue;
    }
    const { prev } = checkpoint;
    const before = prev === undefined ? undefined : links.get(prev)?.checkpoint;
    const wrong = faultOf(checkpoint, line, before, first);
    if (wrong !== undefined) tell(wrong);
    else if (checkpoint.key !== undefined && first) begunAnew.push(checkpoint);
    for (const [day, stretch] of Object.entries(checkpoint.logs)) {
      if (!('from' in stretch)) continue;
      const all = proved.get(day) ?? [];
      proved.set(day, all);
      all.push({ ...stretch, n: checkpoint.n, at: checkpoint.at, after: before?.at });
    }
    if (checkpoint.pruned !== undefined && !(pruned !== undefined && pruned > checkpoint.pruned))
      pruned = checkpoint.pruned;
    first ??= checkpoint;
    head = sha256(line);
    links.set(head, { checkpoint, prev });
  }
  const anchored = anchor !== undefined && leadsTo(links, head, anchor.sha256);
  for (const one of begunAnew) if (!(anchored && one.n <= (anchor?.n ?? -1))) tell(otherKey(one));
  const last = head === undefined ? undefined : links.get(head)?.checkpoint;
  return { count: links.size, first, last, pruned, anchored, proved };
}

/** Why a checkpoint does not stand behind the one before it. */
function faultOf(
  checkpoint: Checkpoint,
  line: string,
  before: Checkpoint | undefined,
  first: Checkpoint | undefined,
): Finding | undefined {
  const { n, at, key, prev, sig } = checkpoint;
  const which = `Checkpoint ${n} (${at})`;
  if (!first && (n !== 0 || prev !== undefined))
    return problem('missing', `${which} is the first one that is there: those in front of it are gone.`);
  if (first && (!before || n !== before.n + 1))
    return problem(
      'missing',
      `${which} follows none of those in front of it: checkpoints were dropped, added or edited.`,
    );
  const signer = key ?? before?.next;
  if (signer === undefined || !verifyText(signer, signedPart(line), sig))
    return problem(
      'signature',
      `${which} is not signed by the key that was named for it: it was edited, or is somebody else's.`,
    );
  return undefined;
}

/** Whether a checkpoint is the newest one, or lies in front of it. */
function leadsTo(links: ReadonlyMap<string, Link>, head: string | undefined, wanted: string): boolean {
  const seen = new Set<string>();
  for (let at = head; at !== undefined && !seen.has(at); at = links.get(at)?.prev) {
    if (at === wanted) return true;
    seen.add(at);
  }
  return false;
}

const problem = (rule: string, message: string): Finding => ({ rule, level: 'problem', message });

/** A crash cuts one short; of one that was spoilt the next one tells, which follows none that is there. */
const noCheckpoint = (number: number): Finding => ({
  rule: 'no-checkpoint',
  level: 'warning',
  message: `Line ${number} of the checkpoints is none: a crash has cut it short, or somebody has spoilt it.`,
});

const otherKey = ({ n, at }: Checkpoint): Finding => ({
  rule: 'other-key',
  level: 'problem',
  message: `From checkpoint ${n} (${at}) on another key signs, and none before it vouches for that: the key was lost, as by a restore, or somebody began anew there.`,
  hint: 'What was before is sure by an anchor of this checkpoint or a later one: dreamos audit anchor',
});
