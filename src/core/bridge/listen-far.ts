/** Listening to topics of another root: what is missed while it is away is asked for behind the last that was heard. */
import { type Ask, CarrierDown, type FarTopics, type Rings, type Told } from '../../carriers/port.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import { type Heard, heard } from '../../contract/look.ts';
import { fieldsIn, isNested, jsonIn, takeDataExactly } from '../../model/basics/raw-json.ts';
import { DreamosError, type ErrorCode } from '../../model/errors.ts';
import { fromFile } from '../../model/message.ts';
import { follow, type Followed } from '../follow/follow.ts';
import type { ListenOptions } from '../follow/listen.ts';
import type { Session } from '../root/root.ts';

/** The other end may have less at a time. */
const mostTogether = 1000;
/** What is asked last is answered yet. */
const leastAnswerMs = 5000;
/** The longest that a timer may have. */
const mostTimerMs = 2 ** 31 - 1;

export interface ListenFarOptions extends ListenOptions {
  /** Who listens: an agent who lives, there, at this root. */
  readonly as: string;
  /** What that root is called here; by default its address. */
  readonly peer?: string;
}

/** @throws PEER_UNREACHABLE: at the beginning, or for `waitMs`, which an answer may outlast by 5 s; what the other root refuses: FORBIDDEN, AGENT_NOT_FOUND (renamed), CURSOR_INVALID */
export async function* listenFar(
  session: Session,
  far: FarTopics,
  patterns: readonly string[],
  { as, peer = far.words, from, since = 'now', ...options }: ListenFarOptions,
): AsyncGenerator<Heard, void, undefined> {
  const { waitMs = Infinity, onWarning = (warning: string) => session.warn(warning) } = options;
  const { clock } = session;
  let hasHeard = false;
  const away = (why: string, cause?: CarrierDown): DreamosError => unreachable(far, hasHeard, why, cause);
  let lastAt = clock.uptime();
  const withinMs = (): number => {
    const ms = Math.max(leastAnswerMs, Math.ceil(lastAt + waitMs - clock.uptime()));
    return ms > mostTimerMs ? Infinity : ms;
  };
  const ask = async (place: string, most: number) => {
    const asked: Ask = { as, patterns, since: place, most, ...(from !== undefined && { from }) };
    const told = await far.ask(asked, withinMs()).catch((error: unknown) => {
      throw error instanceof CarrierDown ? away(error.message, error) : error;
    });
    if (told.is === 'heard') return told;
    throw told.is === 'later' ? away(told.reason) : refusal(peer, told);
  };
  let rings: Rings | undefined;
  let isSilent = false;
  const followed: Followed<Heard, Heard> = {
    cursor: async (at) => (await ask(at, 0)).cursor,
    read: async (cursor) => {
      const { messages, more, warnings, cursor: behind } = await ask(cursor, mostTogether);
      // It waits once all is told that there is already.
      if (more) lastAt = clock.uptime();
      hasHeard ||= messages.length > 0;
      return { events: messages.map(heardOf), cursor: behind, more: new Set(more ? ['there'] : []), warnings };
    },
    watch: async (hint) => {
      rings = far.watch(hint);
      return { sure: true, close: async () => undefined };
    },
    tell: async (one) => one,
    rest: async () => {
      const trouble = rings?.trouble();
      if (trouble !== undefined && !isSilent) onWarning(`Looking once a second: ${trouble}`);
      isSilent = trouble !== undefined;
      return { ms: rings?.restMs() ?? 0 };
    },
    isAway: (error) => error instanceof DreamosError && error.code === 'PEER_UNREACHABLE',
  };
  try {
    // What cannot be heard at all is told at once, and not waited for.
    const { cursor } = await ask(since, 0);
    for await (const one of follow(session, followed, { ...options, since: cursor })) {
      yield one;
      lastAt = clock.uptime();
    }
  } catch (error) {
    // Its end has broken what was being asked.
    if (!options.signal?.aborted) throw error;
  } finally {
    await far.close();
  }
}

/** With `data` as it was written. @throws MESSAGE_INVALID */
function heardOf(line: string): Heard {
  const json = jsonIn(line);
  if (isNested(json)) takeExactly((json as { message?: unknown }).message, line);
  const { data } = heard.safeParse(json);
  if (data) return { ...data, message: fromFile(data.message) };
  throw new DreamosError('invalid', 'MESSAGE_INVALID', `This is no message of a topic: ${line.slice(0, 60)}`, {
    hint: 'Both ends need a dreamos of about the same age',
  });
}

function takeExactly(message: unknown, line: string): void {
  let text = '';
  for (const [name, field] of fieldsIn(line)) if (name === 'message') text = field;
  if (isNested(message)) takeDataExactly(message, text);
}

function unreachable({ words }: FarTopics, hasHeard: boolean, why: string, cause?: CarrierDown): DreamosError {
  const message = `Who listens at ${words} cannot be asked: ${why}`;
  return new DreamosError('unreachable', 'PEER_UNREACHABLE', message.replace(/([^.])$/, '$1.'), {
    hint:
      cause?.hint ??
      `Once it can be reached, the same again${hasHeard ? ' with `since` goes on behind what was heard' : ' listens to it'}`,
    cause,
  });
}

function refusal(peer: string, { code, reason, hint }: Extract<Told, { is: 'refused' | 'later' }>): DreamosError {
  const isKnown = Object.hasOwn(errorCodes, code);
  const own = (isKnown ? code : 'FORBIDDEN') as ErrorCode;
  const { kind } = errorCodes[own];
  // What was asked is mended here, all else there. A command behind a colon would be taken for one about this root.
  const isOfAsked = kind === 'usage' || kind === 'invalid';
  const next = isOfAsked ? hint : hint?.replace(/^(?:Where it is asked: )?dreamos /, `Where ${peer} is run dreamos `);
  return new DreamosError(kind, own, `${peer} says: ${reason}`, next === undefined ? {} : { hint: next });
}
