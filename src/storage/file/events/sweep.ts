/**
 * A push may be lost, so now and then the ends of today's logs are looked at: for all who follow them in this process together, and
 * no more than is asked of the file system for their sizes.
 */
import type { FileContext } from '../disk/context.ts';
import { dayOf, eventLog } from '../names/slots.ts';

const restMs = 5000;
/** Of very many logs a look takes long: then it rests for so many times as long, and not for longer than a minute. */
const share = 20;
const longestRestMs = 60_000;

/**
 * The first look, after the first rest, is what later ones go by, and has everybody look once: what came before it may be missed.
 * @param names whose logs @param found of which logs the end has moved; `undefined`: it could not be seen
 * @returns ends it
 */
export function sweepLogs(
  ctx: FileContext,
  names: () => Promise<readonly string[]>,
  found: (where: ReadonlySet<string> | undefined) => void,
): () => void {
  let ends: ReadonlyMap<string, string> | undefined;
  let timer: NodeJS.Timeout;
  let isStopped = false;
  const rest = (ms: number): void => {
    if (!isStopped) timer = setTimeout(() => void look(), ms).unref();
  };
  const look = async (): Promise<void> => {
    const begun = ctx.clock.uptime();
    const before = ends;
    try {
      ends = await endsOf(ctx, await names());
      const moved = new Set([...ends].flatMap(([name, end]) => (before?.get(name) === end ? [] : [name])));
      if (moved.size > 0 && !isStopped) found(before && moved);
    } catch {
      // Whoever follows them says why.
      if (!isStopped) found(undefined);
    }
    rest(Math.min(longestRestMs, Math.max(restMs, share * (ctx.clock.uptime() - begun))));
  };
  rest(restMs);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

async function endsOf(ctx: FileContext, names: readonly string[]): Promise<Map<string, string>> {
  const day = dayOf(ctx.clock.now());
  const ends = new Map<string, string>();
  for (const name of names) {
    const log = await ctx.disk.stat(eventLog(ctx.layout.mailbox(name), day));
    ends.set(name, `${day} ${log?.size ?? 0}`);
  }
  return ends;
}
