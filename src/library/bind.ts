import type { Session } from '../core/root/root.ts';
import { checkArguments, type Takes } from './arguments.ts';

export type Binders = ReturnType<typeof bindersOf>;

/** Makes of an operation the function of a root, which looks at its arguments first. */
export function bindersOf(session: Session) {
  const bound = <Rest extends unknown[], Result>(
    operation: (session: Session, ...rest: Rest) => Promise<Result>,
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
    operation: (session: Session, ...rest: Rest) => AsyncGenerator<Item, void, undefined>,
    ...takes: Takes<Rest>
  ) => {
    return (...rest: Rest): AsyncGenerator<Item, void, undefined> => {
      checkArguments(takes, rest);
      return operation(session, ...rest);
    };
  };
  return { bound, each };
}
