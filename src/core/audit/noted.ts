/**
 * Calls that the audit is told of: when they have ended, or that they were denied. Every face that calls operations by their names
 * has it from here.
 */
import type { OperationName } from '../../contract/operations.ts';
import type { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { isDenied, noteCall } from './note.ts';
import { isAudited } from './what.ts';

type Items = AsyncGenerator<unknown, unknown, undefined>;
type Made = Promise<unknown> | Items;
type Step = IteratorResult<unknown>;

interface Ways {
  readonly ended: () => Promise<void>;
  readonly failed: (error: unknown) => Promise<never>;
}

/**
 * Calls an operation. What comes one after the other is noted once it is over, also where it is left early; of several results each
 * that was denied. What is thrown at once, before there is anything to wait for, is noted behind the throw: `endNotes` waits for it.
 * @param args what the audit says that it was called with
 * @param each is handed each item before its caller is
 * @throws what it throws
 */
export function noted<Call extends Made>(
  session: Session,
  name: OperationName,
  args: readonly unknown[],
  run: () => Call,
  each?: (item: unknown) => void,
): Call {
  const isNoted = isAudited(name);
  const failed = async (error: unknown): Promise<never> => {
    if (isNoted || isDenied(error)) await noteCall(session, name, args, error);
    throw error;
  };
  const ended = async (): Promise<void> => {
    if (isNoted) await noteCall(session, name, args);
  };
  // One that is denied is none of what was done, whatever becomes of the others.
  const denied = async <T>(these: readonly DreamosError[], result: T): Promise<T> => {
    for (const one of these) await noteCall(session, name, [], one);
    return result;
  };
  let made: Made;
  try {
    made = run();
  } catch (error) {
    noteBehind(session, failed(error));
    throw error;
  }
  if (isEach(made)) {
    const handed = (step: Step): Step | Promise<Step> => {
      if (step.done) return step;
      each?.(step.value);
      return isDenied(step.value) ? denied([step.value], step) : step;
    };
    return wrapped(session, made, handed, isNoted ? { ended, failed } : { failed }) as Call;
  }
  const several = (result: unknown): unknown => {
    const these = Array.isArray(result) ? result.filter(isDenied) : [];
    return these.length > 0 ? denied(these, result) : result;
  };
  // Not an async function: a send would pay for two promises more.
  if (!isNoted) return made.then(several, failed) as Call;
  const over = async (result: unknown): Promise<unknown> => {
    await several(result);
    await ended();
    return result;
  };
  return made.then(over, failed) as Call;
}

export function isEach(made: unknown): made is Items {
  return typeof made === 'object' && made !== null && Symbol.asyncIterator in made;
}

/** The same generator, so that an item of many costs no more than it did. @param ways without `ended`: its end is not noted */
function wrapped(
  session: Session,
  made: Items,
  handed: (step: Step) => Step | Promise<Step>,
  { ended, failed }: Pick<Ways, 'failed'> & Partial<Ways>,
): Items {
  const next = made.next.bind(made);
  const end = made.return.bind(made);
  if (!ended) {
    made.next = (...how) => next(...how).then(handed, failed);
    made.return = (value) => end(value).catch(failed);
    return made;
  }
  const into = made.throw.bind(made);
  const begun = behind(session);
  const over = async (step: Step): Promise<Step> => {
    if (step.done && begun.delete(ended)) await ended();
    return handed(step);
  };
  const broken = (error: unknown): Promise<never> => {
    begun.delete(ended);
    return failed(error);
  };
  let isNew = true;
  made.next = (...how) => {
    if (isNew) begun.add(ended);
    isNew = false;
    return next(...how).then(over, broken);
  };
  made.return = (value) => end(value).then(over, broken);
  // Who throws into it has left it early.
  made.throw = (thrown: unknown) =>
    into(thrown).then(over, async (error: unknown) => {
      if (error !== thrown) return broken(error);
      if (begun.delete(ended)) await ended();
      throw error;
    });
  return made;
}

// What is still to be noted, by the storage that all faces of a root share: of what has begun and was dropped nobody else can tell.
const waiting = new WeakMap<Session['store'], Set<() => Promise<void>>>();

function behind({ store }: Session): Set<() => Promise<void>> {
  let begun = waiting.get(store);
  if (!begun) waiting.set(store, (begun = new Set()));
  return begun;
}

function noteBehind(session: Session, failed: Promise<never>): void {
  const notes = behind(session);
  // That it fails is what it says.
  const noting = failed.catch(() => undefined);
  const wait = (): Promise<void> => noting;
  notes.add(wait);
  void noting.then(() => notes.delete(wait));
}

/** Before a root is closed: notes what has begun and was dropped, and waits for what is noted just now. */
export async function endNotes({ store }: Session): Promise<void> {
  const begun = waiting.get(store) ?? [];
  const dropped = [...begun];
  waiting.get(store)?.clear();
  for (const leave of dropped) await leave();
}
