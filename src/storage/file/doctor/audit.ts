/** What `dreamos doctor` looks at of the audit: whose the files are. What they say, `dreamos audit verify` looks at. */
import { checkpointLog } from '../../port/audit.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { nameOf, pathBelow, pathIn } from '../names/path.ts';
import { auditLog, isAuditLog, parseAuditKey } from '../names/slots.ts';
import { inspectFolder, inspectMode, shown } from './root.ts';

export async function* inspectAudit(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  const { audit, root } = ctx.layout;
  const stat = await ctx.disk.stat(audit);
  if (!stat) return;
  yield* inspectFolder(ctx, audit, fix);
  if (stat.kind !== 'directory') return;
  for (const name of ((await ctx.disk.list(audit)) ?? []).sort()) {
    const path = pathIn(audit, name);
    const below = shown(pathBelow(root, path));
    const hint = `Move ${path} away.`;
    if (!isAuditLog(name) && parseAuditKey(name) === undefined) {
      yield { rule: 'stranger', level: 'info', message: `${below} is nothing of dreamos; it is not looked at.`, hint };
      continue;
    }
    const file = await ctx.disk.stat(path);
    if (file && (file.kind !== 'file' || file.links > 1)) {
      const what = file.kind === 'file' ? 'has another name somewhere else (a hard link)' : `is a ${file.kind}`;
      yield { rule: 'audit', level: 'problem', message: `${below} ${what}, and nothing is written to it.`, hint };
      continue;
    }
    yield* inspectMode(ctx, path, fix);
  }
  if ((await ctx.disk.stat(auditLog(ctx.layout, checkpointLog))) === undefined) {
    const message = `${nameOf(audit)}/ has no checkpoints, so nothing in it is proved.`;
    yield { rule: 'audit', level: 'warning', message, hint: 'dreamos audit verify' };
  }
}
