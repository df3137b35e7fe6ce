import { hourMs } from '../../../model/basics/limits.ts';
import type { FileContext } from './context.ts';
import { memory } from './memory.ts';

const told = memory(() => ({ known: new Set<string>(), since: 0 }));
const mostKnown = 1000;

/**
 * For what is met again with every look: a watcher would say it every five seconds. Of thousands, such as junk, the first are
 * told, and that there are more; begun anew each time, every look told them all.
 * @param what what is known again
 */
export function warnOnce(ctx: FileContext, message: string, what = message): void {
  const memo = told.of(ctx);
  const { known } = memo;
  if (known.has(what)) return;
  const now = ctx.clock.uptime();
  // Who runs for days must not be silent for ever.
  if (known.size > mostKnown && now - memo.since > hourMs) known.clear();
  if (known.size > mostKnown) return;
  if (known.size === 0) memo.since = now;
  known.add(what);
  ctx.warn(known.size > mostKnown ? 'There is more like this, of which nothing is said here: dreamos doctor' : message);
}

/** Should it come again, it is said again. */
export function troubleIsOver(ctx: FileContext, what: string): void {
  const { known } = told.of(ctx);
  if (known.size > 0) known.delete(what);
}
