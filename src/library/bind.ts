import type { Named } from '../core/root/operation.ts';
import type { Session } from '../core/root/root.ts';
import { checkArguments, type Takes } from './arguments.ts';

export type Binders = ReturnType<typeof bindersOf>;

type Of<Rest extends unknown[], Result> = (session: Session, ...rest: Rest) => Result;

/** Makes of an operation the function of a root, which looks at its arguments first. What passes no gate is none. */
export function bindersOf(session: Session) {
  const bound = <Rest extends unknown[], Result>(
    operation: Of<Rest, Promise<Result>> & Named,
    ...takes: Takes<Rest>
  ) => {
    return (...rest: Rest): Promise<Result> => {
      try {
        checkArguments(takes, rest);
      } catch (error) {
        return Promise.reject(error);
      }
      return operation(session, ...rest);
    };
  };
  const each = <Rest extends unknown[], Item>(
    operation: Of<Rest, AsyncGenerator<Item, void, undefined>> & Named,
    ...takes: Takes<Rest>
  ) => {
    return (...rest: Rest): AsyncGenerator<Item, void, undefined> => {
      checkArguments(takes, rest);
      return operation(session, ...rest);
    };
  };
  return { bound, each, named };
}

/** Calls an operation with what the library does not say of it. */
export function named<Rest extends unknown[], Result>(
  { operation }: Named,
  call: Of<Rest, Result>,
): Of<Rest, Result> & Named {
  return Object.assign(call, { operation });
}
