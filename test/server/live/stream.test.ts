import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { jsonLines, serverSentEvents } from '../../../src/server/live/frames.ts';
import { bodyOf, type Pieces } from '../../../src/server/route/pieces.ts';
import { streamed, type Told } from '../../../src/server/live/stream.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createBell } from '../../../src/core/wait/bell.ts';
import { must } from '../../core/rig.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

// It stands still with the timers.
const clock = { now: () => Date.now(), uptime: () => performance.now() };
const itemOf = (value: number) => ({ json: String(value), cursor: `c${value}` });

/** What is said to it is told to whom it streams. */
function source() {
  const bell = createBell();
  const values: (number | Error)[] = [];
  let told: Told | undefined;
  let asked = 0;
  let isOver = false;
  const items = async function* (to: Told) {
    told = to;
    try {
      for (;;) {
        const value = values.shift();
        if (value instanceof Error) throw value;
        if (value !== undefined) {
          asked++;
          yield value;
        } else if (isOver) return;
        else await bell.rest(Infinity);
      }
    } finally {
      isOver = true;
    }
  };
  return {
    items,
    say: (...more: (number | Error)[]) => {
      values.push(...more);
      bell.ring();
    },
    end: () => {
      isOver = true;
      bell.ring();
    },
    told: () => must(told),
    asked: () => asked,
    isOver: () => isOver,
  };
}

async function begun(frames = serverSentEvents) {
  const from = source();
  const starting = streamed({ frames, clock, items: from.items, itemOf });
  from.told().begun('c0');
  const pieces = must(await starting);
  await pieces.next();
  return { from, pieces };
}

const next = async (pieces: Pieces): Promise<string | undefined> => (await pieces.next()).value ?? undefined;

test('what is silent says every 15 seconds that it is there, and what comes then comes at once', async () => {
  const { from, pieces } = await begun();
  const first = next(pieces);
  await vi.advanceTimersByTimeAsync(14_999);
  from.say(1);
  expect(await first).toBe('id: c1\ndata: 1\n\n');
  const second = next(pieces);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await second).toBe(':\n\n');
});

test('all that are silent say so together, and none is for longer than 15 seconds', async () => {
  const [one, other] = [await begun(), await begun()];
  const first = next(one.pieces);
  await vi.advanceTimersByTimeAsync(8000);
  const second = next(other.pieces);
  await vi.advanceTimersByTimeAsync(7000);
  // No time goes on: what has not come by now never does.
  expect(await Promise.all([first, second])).toEqual([':\n\n', ':\n\n']);
  one.from.say(1);
  other.from.say(2);
  expect([await next(one.pieces), await next(other.pieces)]).toEqual(['id: c1\ndata: 1\n\n', 'id: c2\ndata: 2\n\n']);
});

test('what is there at once is one piece, up to a size, and nothing more is asked for than what is next', async () => {
  const { from, pieces } = await begun(jsonLines);
  from.say(...Array.from({ length: 10_000 }, (_, i) => i));
  const piece = must(await next(pieces));
  expect(piece.length).toBeGreaterThan(16_000);
  expect(piece.length).toBeLessThan(17_000);
  const many = piece.split('\n').length - 1;
  // Whoever does not read on is told no more, however long it takes.
  await vi.advanceTimersByTimeAsync(100_000);
  expect(from.asked()).toBe(many + 1);
  expect(must(await next(pieces)).startsWith(`${many}\n`)).toBe(true);
});

test('a body asks for nothing by itself, and ends what it came from when nobody wants it any more', async () => {
  const from = source();
  const starting = streamed({ frames: jsonLines, clock, items: from.items, itemOf });
  from.told().begun();
  const body = bodyOf(must(await starting));
  from.say(1, 2, 3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(from.asked()).toBe(1);
  const reader = body.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('1\n2\n3\n');
  await reader.cancel();
  from.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(from.isOver()).toBe(true);
});

test('what fails is told at its end, and what had failed before it began is no stream', async () => {
  const { from, pieces } = await begun();
  from.say(1, new DreamosError('denied', 'FORBIDDEN', 'No.', { hint: 'ask' }));
  expect(await next(pieces)).toBe(
    'id: c1\ndata: 1\n\nevent: problem\ndata: {"type":"urn:dreamos:error:FORBIDDEN","title":"FORBIDDEN","status":403,"detail":"No.","code":"FORBIDDEN","kind":"denied","hint":"ask"}\n\n',
  );
  expect(await next(pieces)).toBeUndefined();
  const early = source();
  early.say(new Error('early'));
  await expect(streamed({ frames: jsonLines, clock, items: early.items, itemOf })).rejects.toThrow('early');
  const over = source();
  over.end();
  expect(await streamed({ frames: jsonLines, clock, items: over.items, itemOf })).toBeUndefined();
});

test('an item that nobody can write is warned of, and the next one comes', async () => {
  const from = source();
  const broken = (value: number) => {
    if (value === 1) throw new DreamosError('invalid', 'MESSAGE_INVALID', 'Message 1 cannot be printed.');
    return itemOf(value);
  };
  const starting = streamed({ frames: jsonLines, clock, items: from.items, itemOf: broken });
  from.told().begun();
  const pieces = must(await starting);
  await pieces.next();
  from.say(1, 2);
  expect(await next(pieces)).toBe('{"warning":"Message 1 cannot be printed. It is passed over."}\n2\n');
});
