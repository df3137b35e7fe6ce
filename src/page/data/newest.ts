import type { Page } from './answers.ts';

/** Of lists that come by mailbox, and each by its age, no more are kept than these. */
const most = 1000;

interface Sent {
  readonly id: string;
  readonly message: { readonly createdAt: string } | null;
}

/**
 * The newest, the last sent first; of one millisecond by their ids, which go on in it.
 * @param ask for a thousand of one of the lists, behind what its last page has said @returns `isCut`: there are older ones
 */
export async function newest<Row extends Sent, List>(
  lists: readonly List[],
  ask: (list: List, limit: number, after: string | undefined) => Promise<Page<Row>>,
): Promise<{ readonly items: readonly Row[]; readonly isCut: boolean }> {
  let items: readonly Row[] = [];
  let isCut = false;
  const take = async (list: List): Promise<void> => {
    for (let after: string | undefined, isOver = false; !isOver;) {
      const page = await ask(list, most, after);
      const all = [...items, ...page.items].sort(byAge);
      items = all.slice(0, most);
      isCut ||= all.length > most;
      after = page.next ?? undefined;
      isOver = after === undefined;
    }
  };
  await Promise.all(lists.map(take));
  return { items, isCut };
}

function byAge(a: Sent, b: Sent): number {
  const [at, bt] = [timeOf(a), timeOf(b)];
  return bt - at || (a.id < b.id ? 1 : Number(a.id > b.id) && -1);
}

/** What cannot be read comes last. */
function timeOf({ message }: Sent): number {
  return message === null ? 0 : Date.parse(message.createdAt);
}
