import { type Audit, checkpointLog } from '../../port/audit.ts';
import type { Rollups } from '../../port/rollups.ts';
import { ifRepeated } from '../link/link.ts';
import type { RedisContext } from './context.ts';
import { texts } from './entry.ts';

const readAtOnce = 1024 * 1024;

export function auditOf({ link }: RedisContext): Audit {
  return {
    days: async () =>
      texts(await link.run('auditDays'))
        .filter((log) => log !== checkpointLog)
        .sort(),
    size: async (log) => Number(await link.run('auditSize', log)),
    append: async (log, lines) => void (await link.run('auditAppend', log, lines)),
    // The server has synced it, as far as it syncs, before it answered.
    sync: async () => undefined,
    read: async function* (log, from, to) {
      for (let at = from; at < to;) {
        const end = Math.min(to, at + readAtOnce);
        const bytes = (await link.run('auditRead', log, String(at), String(end - 1))) as Buffer;
        if (bytes.length === 0) return;
        yield bytes;
        at += bytes.length;
      }
    },
    remove: async (day) => Number(await link.run('auditRemove', day, ifRepeated)) === 1,
    keys: async () =>
      texts(await link.run('auditKeys'))
        .map(Number)
        .sort((a, b) => a - b),
    key: async (checkpoint) => {
      const key = String(await link.run('auditKey', String(checkpoint)));
      return key === '' ? undefined : key;
    },
    makeKey: async (checkpoint, key) => Number(await link.run('auditMakeKey', String(checkpoint), key)) === 1,
    removeKey: async (checkpoint) => void (await link.run('auditRemoveKey', String(checkpoint))),
  };
}

export function rollupsOf({ link }: RedisContext): Rollups {
  return {
    days: async (mailbox) => texts(await link.run('rollups', mailbox)).filter((name) => name !== 'index'),
    read: async (mailbox, name, firstBytes) => {
      const bytes = (await link.run('rollup', mailbox, name)) as Buffer | null;
      return bytes === null ? undefined : bytes.subarray(0, firstBytes).toString();
    },
    write: async (mailbox, name, text) => void (await link.run('writeRollup', mailbox, name, text)),
  };
}
