import type { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { diskTrouble, notLookedInto } from '../root/trouble.ts';

/**
 * What lies in several mailboxes, each with its newest first, as one: of each no more than the next one is held. One in
 * disorder is said, and hides nothing of the others.
 * @throws the failure where none of them could be looked into
 */
export async function* newestFirst<T>(
  session: Session,
  names: readonly string[],
  look: (name: string) => AsyncGenerator<T, void, undefined>,
  timeOf: (one: T) => string,
): AsyncGenerator<T, void, undefined> {
  const streams = names.map((name) => ({ name, items: look(name) }));
  const failures: DreamosError[] = [];
  const next = async ({ name, items }: (typeof streams)[number]): Promise<T | undefined> => {
    try {
      return (await items.next()).value ?? undefined;
    } catch (error) {
      failures.push(diskTrouble(error));
      session.warn(notLookedInto(name, error));
      return undefined;
    }
  };
  try {
    const heads = new Map<(typeof streams)[number], T>();
    const advance = async (stream: (typeof streams)[number]): Promise<void> => {
      const head = await next(stream);
      if (head === undefined) heads.delete(stream);
      else heads.set(stream, head);
    };
    for (const stream of streams) await advance(stream);
    while (heads.size > 0) {
      const [stream, head] = [...heads].reduce((a, b) => (timeOf(b[1]) > timeOf(a[1]) ? b : a));
      yield head;
      await advance(stream);
    }
    if (failures[0] && failures.length === names.length) throw failures[0];
  } finally {
    for (const { items } of streams) await items.return();
  }
}
