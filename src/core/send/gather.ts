/**
 * Sends of one process that are made at the same time go to the store in one call, and so share its syncs. One alone waits
 * for no other. Each has its own result: what fails for what they have in common is tried alone.
 */
import { DreamosError } from '../../model/errors.ts';
import { isLog } from '../../model/topic.ts';
import type { Outgoing, Sent } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';

type Result = Sent | DreamosError;

interface Waiting {
  readonly outgoing: Outgoing;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** By store: those that come behind one that has not gone yet; `undefined`: there is none. */
const gathered = new WeakMap<Store, { behind: Waiting[] | undefined }>();

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
  let gathering = gathered.get(store);
  if (!gathering) gathered.set(store, (gathering = { behind: undefined }));
  const { behind } = gathering;
  if (behind) return new Promise((resolve, reject) => behind.push({ outgoing, resolve, reject }));

  const others: Waiting[] = [];
  gathering.behind = others;
  // Calls that were made together come here in the same round of microtasks. (A turn of the event loop would be 18 us.)
  for (let seen = -1; seen < others.length;) {
    seen = others.length;
    await Promise.resolve();
  }
  gathering.behind = undefined;
  if (others.length === 0) return sendAlone(store, outgoing);
  return new Promise((resolve, reject) => {
    void sendParts(store, [{ outgoing, resolve, reject }, ...others]);
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
      characters += all[end++]?.outgoing.message.body.length ?? 0;
    await sendPart(store, all.slice(at, end));
    at = end;
  }
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
