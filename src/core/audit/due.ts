/** When a checkpoint is due: behind so many lines, or so long after the one before; whoever has noted something makes it. */
import { checkpointLog } from '../../storage/port/audit.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Session } from '../root/root.ts';
import { linesIn } from './bytes.ts';
import { lastCheckpoint } from './chain.ts';

export const mostUnproved = 1000;
const checkpointEveryMs = 60_000;
/** Whoever has not seen another's checkpoint for so long is told of it under the lock. */
const lookEveryMs = 20;

/** What this process knows of a log since the newest checkpoint. */
interface Known {
  /** Of the log of checkpoints, when it was last looked at. */
  readonly checkpoints: number;
  readonly n: number;
  readonly madeAt: number;
  lookedAt: number;
  readonly day: string;
  counted: number;
  lines: number;
}

const known = new WeakMap<Store, Known>();
const making = new WeakSet<Store>();

/** @param own what this process has just appended to the log of that day */
export async function checkpointIfDue(
  session: Session,
  day: string,
  own: { readonly lines: number; readonly bytes: number },
): Promise<void> {
  const { store } = session;
  // Of many calls of one process one makes it, and the others have noted what they did.
  if (making.has(store)) return;
  const state = await look(session, known.get(store), day, own);
  known.set(store, state);
  if (!isDue(state, store.now()) || making.has(store)) return;
  making.add(store);
  try {
    const { checkpoint } = await import('./checkpoint.ts');
    await checkpoint(session, { unless: (last) => last !== undefined && last.n !== state.n });
  } finally {
    making.delete(store);
    known.delete(store);
  }
}

async function look(
  { store: { audit }, clock }: Session,
  before: Known | undefined,
  day: string,
  own: { readonly lines: number; readonly bytes: number },
): Promise<Known> {
  let state = before;
  const now = clock.uptime();
  const isFresh = state !== undefined && state.day === day && now - state.lookedAt < lookEveryMs;
  const checkpoints = isFresh ? -1 : await audit.size(checkpointLog);
  if (state?.day === day && state.checkpoints === checkpoints) state.lookedAt = now;
  else if (!state || !isFresh) {
    const last = (await lastCheckpoint(audit, checkpoints))?.checkpoint;
    state = {
      checkpoints,
      n: last?.n ?? -1,
      madeAt: last ? Date.parse(last.at) : -Infinity,
      lookedAt: now,
      day,
      counted: last?.logs[day]?.size ?? 0,
      lines: 0,
    };
  }
  const end = await audit.size(day);
  const more = end - state.counted === own.bytes ? own.lines : await linesIn(audit, day, state.counted, end);
  state.lines += more;
  state.counted = end;
  return state;
}

/** One of the future was made when the clock was ahead, and would else be the last for as long. */
function isDue({ lines, madeAt }: Known, now: number): boolean {
  return lines >= mostUnproved || Math.abs(now - madeAt) >= checkpointEveryMs;
}
