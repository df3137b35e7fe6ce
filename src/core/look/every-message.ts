import type { Message } from '../../model/message.ts';
import { isLog, logOf } from '../../model/topic.ts';
import { mailboxesOf } from '../agents/agents.ts';
import { bringDueOrWarn, finishSendsOrWarn } from '../wait/due.ts';
import { lookIntoAll } from '../root/trouble.ts';
import type { DeadFilter } from '../../model/filter.ts';
import { namesFrom } from '../root/cursor.ts';
import type { Opener } from '../seal/opener.ts';
import { listEntries, type Start, startAt } from './list.ts';
import type { Seen } from './sieve.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';
import { type State, states as allStates } from '../../model/state.ts';

export interface ScanOptions {
  /** All, if not given, and with `logs` what was published, too. */
  readonly mailbox?: string;
  readonly logs?: boolean;
  /** All, if not given. */
  readonly states?: readonly State[];
  readonly filter?: DeadFilter;
  /** Behind this place: `cursorOf` tells it of an item. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** Called now and then with how many messages were looked at. */
  readonly onProgress?: (looked: number) => void;
}

/** With its message. */
type Read = Seen & { readonly message: Message; readonly place: Entry };
type Fits = (message: Message, seen: Read) => boolean | Promise<boolean>;

const progressEvery = 256;

/** One that cannot be looked through (its data is nested too deeply, for one) must not end the look at all others. */
async function fitsOrWarn(session: Session, seen: Read, fits: Fits): Promise<boolean> {
  const { message } = seen;
  try {
    return await fits(message, seen);
  } catch (error) {
    session.warn(`Message ${message.id} is passed over: it cannot be looked through (${(error as Error).message}).`);
    return false;
  }
}

/** Of mailboxes, or of the logs behind them, those that are not over. */
function placesFrom(names: readonly string[], from: Start | undefined): readonly string[] {
  if (from === undefined) return names;
  if (!isLog(from.mailbox)) return names.every(isLog) ? names : namesFrom(names, from.mailbox);
  return names.filter((name) => isLog(name) && name >= from.mailbox);
}

/**
 * Every message that fits, with where it is; reads each of their files.
 * @param said as lookIntoAll @param opener of what is sealed: what comes has it opened beside it @throws AGENT_NOT_FOUND
 */
export async function* everyMessage(
  session: Session,
  fits: Fits,
  options: ScanOptions,
  said?: Set<string>,
  opener?: Opener,
): AsyncGenerator<Read, void, undefined> {
  const { mailbox, logs = false, states = allStates, filter, signal, onProgress, after } = options;
  const from = after === undefined ? undefined : startAt(after);
  const names = placesFrom(await mailboxesOf(session, mailbox), from);
  let looked = 0;
  async function* fitting(name: string): AsyncGenerator<Read, void, undefined> {
    for await (const { message, ...where } of listEntries(session, name, states, { filter, signal, from, opener })) {
      if (++looked % progressEvery === 0) onProgress?.(looked);
      if (!message) continue;
      const seen = { ...where, message };
      if (await fitsOrWarn(session, seen, fits)) yield seen;
    }
  }
  async function* places(): AsyncGenerator<string, void, undefined> {
    yield* names;
    if (!logs || !states.includes('archived') || signal?.aborted) return;
    await finishSendsOrWarn(session);
    yield* placesFrom((await session.store.look.listTopics()).map(logOf), from);
  }
  async function* inPlace(name: string): ReturnType<typeof fitting> {
    if (signal?.aborted) return;
    if (!isLog(name)) await bringDueOrWarn(session, name, { bury: true });
    yield* fitting(name);
  }
  // One that was asked for by name and cannot be looked into is an error.
  if (mailbox === undefined) yield* lookIntoAll(session, places(), inPlace, said);
  else for (const name of names) yield* inPlace(name);
}
