import type { Heard } from '../../contract/look.ts';
import type { MailEvent } from '../../model/event.ts';
import { type Message, priorities } from '../../model/message.ts';
import { logOf, parseTopicPattern, topicMatches, topicOf } from '../../model/topic.ts';
import { createBell } from '../wait/bell.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';

export interface ListenOptions {
  /** The cursor of the last message that was heard; `start`: all that the logs still hold; else from now on. */
  readonly since?: string;
  /** Nothing that was published before; milliseconds since 1970. */
  readonly from?: number;
  readonly signal?: AbortSignal;
  /** The longest time without a message; milliseconds. */
  readonly waitMs?: number;
  /** Ends after so many messages. */
  readonly count?: number;
  /** For example: a message that is no longer there. Else they go to the root's `warn`. */
  readonly onWarning?: (warning: string) => void;
}

// For the hint that is lost when a publisher dies between its change and its event.
const lookAgainMs = 5000;

export async function* listen(
  session: Session,
  patterns: string | readonly string[],
  options: ListenOptions = {},
): AsyncGenerator<Heard, void, undefined> {
  const { since, from = -Infinity, signal, waitMs = Infinity, count = Infinity } = options;
  const onWarning = options.onWarning ?? ((warning: string) => session.warn(warning));
  const { store, clock } = session;
  const wanted = [patterns].flat().map(parseTopicPattern);
  const accepts = (topic: string): boolean => wanted.some((pattern) => topicMatches(pattern, topic));
  const logs = async (): Promise<string[]> => (await store.look.listTopics()).filter(accepts).map(logOf);

  // Before anything else can happen. A topic that the cursor does not know is new, and heard from its start.
  let cursor =
    since === undefined || since === 'start' ? await store.journal.cursor(await logs(), since ?? 'now') : since;
  // Asked once before listening, so that nonsense is refused without ado.
  await store.journal.readEvents(await logs(), cursor);
  const bell = createBell();
  const wake = await store.journal.watchTopics(wanted, () => bell.ring());
  if (wake.degraded !== undefined) onWarning(`Looking once a second: ${wake.degraded}`);
  try {
    let told = 0;
    let lastAt = clock.uptime();
    let rung = false;
    while (!signal?.aborted && told < count) {
      // Not at each hint: then the publisher is most likely still at it.
      if (!rung) await store.mail.finishSends();
      const batch = await store.journal.readEvents(await logs(), cursor);
      for (const warning of batch.warnings) onWarning(warning);
      const gone = new Map<string, number>();
      for (const event of batch.events) {
        if (signal?.aborted) break;
        if (event.event !== 'published' || Date.parse(event.at) < from) continue;
        const message = await messageOf(session, event);
        if (message === undefined) gone.set(event.mailbox, (gone.get(event.mailbox) ?? 0) + 1);
        if (!message) continue;
        yield { cursor: event.cursor, topic: topicOf(event.mailbox) ?? '', at: event.at, message };
        lastAt = clock.uptime();
        if (++told >= count) break;
      }
      for (const [log, many] of gone) onWarning(goneText(log, many));
      if (signal?.aborted || told >= count) return;
      cursor = batch.cursor;
      rung = true;
      if (batch.events.length > 0) continue;
      const leftMs = lastAt + waitMs - clock.uptime();
      if (leftMs <= 0) return;
      rung = await bell.rest(Math.min(leftMs, lookAgainMs), signal);
    }
  } finally {
    await wake.close();
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
