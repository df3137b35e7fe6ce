import { usage } from '../../model/refusals.ts';
import type { BackedUp } from '../../contract/keep.ts';
import type { BackupOptions } from '../../storage/port/upkeep.ts';
import type { Session } from '../root/root.ts';
import { operation } from '../root/operation.ts';

export const backup = operation('backup', backupBody);

async function backupBody(
  { store }: Session,
  file: string,
  options: BackupOptions = {},
): Promise<BackedUp | undefined> {
  const { upkeep } = store;
  if (!upkeep?.backup)
    throw usage(
      'This root keeps its mail in an engine, whose own copies are its backup.',
      'Which those are: dreamos help engines',
    );
  const written = await upkeep.backup(file, options);
  return written && { ...written, begunAt: new Date(written.begunAt).toISOString() };
}
