/** The audit as files: a log for each day, the checkpoints, and the keys of those that are still to come. */
import { DreamosError } from '../../../model/errors.ts';
import type { AuditLog } from '../../port/audit.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, isRealFolder, removedAgain, syncAncestorsOnce } from '../disk/folders.ts';
import { auditKey, auditLog, parseAuditDay, parseAuditKey } from '../names/slots.ts';

const partBytes = 1024 * 1024;
/** A private key in PEM has 119. */
const mostKeyBytes = 4096;

export async function auditDays(ctx: FileContext): Promise<string[]> {
  return (await names(ctx)).flatMap((name) => parseAuditDay(name) ?? []).sort();
}

export async function auditSize(ctx: FileContext, log: AuditLog): Promise<number> {
  const stat = await ctx.disk.stat(auditLog(ctx.layout, log));
  return stat?.kind === 'file' ? stat.size : 0;
}

export async function appendToAudit(ctx: FileContext, log: AuditLog, lines: string): Promise<void> {
  const { audit } = ctx.layout;
  for (let tries = 2; tries > 0; tries--) {
    // Also a guard: through a link in its place the lines would land outside of the root.
    await ensureFolder(ctx, audit);
    if (await ctx.disk.append(auditLog(ctx.layout, log), lines)) return;
    forgetFolder(ctx, audit);
  }
  throw removedAgain(audit);
}

export async function syncAudit(ctx: FileContext, log: AuditLog): Promise<void> {
  await ctx.disk.syncFile(auditLog(ctx.layout, log));
  await syncNames(ctx);
}

async function syncNames(ctx: FileContext): Promise<void> {
  const { audit, root } = ctx.layout;
  await ctx.disk.syncDir(audit);
  await syncAncestorsOnce(ctx, audit, root);
}

export async function* readAudit(
  ctx: FileContext,
  log: AuditLog,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, void> {
  if (!(await isRealFolder(ctx, ctx.layout.audit))) return;
  const path = auditLog(ctx.layout, log);
  const file = await ctx.disk.open(path);
  if (!file.ok) {
    if (file.missing) return;
    throw new DreamosError('disk', 'DISK_FAILED', `${path} cannot be read: ${file.why}.`, {
      hint: 'To put it aside: dreamos doctor --fix',
    });
  }
  try {
    for (let at = from; at < to;) {
      const part = await file.read(at, Math.min(partBytes, to - at));
      if (part.length === 0) return;
      at += part.length;
      yield part;
    }
  } finally {
    await file.close();
  }
}

export async function removeAuditDay(ctx: FileContext, day: string): Promise<boolean> {
  return (await isRealFolder(ctx, ctx.layout.audit)) && ctx.disk.remove(auditLog(ctx.layout, day));
}

export async function auditKeys(ctx: FileContext): Promise<number[]> {
  return (await names(ctx)).flatMap((name) => parseAuditKey(name) ?? []).sort((a, b) => a - b);
}

export async function readAuditKey(ctx: FileContext, checkpoint: number): Promise<string | undefined> {
  if (!(await isRealFolder(ctx, ctx.layout.audit))) return undefined;
  const file = await ctx.disk.read(auditKey(ctx.layout, checkpoint), { maxBytes: mostKeyBytes });
  return file.ok ? file.bytes.toString() : undefined;
}

export async function makeAuditKey(ctx: FileContext, checkpoint: number, text: string): Promise<boolean> {
  const { audit } = ctx.layout;
  await ensureFolder(ctx, audit);
  const path = auditKey(ctx.layout, checkpoint);
  if (await ctx.disk.stat(path)) return false;
  if (!(await ctx.disk.create(path, Buffer.from(text), { sync: true }))) throw removedAgain(audit);
  await syncNames(ctx);
  return true;
}

export async function removeAuditKey(ctx: FileContext, checkpoint: number): Promise<void> {
  if (await isRealFolder(ctx, ctx.layout.audit)) await ctx.disk.remove(auditKey(ctx.layout, checkpoint));
}

async function names(ctx: FileContext): Promise<string[]> {
  const { audit } = ctx.layout;
  return (await isRealFolder(ctx, audit)) ? ((await ctx.disk.list(audit)) ?? []) : [];
}
