/**
 * What is told as it happens goes on where its server went away: as soon as one is there again, from the cursor of the last thing
 * told. So nothing is told twice, and nothing is left out.
 */
import { engineIsBack, warnAway } from '../root/trouble.ts';
import type { Session } from '../root/root.ts';
import { createGrowingRest } from '../wait/growing-rest.ts';
import { Gone, isAway } from './refusals.ts';

/** Where their options are. */
const streams: Readonly<Record<string, number>> = { watch: 0, followOverview: 0, listen: 1, 'tasks.watch': 1 };

const longestRestMs = 5000;

/** What counts of their options. */
interface Options {
  readonly since?: string;
  readonly signal?: AbortSignal;
  readonly waitMs?: number;
  readonly count?: number;
  readonly onBegun?: (cursor: string) => void;
}

type Items = AsyncGenerator<unknown, unknown, undefined>;

export function isStream(name: string): boolean {
  return Object.hasOwn(streams, name);
}

/**
 * @param once the stream, for as long as its server is there
 * @throws SERVER_UNREACHABLE: there was none when it should begin, or none when its time was over
 */
export async function* goingOn(
  session: Session,
  name: string,
  args: readonly unknown[],
  { warning, once }: { readonly warning: string; readonly once: (args: readonly unknown[]) => Items },
): Items {
  const at = streams[name] ?? 0;
  const options = (args[at] ?? {}) as Options;
  const { signal, waitMs = Infinity, count = Infinity } = options;
  const { clock } = session;
  let { since } = options;
  let [told, hasBegun, lastAt] = [0, false, clock.uptime()];
  const rests = createGrowingRest(session.ids, longestRestMs);
  let isFirst = true;
  const begin = (): void => {
    hasBegun = true;
    rests.beginAnew();
    engineIsBack(session);
  };
  const onBegun = (cursor: string): void => {
    if (!hasBegun) options.onBegun?.(cursor);
    begin();
    since = cursor;
  };
  const leftMs = (): number => lastAt + waitMs - clock.uptime();
  const argsNow = (): unknown[] => {
    const left = { since, waitMs: Math.max(0, leftMs()), count: count - told };
    const given = Object.entries(left).filter(([, value]) => value !== undefined && value !== Infinity);
    // What is not to be taken is refused there, as it was given.
    const now = { ...options, ...(!isFirst && Object.fromEntries(given)), onBegun };
    isFirst = false;
    return Array.from({ length: Math.max(args.length, at + 1) }, (_, i) => (i === at ? now : args[i]));
  };
  for (;;) {
    const items = once(argsNow());
    try {
      for (;;) {
        const { done, value } = await items.next();
        if (done) return value;
        begin();
        since = (value as { readonly cursor?: string }).cursor ?? since;
        told++;
        yield value;
        lastAt = clock.uptime();
      }
    } catch (error) {
      // Who was there a moment ago may only be beginning anew.
      const mayComeBack = isAway(error) && (hasBegun || error instanceof Gone);
      if (!mayComeBack || leftMs() <= 0) throw error;
      hasBegun ||= error instanceof Gone;
      if (told >= count || signal?.aborted) return undefined;
      warnAway(session, warning);
      await rests.rest(leftMs(), signal);
      if (signal?.aborted) return undefined;
    } finally {
      await items.return(undefined).catch(() => undefined);
    }
  }
}
