import { libraryPathOf, type OperationName, operationNames } from '../../contract/operations.ts';
import { isDenied, noteCall } from '../../core/audit/note.ts';
import { isAudited } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';

type Call = (...args: unknown[]) => Promise<unknown> | AsyncGenerator<unknown, void, undefined>;
type Group = Record<string, unknown>;

/** Has each operation of a root noted that the audit is to know of: when it has ended, or that it was denied. */
export function audited<Mail extends object>(session: Session, mail: Mail): Mail {
  // The server notes it.
  if (session.gate?.away) return mail;
  for (const name of operationNames) {
    const [group, verb] = (libraryPathOf(name) ?? '').split('.');
    const holder = (verb === undefined ? mail : mail[group as keyof Mail]) as Group | undefined;
    const key = verb ?? group ?? '';
    const call = holder?.[key];
    if (holder && typeof call === 'function') holder[key] = noted(session, name, call as Call);
  }
  return mail;
}

// What comes one after the other and has begun, by the storage that all faces of a root share.
const underWay = new WeakMap<Session['store'], Set<() => Promise<void>>>();

function begunIn({ store }: Session): Set<() => Promise<void>> {
  let begun = underWay.get(store);
  if (!begun) underWay.set(store, (begun = new Set()));
  return begun;
}

/** Closes a root; what has begun and was dropped is noted before, which nobody else can tell. */
export async function closeNoted(session: Session): Promise<void> {
  const begun = underWay.get(session.store) ?? [];
  const dropped = [...begun];
  underWay.get(session.store)?.clear();
  for (const leave of dropped) await leave();
  await session.close();
}

function noted(session: Session, name: OperationName, call: Call): Call {
  const isNoted = isAudited(name);
  return (...args) => {
    const failed = async (error: unknown): Promise<never> => {
      if (isNoted || isDenied(error)) await noteCall(session, name, args, error);
      throw error;
    };
    const ended = async <T>(result: T): Promise<T> => {
      if (isNoted) await noteCall(session, name, args);
      return result;
    };
    const made = call(...args);
    if ('then' in made) {
      if (isNoted) return made.then(ended, failed);
      return name === 'sendAll' ? made.then(noteEach, failed) : made.catch(failed);
    }
    // Its own generator, so that an item of many costs no more than it did.
    const next = made.next.bind(made);
    const end = made.return.bind(made);
    if (!isNoted) {
      const handed = <T extends IteratorResult<unknown>>(step: T): T => {
        if (!step.done) noteSettling(session, step.value);
        return step;
      };
      made.next = (...how) => (name === 'consume' ? next(...how).then(handed, failed) : next(...how).catch(failed));
      made.return = (value) => end(value).catch(failed);
      return made;
    }
    const into = made.throw.bind(made);
    const begun = begunIn(session);
    const leave = (): Promise<void> => ended(undefined);
    const over = async <T extends IteratorResult<unknown>>(step: T): Promise<T> => {
      if (step.done && begun.delete(leave)) await ended(undefined);
      return step;
    };
    const broken = (error: unknown): Promise<never> => {
      begun.delete(leave);
      return failed(error);
    };
    let isNew = true;
    made.next = (...how) => {
      if (isNew) begun.add(leave);
      isNew = false;
      return next(...how).then(over, broken);
    };
    made.return = (value) => end(value).then(over, broken);
    // Who throws into it has left it early.
    made.throw = (thrown: unknown) =>
      into(thrown).then(over, async (error: unknown) => {
        if (error !== thrown) return broken(error);
        if (begun.delete(leave)) await ended(undefined);
        throw error;
      });
    return made;
  };

  async function noteEach<T>(results: T): Promise<T> {
    for (const one of results as unknown[]) if (isDenied(one)) await noteCall(session, name, [], one);
    return results;
  }
}

/** What is called of a job is called in no other way. */
function noteSettling(session: Session, value: unknown): void {
  const job = value as Group;
  for (const name of ['ack', 'nack', 'renew'] as const) {
    const settle = job[name] as (...args: unknown[]) => Promise<unknown>;
    job[name] = (...args: unknown[]) =>
      settle(...args).catch(async (error: unknown) => {
        if (isDenied(error)) await noteCall(session, name, [], error);
        throw error;
      });
  }
}
