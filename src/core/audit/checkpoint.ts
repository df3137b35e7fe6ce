/**
 * Making a checkpoint, under a lock:
 *
 *   1 the logs that have grown are synced, and what has come to them is hashed: of a power cut nothing that is proved is lost
 *   2 the key of the checkpoint behind this one is kept, synced
 *   3 this one is signed by its own key, which names that of 2, and is appended and synced
 *   4 its key is removed, and every older one that a crash has left
 *
 * Whoever dies behind 2 leaves a key that the next one takes; behind 3, a key that has signed, which whoever comes next removes. Who
 * has lost the lock in front of 3 goes without. Should he lose it within 3, there are two of one number; both name the same key of
 * 2, since that is made once, so that whatever follows either is proved.
 *
 * Without the key that the last checkpoint names (a backup holds none) a new one signs for itself: `verify` says so.
 */
import { dayMs } from '../../model/basics/limits.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { isoTime } from '../../model/clock.ts';
import { type Checkpoint, checkpointLine, parseCheckpoint, type Stretch } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import type { Session } from '../root/root.ts';
import { endOfLines, hashOf } from './bytes.ts';
import { type Found, lastCheckpoint } from './chain.ts';
import { keyText, newKey, privateKeyOf, publicText, signBytes } from '../ed25519/ed25519.ts';

type KeyObject = ReturnType<typeof newKey>;

interface CheckpointHow {
  /** Under the lock: whether the newest one will do. */
  readonly unless?: (last: Checkpoint | undefined) => boolean;
  /** Only where there is something that none has seen. */
  readonly ifNew?: boolean;
  /** The days up to this one are about to be removed. */
  readonly pruned?: string;
}

/** @returns the newest one there is by then; `undefined`: somebody else has taken the lock meanwhile */
export function checkpoint(session: Session, how: CheckpointHow = {}): Promise<Found | undefined> {
  const { audit, documents } = session.store;
  return documents.withLock('audit', async (lock) => {
    const found = await lastCheckpoint(audit, await audit.size(checkpointLog));
    const last = found?.checkpoint;
    if (last) await removeUsed(audit, last.n);
    if (how.unless?.(last)) return found;
    const now = session.store.now();
    const logs = await seenIn(audit, last, now);
    if (how.ifNew && found && !Object.values(logs).some((one) => 'from' in one)) return found;
    const n = last ? last.n + 1 : 0;
    const named = last && (await keptKey(audit, n));
    const own = named && publicText(named) === last.next ? named : undefined;
    const signing = own ?? newKey();
    if (last && !own)
      session.warn(
        `The key of the audit's next checkpoint is gone, as after a restore; from checkpoint ${n} on another one signs.`,
      );
    const next = await nextKey(audit, n + 1);
    const said: Omit<Checkpoint, 'sig'> = {
      v: 1,
      n,
      at: isoTime(now),
      logs,
      ...(found && { prev: sha256(found.line) }),
      ...(how.pruned !== undefined && { pruned: how.pruned }),
      next: publicText(next),
      ...(!own && { key: publicText(signing) }),
    };
    const line = checkpointLine(said, (text) => signBytes(signing, Buffer.from(text)).toString('base64'));
    if (!lock.isHeld()) return undefined;
    await audit.append(checkpointLog, `${line}\n`);
    await audit.sync(checkpointLog);
    for (const used of await audit.keys()) if (used !== n + 1) await audit.removeKey(used);
    return { checkpoint: parseCheckpoint(line) ?? { ...said, sig: '' }, line };
  });
}

/** Those that a crash has left. The checkpoint that one has signed has to be on disk before. */
async function removeUsed(audit: Audit, n: number): Promise<void> {
  const used = (await audit.keys()).filter((one) => one <= n);
  if (used.length > 0) await audit.sync(checkpointLog);
  for (const one of used) await audit.removeKey(one);
}

/** What has come to which log since; of the last two days also how long they were, so that the next one need not look further. */
async function seenIn(audit: Audit, last: Checkpoint | undefined, now: number): Promise<Checkpoint['logs']> {
  const yesterday = dayBefore(now);
  const before = last && dayBefore(Date.parse(last.at));
  const from = before === undefined ? '' : before < yesterday ? before : yesterday;
  const logs: Record<string, Stretch | { readonly size: number }> = {};
  for (const day of (await audit.days()).filter((one) => one >= from)) {
    const seen = last?.logs[day]?.size ?? 0;
    const size = await audit.size(day);
    // One that is shorter than it was is told by verify, and goes on from its beginning.
    const start = seen <= size ? seen : 0;
    const end = await endOfLines(audit, day, start, size);
    if (end > start) {
      await audit.sync(day);
      logs[day] = { from: start, size: end, sha256: (await hashOf(audit, day, start, end)).sha256 };
    } else if (day >= yesterday && seen > 0) logs[day] = { size: seen };
  }
  return logs;
}

function dayBefore(timeMs: number): string {
  return isoTime(Math.max(0, timeMs - dayMs)).slice(0, 10);
}

async function keptKey(audit: Audit, n: number): Promise<KeyObject | undefined> {
  const text = await audit.key(n);
  return text === undefined ? undefined : privateKeyOf(text)?.key;
}

/** One that was kept before a crash, or by who has lost the lock, is taken. */
async function nextKey(audit: Audit, n: number): Promise<KeyObject> {
  const key = newKey();
  if (await audit.makeKey(n, keyText(key))) return key;
  const kept = await keptKey(audit, n);
  if (kept) return kept;
  await audit.removeKey(n);
  return (await audit.makeKey(n, keyText(key))) ? key : nextKey(audit, n);
}
