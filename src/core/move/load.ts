import type { LoadedJson } from '../../contract/keep.ts';
import { loadRootFolder } from '../../storage/engines.ts';
import { ofThisPlace } from '../../storage/port/dump/loading.ts';
import { readDump } from '../../storage/port/dump/lines.ts';
import type { DumpRecord } from '../../storage/port/dump/records.ts';
import { isoTime } from '../../model/clock.ts';
import type { OpenOptions } from '../open-root.ts';

export interface LoadOptions extends OpenOptions {
  /** What the dump is called, for messages. */
  readonly what: string;
  /** Called now and then with how many messages are loaded. */
  readonly onProgress?: (messages: number) => void;
  /** Ends it; nothing is loaded then. */
  readonly signal?: AbortSignal;
}

const progressEvery = 256;

/**
 * What holds where it was made alone, as a restore has it: only a move takes it along. Whoever made the dump could else let
 * himself in by a token of his own, or sign what was changed.
 */
function isOfItsPlace(record: DumpRecord): boolean {
  return record.kind === 'document' ? ofThisPlace.includes(record.name) : record.kind === 'audit-key';
}

/**
 * Makes a root of what `dump` has written: it appears when all of it is there, checked, and on disk.
 * @param lines without their ends @returns `undefined`: the signal came
 * @throws as readDump and loadRootFolder
 */
export async function loadRoot(lines: AsyncIterable<string>, options: LoadOptions): Promise<LoadedJson | undefined> {
  const { root, cwd, env = {}, warn = () => undefined, what, onProgress, signal } = options;
  const loading = await loadRootFolder({ root, cwd, env, warn });
  let messages = 0;
  try {
    const dump = await readDump(lines, what, async (record) => {
      signal?.throwIfAborted();
      if (!isOfItsPlace(record)) await loading.take(record);
      if (record.kind === 'entry' && ++messages % progressEvery === 0) onProgress?.(messages);
    });
    if (signal?.aborted) return undefined;
    await loading.finish();
    const { engine, at, mailboxes } = dump;
    const counts = { messages, mailboxes: Object.keys(mailboxes).length };
    return { root: loading.root.path, ...counts, from: engine, at: isoTime(at) };
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  } finally {
    // What is finished is not taken away.
    await loading.abandon();
  }
}
