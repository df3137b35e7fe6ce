import type { Heard } from '../../contract/look.ts';
import { beatBy } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { MailEvent } from '../../model/event.ts';
import { type Message, priorities } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { parseTopicPattern, topicOf } from '../../model/topic.ts';
import { checkHandedOut, signatureOf } from '../identity/signatures/look.ts';
import { lookAgainMs } from '../wait/bell.ts';
import { finishSendsOrWarn } from '../wait/due.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import type { Mail } from '../../storage/port/mail.ts';
import { follow, type Followed, type FollowOptions, readOn } from './follow.ts';
import { eachOf } from '../root/operation.ts';

export interface ListenOptions extends FollowOptions {
  /** Nothing that was published before; milliseconds since 1970. */
  readonly from?: number;
}

/** When to finish what senders that have died left: many who listen in this process look no more often than one. */
const finishAt = new WeakMap<Mail, number>();

export const listen = eachOf('listen', listenBody, (patterns) => ({
  seen: [patterns].flat(),
  lasting: 'looks',
}));

async function* listenBody(
  session: Session,
  patterns: string | readonly string[],
  options: ListenOptions = {},
): AsyncGenerator<Heard, void, undefined> {
  const { followed, sayGone } = heardIn(session, patterns, options);
  try {
    yield* follow(session, followed, options);
  } finally {
    sayGone();
  }
}

/** Some of what was published. */
export interface Page {
  readonly heard: readonly Heard[];
  /** Continues behind them. */
  readonly cursor: string;
  /** There is more already. */
  readonly more: boolean;
}

export interface PageOptions extends Pick<ListenOptions, 'from' | 'onWarning'> {
  /** A cursor, `start` or `now`. */
  readonly since: string;
  /** Whether this one is the last. */
  readonly isFull: (heard: Heard) => boolean;
}

/** Who waits for a page is not left without one: it ends after this, and may have nothing in it. */
const pageMs = 2000;

/** As `listen`, of what is there now; it asks no gate. @param options without `isFull` it is only looked where it begins */
export async function listenOnce(
  session: Session,
  patterns: readonly string[],
  { since, isFull, ...options }: Omit<PageOptions, 'isFull'> & Partial<PageOptions>,
): Promise<Page> {
  const { clock } = session;
  const endAt = clock.uptime() + pageMs;
  const { followed, sayGone } = heardIn(session, patterns, options);
  const heard: Heard[] = [];
  let cursor = since === 'now' || since === 'start' ? await followed.cursor(since) : since;
  const page = (more: boolean): Page => {
    sayGone();
    return { heard, cursor, more };
  };
  for (let why: 'time' | 'more' = 'time'; ; why = 'more') {
    const batch = await followed.read(cursor, why);
    if (!isFull) return page(true);
    for (const warning of batch.warnings) options.onWarning?.(warning);
    for (const event of batch.events) {
      const one = await followed.tell(event);
      cursor = event.cursor;
      if (one) heard.push(one);
      if ((one && isFull(one)) || clock.uptime() >= endAt) return page(true);
    }
    cursor = batch.cursor;
    const more = batch.more.size > 0;
    if (!more || clock.uptime() >= endAt) return page(more);
  }
}

function heardIn(
  session: Session,
  patterns: string | readonly string[],
  { from = -Infinity, onWarning = (warning) => session.warn(warning) }: Pick<ListenOptions, 'from' | 'onWarning'>,
): { followed: Followed<Heard>; sayGone: () => void } {
  const { store } = session;
  const of = { topics: [patterns].flat().map(parseTopicPattern) };
  const gone = new Map<string, number>();
  const sayGone = (): void => {
    for (const [log, many] of gone) onWarning(goneText(log, many));
    gone.clear();
  };
  const followed: Followed<Heard> = {
    cursor: (at) => store.journal.cursor(of, at),
    read: async (cursor, why, among) => {
      // Not at each hint: then the publisher is most likely still at it.
      const now = session.clock.uptime();
      if (why === 'time' && now >= (finishAt.get(store.mail) ?? -Infinity)) {
        finishAt.set(store.mail, beatBy(session.clock, now + lookAgainMs));
        await finishSendsOrWarn(session);
      }
      // What was finished hints as every send does.
      return readOn(store, of, cursor, among);
    },
    watch: (hint) => store.journal.watch(of, hint),
    tell: async (event) => {
      if (event.event !== 'published' || Date.parse(event.at) < from) return undefined;
      const message = await messageOf({ ...session, warn: onWarning }, event);
      if (message === undefined) gone.set(event.mailbox, (gone.get(event.mailbox) ?? 0) + 1);
      const { cursor, at, again } = event;
      const topic = topicOf(event.mailbox) ?? '';
      const signature = message ? await signatureOrWarn(session, message, onWarning) : undefined;
      if (!message || !signature) return undefined;
      return { cursor, topic, at, message, ...(again && { again }), ...signature };
    },
    rest: async () => {
      sayGone();
      // With all others who listen: together they wake their process once.
      const againMs = (finishAt.get(store.mail) ?? -Infinity) - session.clock.uptime();
      return { ms: againMs > 0 ? againMs : lookAgainMs };
    },
  };
  return { followed, sayGone };
}

/** Where signatures are required, what has none is not heard: nobody claims here. @returns `undefined`: it is passed over */
async function signatureOrWarn(
  session: Session,
  message: Message,
  onWarning: (warning: string) => void,
): Promise<Signature | undefined> {
  try {
    const signature = await signatureOf(session, message);
    await checkHandedOut({ ...session, warn: onWarning }, message, signature);
    return signature;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'denied') throw error;
    onWarning(`${error.message} It is passed over.`);
    return undefined;
  }
}

/** `undefined`: it is not there any more; `null`: it cannot be read, which is said. */
async function messageOf(
  session: Session,
  { id, mailbox, key = '', priority }: MailEvent,
): Promise<Message | null | undefined> {
  // Nothing moves in a log, so what is not in its place is not searched for: ten thousand may have been pruned.
  const known = priorities.find((one) => one === priority) ?? 'normal';
  return readOrWarn(session, { key, mailbox, id, state: 'archived', priority: known, attempt: 0 });
}

/** One warning for all of them: what was pruned on the log's first day is told of as long as that day's events are kept. */
function goneText(log: string, many: number): string {
  const what = `published to ${topicOf(log)}`;
  return many === 1
    ? `1 message ${what} is not there any more and is passed over.`
    : `${many} messages ${what} are not there any more and are passed over.`;
}
