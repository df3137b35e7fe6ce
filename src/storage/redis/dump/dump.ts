/**
 * A dump of a root that others may work on. What lies in all mailboxes is noted in one step at first; each of those messages is
 * told once, as it is when it is read, also where it was handed over since. Where nobody works on the root (a move has frozen
 * it), the dump is exactly what there is.
 */
import type { DumpOptions, TakeRecord } from '../../port/dump/loading.ts';
import { type DumpRecord, lineId } from '../../port/dump/records.ts';
import type { Link } from '../link/link.ts';
import { list, text } from '../roles/entry.ts';
import { boxRecords, documentRecords, keyRecords, auditRecords, reachRecords, type Box } from './kept.ts';
import { entryRecords } from './entries.ts';
import { eventRecords } from './events.ts';
import type { DumpFrom } from './readable.ts';

const progressEvery = 256;

export async function dump(from: DumpFrom, take: TakeRecord, options: DumpOptions = {}): Promise<boolean> {
  const { link } = from;
  const { signal, onProgress, whole = false } = options;
  const boxes = list(await link.run('dumpBoxes')).map((one): Box => {
    const [number = '', name = '', read = '', full = '', pruned = '', seq = '', prunedSeq = '', card = '', ids = ''] =
      list(one).map(text);
    return { number, name, read, full, pruned, seq, prunedSeq, card, ids: ids === '' ? [] : ids.split(' ') };
  });
  boxes.sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts = [
    cursorRecords(link),
    documentRecords(link, boxes, whole),
    mailRecords(from, boxes),
    keyRecords(link),
    reachRecords(link, boxes),
    auditRecords(link, whole),
    eventRecords(link, boxes),
  ];
  let messages = 0;
  for (const part of parts) {
    for await (const record of part) {
      if (signal?.aborted) return false;
      await take(record);
      if (record.kind === 'entry' && ++messages % progressEvery === 0) onProgress?.(messages);
    }
  }
  return true;
}

async function* mailRecords(from: DumpFrom, boxes: readonly Box[]): AsyncGenerator<DumpRecord, void, void> {
  for (const box of boxes) {
    yield* boxRecords(from.link, box);
    yield* entryRecords(from, box);
  }
}

/** Its numbers are those of the root that is made of it, so that cursors stay good. */
async function* cursorRecords(link: Link): AsyncGenerator<DumpRecord, void, void> {
  const line = text((await link.command('HGET', `${link.prefix}root`, 'line')) as Buffer | null);
  yield { kind: 'cursor', id: lineId, text: line || link.options.id };
}
