import { type DumpEvent } from '../../port/dump/records.ts';
import type { Link } from '../link/link.ts';
import { eventIn, list } from '../roles/entry.ts';
import type { Box } from './kept.ts';

const pageSize = 500;

interface Head {
  readonly seq: number;
  readonly record: DumpEvent;
  readonly rest: AsyncGenerator<Omit<Head, 'rest'>, void, void>;
}

/** Of all mailboxes in the order in which they were told. */
export async function* eventRecords(link: Link, boxes: readonly Box[]): AsyncGenerator<DumpEvent, void, void> {
  const heads: Head[] = [];
  const put = async (rest: Head['rest']): Promise<void> => {
    const { value } = await rest.next();
    if (!value) return;
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((heads[middle]?.seq ?? 0) < value.seq) low = middle + 1;
      else high = middle;
    }
    heads.splice(low, 0, { ...value, rest });
  };
  for (const box of boxes) await put(eventsOf(link, box));
  for (let head = heads.shift(); head; head = heads.shift()) {
    yield head.record;
    await put(head.rest);
  }
}

async function* eventsOf(link: Link, { number, name }: Box): Head['rest'] {
  for (let from = '0'; ;) {
    const page = list(await link.run('dumpEvents', number, from, String(pageSize)));
    for (const one of page) {
      const { key: _, ...event } = { ...eventIn(one), mailbox: name };
      from = eventIn(one).seq;
      yield { seq: Number(from), record: { kind: 'event', seq: Number(from), event } };
    }
    if (page.length < pageSize) return;
  }
}
