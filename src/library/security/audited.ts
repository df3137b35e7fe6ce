import { libraryPathOf, type OperationName, operationNames } from '../../contract/operations.ts';
import { isDenied, noteCall } from '../../core/audit/note.ts';
import { isAudited } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';

type Call = (...args: unknown[]) => Promise<unknown> | AsyncGenerator<unknown, void, undefined>;
type Group = Record<string, unknown>;

/** Has each operation of a root noted that the audit is to know of: when it has ended, or that it was denied. */
export function audited<Mail extends object>(session: Session, mail: Mail): Mail {
  for (const name of operationNames) {
    const [group, verb] = (libraryPathOf(name) ?? '').split('.');
    const holder = (verb === undefined ? mail : mail[group as keyof Mail]) as Group | undefined;
    const key = verb ?? group ?? '';
    const call = holder?.[key];
    if (holder && typeof call === 'function') holder[key] = noted(session, name, call as Call);
  }
  return mail;
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
    if (!isNoted) {
      const handed = <T extends IteratorResult<unknown>>(step: T): T => {
        if (!step.done) noteSettling(session, step.value);
        return step;
      };
      made.next = (...how) => (name === 'consume' ? next(...how).then(handed, failed) : next(...how).catch(failed));
      return made;
    }
    const end = made.return.bind(made);
    const into = made.throw.bind(made);
    let isBegun = false;
    const over = async <T extends IteratorResult<unknown>>(step: T): Promise<T> => {
      if (step.done && isBegun) {
        isBegun = false;
        await ended(undefined);
      }
      return step;
    };
    made.next = (...how) => {
      isBegun = true;
      return next(...how).then(over, (error: unknown) => {
        isBegun = false;
        return failed(error);
      });
    };
    made.return = (value) => end(value).then(over);
    // Who throws into it has left it early.
    made.throw = (thrown: unknown) =>
      into(thrown).then(over, async (error: unknown) => {
        const wasBegun = isBegun;
        isBegun = false;
        if (error !== thrown) return failed(error);
        if (wasBegun) await ended(undefined);
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
