/**
 * An answer that goes on. Whoever reads slowly is held back: while what was written has not left this process nothing more is
 * asked of the operation, which reads on from its logs once it is asked. So nothing is kept for a reader, and nothing lost.
 */
import { asDreamosError } from '../../cli/errors.ts';
import { isUnprintable } from '../../cli/print-message.ts';
import type { Clock } from '../../model/clock.ts';
import { type Bell, createBell } from '../../core/wait/bell.ts';
import type { Pieces } from '../route/pieces.ts';
import type { Frames } from './frames.ts';
import { onTick } from './ticks.ts';

/** What is there at once is written together, up to about so much; characters. */
const mostTogether = 16 * 1024;

/** What an operation says by the way. */
export interface Told {
  /** It has begun; with the cursor it is gone on from there. */
  begun(cursor?: string): void;
  warn(text: string): void;
}

/** What is told of an item: its JSON, in one line, and the cursor that goes on behind it. */
export interface Item {
  readonly json: string;
  readonly cursor?: string | undefined;
}

export interface Streamed {
  readonly frames: Frames;
  /** By which it is told who is silent for long. */
  readonly clock: Clock;
  /** They end with the signal of the call. What cannot be written is MESSAGE_INVALID by `itemOf`, and passed over. */
  readonly items: (told: Told) => AsyncGenerator<unknown, unknown, undefined>;
  readonly itemOf: (value: never) => Item;
  /** Told of what fails behind the first bytes, where there is no status any more. */
  readonly failed?: (error: unknown) => Promise<void>;
}

/**
 * Waits until it is sure that nothing is missed from then on.
 * @returns `undefined`: it was over before; else what is to be written @throws what the operation says before that
 */
export async function streamed(of: Streamed): Promise<Pieces | undefined> {
  const warnings: string[] = [];
  const bell = createBell();
  const start = { hasBegun: false, cursor: undefined as string | undefined };
  const coming = createComing(
    of.items({
      begun: (cursor) => {
        Object.assign(start, { hasBegun: true, cursor });
        bell.ring();
      },
      warn: (text) => {
        warnings.push(text);
        bell.ring();
      },
    }),
    () => bell.ring(),
  );
  while (!start.hasBegun && coming.came() === undefined) await bell.rest(Infinity);
  const first = coming.came();
  if (first !== undefined && 'error' in first) throw first.error;
  if (first?.done) return undefined;
  const { frames } = of;
  const warned = (): string => warnings.splice(0).map(frames.warning).join('');
  return (async function* () {
    try {
      yield frames.begun(start.cursor);
      for (;;) {
        const { text, isOver } = await takeThere(of, coming, warned);
        if (text !== '') yield text;
        if (isOver) return;
        if (text === '' && !(await cameBefore(of.clock, bell))) yield frames.alive;
      }
    } finally {
      await coming.end();
    }
  })();
}

/** @returns `false`: it has been silent for long */
async function cameBefore(clock: Clock, bell: Bell): Promise<boolean> {
  let isLong = false;
  const end = onTick(clock, () => {
    isLong = true;
    bell.ring();
  });
  await bell.rest(Infinity);
  end();
  return !isLong;
}

/** What has come by now, without waiting. @param warned what was warned of since it was asked, as it is written */
async function takeThere(
  { frames, itemOf, failed }: Streamed,
  coming: Coming,
  warned: () => string,
): Promise<{ text: string; isOver: boolean }> {
  let text = '';
  while (text.length < mostTogether) {
    const came = await coming.soon();
    text += warned();
    if (came === undefined) break;
    if ('error' in came) {
      await failed?.(came.error);
      return { text: text + frames.failure(asDreamosError(came.error)), isOver: true };
    }
    if (came.done) return { text, isOver: true };
    coming.ask();
    text += pieceOf(frames, itemOf, came.value);
  }
  return { text, isOver: false };
}

function pieceOf(frames: Frames, itemOf: Streamed['itemOf'], value: unknown): string {
  try {
    const { json, cursor } = itemOf(value as never);
    return frames.item(json, cursor);
  } catch (error) {
    if (!isUnprintable(error)) throw error;
    return frames.warning(`${error.message} It is passed over.`);
  }
}

type Came = IteratorResult<unknown, unknown> | { readonly error: unknown };

/** Asks for one item at a time, and knows whether it is there. */
interface Coming {
  /** `undefined`: it is not there yet. */
  came(): Came | undefined;
  /** The same, a little later: what needs no disk is there by then. */
  soon(): Promise<Came | undefined>;
  ask(): void;
  end(): Promise<void>;
}

/** Items of one batch come from one another within so many rounds of microtasks. (A turn of the event loop would be 18 us.) */
const mostRounds = 50;

function createComing(items: AsyncGenerator<unknown, unknown, undefined>, ring: () => void): Coming {
  let now: Came | undefined;
  const come = (came: Came): void => {
    now = came;
    ring();
  };
  const ask = (): void => {
    now = undefined;
    void items.next().then(come, (error: unknown) => come({ error }));
  };
  ask();
  return {
    came: () => now,
    soon: async () => {
      for (let round = 0; now === undefined && round < mostRounds; round++) await Promise.resolve();
      return now;
    },
    ask,
    end: async () => {
      await items.return(undefined).catch(() => undefined);
    },
  };
}
