/** A backup while others work: what was acknowledged before it began is in it, whole, and settles in one place. */
import { DreamosError } from '../../../src/model/errors.ts';
import { unseal } from '../../../src/model/message.ts';
import { collect } from '../../../src/storage/file/backup/backup.ts';
import type { Add } from '../../../src/storage/file/backup/collection.ts';
import type { IndexLine } from '../../../src/storage/file/backup/sighting.ts';
import { indexOfBackup } from '../../../src/storage/file/names/backup-name.ts';
import { contextOf } from '../../../src/storage/file/open.ts';
import { settle, settledKey } from '../../../src/storage/file/restore/settle.ts';
import { root } from './check.ts';
import type { Surroundings } from './operations.ts';
import type { Process } from './process.ts';

export async function compareBackup(process: Process, { ledger, now }: Surroundings): Promise<string> {
  const due = [...ledger.messages.values()].filter(({ acknowledged, torn }) => acknowledged !== 'no' && !torn);
  const clock = { now, uptime: now };
  const ctx = contextOf(process.disk, root, { clock, ids: process.ids, warn: () => undefined });
  const files = new Map<string, Buffer>();
  const add: Add = async (file) => {
    const parts: Uint8Array[] = [];
    for await (const part of 'bytes' in file ? [file.bytes] : file.parts) parts.push(part);
    files.set(file.name, Buffer.concat(parts));
  };
  const begunAt = now();
  try {
    await collect(ctx, add, begunAt, {});
  } catch (error) {
    // Something was somewhere else at every look, and there is no backup.
    if (error instanceof DreamosError && error.code === 'STATE_CHANGED') return error.code;
    throw error;
  }
  const text = files.get(indexOfBackup)?.toString() ?? '';
  const lines = text.split('\n').filter(Boolean);
  const index = lines.map((line) => JSON.parse(line) as IndexLine);
  const seen = index.filter((line) => line.kind === 'seen');
  const settled = settle(seen, { begunAt, endedAt: now() });
  for (const { id, mailboxes, body } of due) {
    for (const mailbox of mailboxes) {
      const one = settled.get(settledKey(mailbox, id));
      const bytes = one && files.get(one.body);
      if (!bytes) ledger.broken('lost', `${mailbox}/${id} was acknowledged and is not in a backup that began later`);
      else if (unseal(bytes).body !== body) ledger.broken('corrupt', `${mailbox}/${id} has other words in a backup`);
    }
  }
  return `${settled.size} in the backup`;
}
