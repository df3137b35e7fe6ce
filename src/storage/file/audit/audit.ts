import type { Audit } from '../../port/audit.ts';
import type { FileContext } from '../disk/context.ts';

/** The audit's role of the port; what carries it is loaded when something is noted, or looked at. */
export function auditOf(ctx: FileContext): Audit {
  // Kept: to ask for it again is 10 us, and a line asks four times.
  let loaded: Promise<typeof import('./trail.ts')> | undefined;
  const trail = (): NonNullable<typeof loaded> => (loaded ??= import('./trail.ts'));
  return {
    days: async () => (await trail()).auditDays(ctx),
    size: async (log) => (await trail()).auditSize(ctx, log),
    append: async (log, lines) => (await trail()).appendToAudit(ctx, log, lines),
    sync: async (log) => (await trail()).syncAudit(ctx, log),
    async *read(log, from, to) {
      yield* (await trail()).readAudit(ctx, log, from, to);
    },
    remove: async (day) => (await trail()).removeAuditDay(ctx, day),
    keys: async () => (await trail()).auditKeys(ctx),
    key: async (checkpoint) => (await trail()).readAuditKey(ctx, checkpoint),
    makeKey: async (checkpoint, text) => (await trail()).makeAuditKey(ctx, checkpoint, text),
    removeKey: async (checkpoint) => (await trail()).removeAuditKey(ctx, checkpoint),
  };
}
