/**
 * Sends of one process that are made at the same time go to the store in one call, and so share its syncs; those that come
 * while one is on its way wait for it, and go together. Where none is on its way, one alone waits for no other. Each has its
 * own result: what fails for what they have in common is tried alone.
 */
import { DreamosError } from '../../model/errors.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { isLog } from '../../model/topic.ts';
import type { Outgoing, Sent } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';

type Result = Sent | DreamosError;

interface Waiting {
  readonly outgoing: Outgoing;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Gathering {
  /** Those that come behind one that has not gone yet; `undefined`: there is none. */
  behind: Waiting[] | undefined;
  isUnderWay: boolean;
  /** The last ones went together: others are likely to come with the next one, too. */
  wasShared: boolean;
  /** Lets go the one that waits for what is under way. */
  go?: (() => void) | undefined;
}

const gathered = new WeakMap<Store, Gathering>();

// What is longer takes longer to write than to sync, and a file that many share stays until the last of them is gone.
const mostTogether = 256;
const mostCharacters = 256 * 1024;

/** Whether it can share: to one mailbox, without a key. All else goes through outbox/ by itself. */
export function canShare({ mailboxes, message }: Outgoing): boolean {
  const [only, ...more] = mailboxes;
  const hasKey = message.dedupeKey !== null || (message.replaceKey ?? null) !== null;
  return only !== undefined && more.length === 0 && !hasKey && !isLog(only);
}

/** As the store's `send` of one message, with durability `full`. */
export async function sendGathered(store: Store, outgoing: Outgoing): Promise<Result> {
  const known = gathered.get(store);
  const gathering: Gathering = known ?? { behind: undefined, isUnderWay: false, wasShared: false };
  if (!known) gathered.set(store, gathering);
  const { behind } = gathering;
  if (behind) return new Promise((resolve, reject) => behind.push({ outgoing, resolve, reject }));

  const others: Waiting[] = [];
  gathering.behind = others;
  // What a server is asked comes in turns of the event loop of their own: on their own 32 connections would send hardly more
  // than one does, on a disk that syncs for each of them.
  const isContended = gathering.isUnderWay || gathering.wasShared;
  if (gathering.isUnderWay) await new Promise<void>((resolve) => (gathering.go = resolve));
  // A sync holds the event loop, and who came meanwhile is read with its next turn but one.
  if (isContended) for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setImmediate(resolve));
  // Calls that were made together come here in the same round of microtasks. (A turn of the event loop would be 18 us.)
  for (let seen = -1; seen < others.length;) {
    seen = others.length;
    await Promise.resolve();
  }
  gathering.behind = undefined;
  gathering.isUnderWay = true;
  gathering.wasShared = others.length > 0;
  const ended = (): void => {
    gathering.isUnderWay = false;
    gathering.go?.();
    gathering.go = undefined;
  };
  if (others.length === 0) return sendAlone(store, outgoing).finally(ended);
  return new Promise((resolve, reject) => {
    void sendParts(store, [{ outgoing, resolve, reject }, ...others]).finally(ended);
  });
}

async function sendAlone(store: Store, outgoing: Outgoing): Promise<Result> {
  const [result] = await store.mail.send([outgoing], { durability: 'full' });
  if (!result) throw new Error('The store answered with fewer results than messages.');
  return result;
}

async function sendParts(store: Store, all: readonly Waiting[]): Promise<void> {
  for (let at = 0; at < all.length;) {
    let characters = 0;
    let end = at;
    while (end < all.length && end - at < mostTogether && (end === at || characters < mostCharacters))
      characters += charactersOf(all[end++]?.outgoing.message);
    await sendPart(store, all.slice(at, end));
    at = end;
  }
}

function charactersOf(message: Message | undefined): number {
  if (!message) return 0;
  return message.body.length + (message.data === null ? 0 : dataJson(message).length);
}

async function sendPart(store: Store, part: readonly Waiting[]): Promise<void> {
  const failed: Waiting[] = [];
  try {
    const outgoing = part.map((one) => one.outgoing);
    const results = await store.mail.send(outgoing, { durability: 'full' });
    for (const [i, one] of part.entries()) {
      const result = results[i];
      if (!result) one.reject(new Error('The store answered with fewer results than messages.'));
      else if (part.length > 1 && isOver(result)) failed.push(one);
      else one.resolve(result);
    }
  } catch (error) {
    for (const one of part) one.reject(error);
  }
  // Behind the others: what these are told no failure of one may take back.
  for (const one of failed) await sendAlone(store, one.outgoing).then(one.resolve, one.reject);
}

/** Nothing of it was sent: the disk failed, or the mailbox of one in whose folder all of them were written is gone. */
function isOver(result: Result): boolean {
  return result instanceof DreamosError && result.code !== 'SEND_UNCERTAIN';
}
