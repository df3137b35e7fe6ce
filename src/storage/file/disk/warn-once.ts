import type { FileContext } from './context.ts';
import { memory } from './memory.ts';

const told = memory(() => new Set<string>());

/** For what is met again with every look: a watcher would say it every five seconds. @param what what is known again */
export function warnOnce(ctx: FileContext, message: string, what = message): void {
  const known = told.of(ctx);
  if (known.has(what)) return;
  if (known.size > 1024) known.clear();
  known.add(what);
  ctx.warn(message);
}

/** Should it come again, it is said again. */
export function troubleIsOver(ctx: FileContext, what: string): void {
  const known = told.of(ctx);
  if (known.size > 0) known.delete(what);
}
