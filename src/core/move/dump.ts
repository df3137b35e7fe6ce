import type { Dumped } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { ExportFolder, lookAtExport } from '../../storage/file/disk/foreign/export-file.ts';
import { DumpWriter } from '../../storage/port/dump/lines.ts';
import type { DumpOptions } from '../../storage/port/dump/loading.ts';
import { operation } from '../root/operation.ts';
import type { Session } from '../root/root.ts';

/** Writes all that a root holds, as JSON Lines. @param write its next part @returns `undefined`: the signal came */
export const dump = operation('dump', dumpBody);

/** The same into a file, which appears when it is whole and synced. */
export const dumpToFile = operation('dump', dumpToFileBody);

type Sum = Omit<Dumped, 'file'>;

async function dumpBody(
  session: Session,
  write: (text: string) => Promise<void>,
  options: DumpOptions = {},
): Promise<Sum | undefined> {
  const { store, clock } = session;
  if (!store.dump) throw usage('The storage of this root has no dumps.', 'Which have: dreamos help housekeeping');
  const at = clock.now();
  let bytes = 0;
  const writer = new DumpWriter(async (text) => {
    bytes += Buffer.byteLength(text);
    await write(text);
  });
  const identity = (await store.documents.get('identity'))?.value as { readonly id?: unknown } | undefined;
  const root = typeof identity?.id === 'string' ? identity.id : null;
  await writer.begin({ engine: store.engine ?? 'files', root, at });
  if (!(await store.dump(writer.take, options))) return undefined;
  const { records, mailboxes } = await writer.end();
  const { messages } = writer.tally;
  return { messages, mailboxes: Object.keys(mailboxes).length, records, bytes, at: new Date(at).toISOString() };
}

async function dumpToFileBody(session: Session, path: string, options: DumpOptions = {}): Promise<Dumped | undefined> {
  const file = lookAtExport(path, session.path);
  if (file.stat) throw taken(file.path);
  const folder = new ExportFolder(file.folder, session.ids.token());
  const texts = folder.texts();
  try {
    const sum = await dumpBody(session, async (text) => texts.write('dump', text), options);
    if (!sum || options.signal?.aborted) return undefined;
    if (!(await texts.place('dump', file))) throw taken(file.path);
    return { file: file.path, ...sum };
  } finally {
    texts.close();
    folder.remove();
  }
}

function taken(path: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${path} is there already, and a dump replaces nothing.`, {
    hint: 'Name another file, for example: dreamos dump mail-$(date +%F-%H%M).jsonl',
  });
}
