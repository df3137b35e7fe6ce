/**
 * A push may be lost, so now and then the ends of today's logs are looked at: for all who follow any of them in this process
 * together, and no more than is asked of the file system for their sizes.
 */
import { beatMs, restByBeat } from '../../../model/clock.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { dayOf, eventLog } from '../names/slots.ts';

const restMs = beatMs;
/** Of very many logs a look takes long: then it rests for so many times as long, and not for longer than a minute. */
const share = 20;
const longestRestMs = 60_000;

interface Follower {
  readonly names: () => Promise<readonly string[]>;
  readonly found: (where: ReadonlySet<string> | undefined) => void;
  /** Whether a look was made for it. */
  isKnown: boolean;
}

interface Sweep {
  readonly followers: Set<Follower>;
  /** By log, where it ended at the last look. */
  ends: ReadonlyMap<string, string>;
  timer?: NodeJS.Timeout | undefined;
}

const sweeps = memory((): Sweep => ({ followers: new Set(), ends: new Map() }));

/**
 * The first look, after the first rest, is what later ones go by, and has everybody look once: what came before it may be missed.
 * @param names whose logs @param found of which logs the end has moved; `undefined`: it could not be seen
 * @returns ends it
 */
export function sweepLogs(ctx: FileContext, names: Follower['names'], found: Follower['found']): () => void {
  const sweep = sweeps.of(ctx);
  const { followers } = sweep;
  const follower: Follower = { names, found, isKnown: false };
  followers.add(follower);
  if (followers.size === 1) rest(ctx, sweep, restMs);
  return () => {
    followers.delete(follower);
    if (followers.size === 0) clearTimeout(sweep.timer);
  };
}

function rest(ctx: FileContext, sweep: Sweep, ms: number): void {
  clearTimeout(sweep.timer);
  sweep.timer = setTimeout(() => void look(ctx, sweep), restByBeat(ctx.clock, ms)).unref();
}

async function look(ctx: FileContext, sweep: Sweep): Promise<void> {
  const begun = ctx.clock.uptime();
  const { followers, ends: before } = sweep;
  const ends = new Map<string, string>();
  const day = dayOf(ctx.clock.now());
  const endOf = async (name: string): Promise<string> => {
    const log = await ctx.disk.stat(eventLog(ctx.layout.mailbox(name), day));
    return `${day} ${log?.size ?? 0}`;
  };
  for (const follower of followers) {
    try {
      const moved = new Set<string>();
      for (const name of await follower.names()) {
        const end = ends.get(name) ?? (await endOf(name));
        ends.set(name, end);
        if (before.get(name) !== end) moved.add(name);
      }
      const { isKnown } = follower;
      follower.isKnown = true;
      if ((moved.size > 0 || !isKnown) && followers.has(follower)) follower.found(isKnown ? moved : undefined);
    } catch {
      // Whoever follows them says why.
      if (followers.has(follower)) follower.found(undefined);
    }
  }
  sweep.ends = ends;
  const tookMs = ctx.clock.uptime() - begun;
  if (followers.size > 0) rest(ctx, sweep, Math.min(longestRestMs, Math.max(restMs, share * tookMs)));
}
