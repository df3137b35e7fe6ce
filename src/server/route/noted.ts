/** A call that the audit is told of: when it has ended, or that it was denied (src/library/security/audited.ts does it for the library). */
import type { OperationName } from '../../contract/operations.ts';
import { isDenied, noteCall } from '../../core/audit/note.ts';
import { isAudited } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';

type Items = AsyncGenerator<unknown, unknown, undefined>;

/** @param run what gives one thing after the other is noted once it is over */
export async function noted(
  session: Session,
  name: OperationName,
  args: readonly unknown[],
  run: () => Promise<unknown> | Items,
): Promise<unknown> {
  try {
    const made = run();
    if (isEach(made)) return notedEach(session, name, args, () => made);
    const value = await made;
    if (isAudited(name)) await noteCall(session, name, args);
    return value;
  } catch (error) {
    await noteFailed(session, name, args, error);
    throw error;
  }
}

export async function* notedEach(
  session: Session,
  name: OperationName,
  args: readonly unknown[],
  run: () => Items,
): Items {
  let isOver = false;
  try {
    return yield* run();
  } catch (error) {
    isOver = true;
    await noteFailed(session, name, args, error);
    throw error;
  } finally {
    // Also of who has gone early: what was done until then is done.
    if (!isOver && isAudited(name)) await noteCall(session, name, args);
  }
}

export function isEach(made: unknown): made is Items {
  return typeof made === 'object' && made !== null && Symbol.asyncIterator in made;
}

/** Of what has several results: each that was denied. */
export async function noteIfDenied(session: Session, name: OperationName, result: unknown): Promise<void> {
  if (isDenied(result)) await noteCall(session, name, [], result);
}

async function noteFailed(
  session: Session,
  name: OperationName,
  args: readonly unknown[],
  error: unknown,
): Promise<void> {
  if (isAudited(name) || isDenied(error)) await noteCall(session, name, args, error);
}
