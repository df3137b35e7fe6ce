import type { FileContext } from './context.ts';

/** For what is met again with every look: a watcher would say it every five seconds. */
export function warnOnce(ctx: FileContext, message: string): void {
  if (ctx.told.has(message)) return;
  if (ctx.told.size > 1024) ctx.told.clear();
  ctx.told.add(message);
  ctx.warn(message);
}
