/** A backup while others work: what was acknowledged before it began is in it, whole, and settles in one place. */
import { DreamosError } from '../../../src/model/errors.ts';
import { grouped } from '../../../src/model/basics/grouped.ts';
import { unseal } from '../../../src/model/message.ts';
import { collect } from '../../../src/storage/file/backup/backup.ts';
import type { Add } from '../../../src/storage/file/backup/collection.ts';
import type { IndexLine } from '../../../src/storage/file/backup/sighting.ts';
import { indexOfBackup } from '../../../src/storage/file/names/backup-name.ts';
import { contextOf } from '../../../src/storage/file/open.ts';
import { settle } from '../../../src/storage/file/restore/settle.ts';
import { root } from './check.ts';
import type { Surroundings } from './operations.ts';
import type { Process } from './process.ts';

export async function compareBackup(process: Process, { ledger, now }: Surroundings): Promise<string> {
  const due = [...ledger.messages.values()].filter(({ acknowledged, torn }) => acknowledged !== 'no' && !torn);
  const maySince = new Map(due.map(({ id, whereabouts }) => [id, new Set(whereabouts.may)]));
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
  const found = grouped(settled.values(), ({ name }) => name.id);
  for (const { id, body, whereabouts } of due) {
    const ones = found.get(id) ?? [];
    const places = ones.map(({ mailbox }) => mailbox).join(', ');
    if (new Set(ones.map(({ mailbox }) => mailbox)).size < ones.length || ones.length > whereabouts.count)
      ledger.broken('doubled', `${id} was sent to ${whereabouts.count} and is in a backup in ${places}`);
    if (ones.length < whereabouts.count)
      ledger.broken('lost', `${id} was acknowledged and is in a backup that began later only in ${places || 'none'}`);
    for (const one of ones) {
      const bytes = files.get(one.body);
      if (!whereabouts.may.has(one.mailbox) && !maySince.get(id)?.has(one.mailbox))
        ledger.broken('delivered wrong', `${id} was never in ${one.mailbox}, where it is in a backup`);
      if (!bytes || unseal(bytes).body !== body) ledger.broken('corrupt', `${id} has other words in a backup`);
    }
  }
  return `${settled.size} in the backup`;
}
