import type { FormerName } from '../../model/agent.ts';
import type { DreamosError, ErrorCode } from '../../model/errors.ts';
import type { Filter } from '../../model/filter.ts';
import type { Message } from '../../model/message.ts';
import type { Durability, RetryPolicy } from '../../model/settings.ts';
import type { Signature } from '../../model/signed/signature.ts';
import type { State } from '../../model/state.ts';
import type { Spent } from './allowance.ts';
import type { Lock } from './documents.ts';
import type { Entry } from './look.ts';

/** The result of a claim. Of its signature the storage knows nothing: whoever reads for somebody says it. */
export interface Delivery extends Signature {
  readonly receipt: string;
  readonly mailbox: string;
  readonly attempt: number;
  readonly leaseUntil: number;
  readonly message: Message;
  /** `message` is what was sealed: core has opened it. */
  readonly unsealed?: true;
}

/** What a mailbox may hold ready, delayed and in flight; Infinity: as much as comes. */
export interface Limits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A message on its way to one or more mailboxes. */
export interface Outgoing {
  /**
   * Complete but for the digest. Its `dedupeKey`, when set, makes the send idempotent per sender and key. With a `replaceKey`
   * it is as durable as can be, and then of its sender's messages with this key that are ready or delayed in a mailbox, but
   * for answers that are awaited, the one with the latest id stays; the others are archived, each followed by a `replaced`
   * event. It needs no room where there is one.
   */
  readonly message: Message;
  /** Registered mailboxes and at most one log, each once. */
  readonly mailboxes: readonly string[];
  /** Only with a dedupe key: what its sender was called before, and until when. What he sent under the key then counts. */
  readonly formerSenders?: readonly FormerName[];
  /** Only with a dedupe key, of sealed words: further `sealedMac`s that say the same. */
  readonly formerMacs?: readonly string[];
  /** Not before then. */
  readonly dueAt?: number;
  /** By mailbox: from then on it is no longer delivered there. For a message without an `expiresAt` of its own. */
  readonly expiresAt?: ReadonlyMap<string, number>;
  /** By mailbox, of those that have any. An answer that a request waits for, and the repeat under a dedupe key, need no room. */
  readonly limits?: ReadonlyMap<string, Limits>;
  /**
   * It was sent in another root and has come here by its id. What its dedupe key says was done there: here it is neither
   * asked for nor remembered.
   */
  readonly carried?: true;
  /** Only with a dedupe key: it can be nothing but a repeat. While nothing was sent under the key it is refused with this. */
  readonly refusal?: DreamosError;
}

export interface Sent {
  readonly id: string;
  readonly mailboxes: readonly string[];
  /** In which it was sent; where the first message of a repeat is by now, `find` says. */
  readonly state: 'ready' | 'delayed';
  readonly durability: Durability;
  /**
   * The dedupe key was used before, within the root's `dedupeWindow`: `id` and, but for a topic's, `mailboxes` are those of
   * the first send, and nothing new was sent.
   */
  readonly duplicate?: true;
  /** What was waiting with the message's replace key, and is archived now. */
  readonly replaced?: readonly Replaced[];
}

export interface Replaced {
  readonly mailbox: string;
  readonly id: string;
}

/** A send that a mailbox did not take. */
export interface Refusal {
  readonly mailbox: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface SendHow {
  readonly durability: Durability;
  /** The results end with the first message that finds no room: what is behind it is not tried. */
  readonly untilFull?: boolean;
}

export interface ClaimOptions {
  readonly leaseMs: number;
  /** The claim's own name, made by the caller (`ids.token()`): no other claim has it. */
  readonly token: string;
  /** The answer to a call with this token may have been lost: if it took a message whose claim holds, this is its answer, too. */
  readonly repeat?: boolean;
  /** The mailbox's own, for what is moved on the way. */
  readonly policy: RetryPolicy;
  /** For this claim instead of the mailbox's own, whoever takes the message back. */
  readonly maxAttempts?: number | undefined;
  /** Who claims, for the event log. */
  readonly by?: string | undefined;
  readonly label?: string | undefined;
  /** Only messages for which this holds; it may cost reading many. */
  readonly filter?: Filter | undefined;
  /** Only answers in the inbox of this request. */
  readonly inbox?: string | undefined;
  /** Ends a search with a filter between two messages; nothing is claimed then. */
  readonly signal?: AbortSignal | undefined;
}

/** Of several claims in one step: one at most for each token, of what comes next. */
export interface ClaimManyOptions extends Omit<ClaimOptions, 'token' | 'filter' | 'inbox' | 'signal'> {
  readonly tokens: readonly string[];
}

export interface NackOptions {
  readonly policy: RetryPolicy;
  readonly by?: string;
  readonly label?: string | undefined;
  /** Rest this long before the next delivery; by default the policy's backoff with jitter. */
  readonly delayMs?: number;
  readonly reason?: string;
  /** Straight to the dead-letter queue. */
  readonly dead?: boolean;
  /** Uses up no attempt, so it never leads to the dead-letter queue: the next claim has this one's attempt again. */
  readonly free?: boolean;
}

export interface Settled {
  readonly id: string;
  readonly mailbox: string;
  readonly state: State;
  readonly receipt: string;
  readonly leaseUntil?: number;
  /** When it comes back, of what is delayed. */
  readonly dueAt?: number;
}

export interface Recovered {
  readonly moved: number;
  /** Files that were handed in, were seen by this look and are left to the next one. */
  readonly left?: number;
  /** When to look again: at the first moment at which something will fall due or expire, as far as this look saw, or a few seconds before it. */
  readonly nextAt?: number;
}

export interface Actor {
  /** The acting agent, for the event log. */
  readonly by?: string | undefined;
  /** What its consumer calls itself; told of claims and their ends alone. */
  readonly label?: string | undefined;
}

/** What a consumer says of the work, for the event log: how good it is, 0 to 1, and in words. */
export interface Said {
  readonly score?: number | undefined;
  readonly note?: string | undefined;
  /** It is kept by another root now, which is called so here: its `acked` event is followed by `forwarded`. */
  readonly forwardedTo?: string | undefined;
}

export interface CancelOptions extends Actor {
  /** Also of what is claimed: its receipt holds no more (LEASE_LOST). */
  readonly held?: boolean;
}

export interface HandOverOptions extends Actor {
  /** For the event log. */
  readonly reason?: string | undefined;
}

export interface DeliverOptions extends Actor {
  /** Not before this moment, which is still to come; else at once. */
  readonly dueAt?: number | undefined;
}

/** Who claims from a mailbox for as long as his process lives: what he holds need not wait for its lease once it has ended. */
export interface Consumer {
  /** For his next claim, in the place of one of `ids`. */
  token(): string;
  /**
   * Whether a consumer's process has ended on which he keeps an eye; the next `recover` then moves what that one held. He keeps
   * an eye on one other, and so does each, so that all are seen.
   */
  seesGone(): Promise<boolean>;
  /** What he still holds keeps its lease. */
  close(): Promise<void>;
}

/** The life of a message: every change of state, each atomic and followed by its event. */
export interface Mail {
  /**
   * Each outgoing message is its own commit; the results come in the same order. When a result is a `Sent` with
   * durability `full`, the message survives the death of every process and a power cut.
   * Errors: DEDUPE_MISMATCH (it names the first id), MailboxFull and DISK_FAILED (nothing was sent), SEND_UNCERTAIN (it may
   * have been; the id is in the message).
   */
  send(outgoing: readonly Outgoing[], how: SendHow): Promise<(Sent | DreamosError)[]>;
  /**
   * Counts what was refused, for `counts`: as well as it goes, neither synced nor told by an event. In a process the count of
   * a mailbox is written down once a second and when the store is closed, so a kill may take as much of it. Never throws.
   */
  noteRefusals(refusals: readonly Refusal[]): Promise<void>;
  /**
   * Takes as many as there are of so many messages from what an agent may still send, for all processes together. Neither
   * synced nor told by an event: who is killed behind it may not have sent them, and a power cut may fill the bucket.
   * @param count below 0: gives as many back, or a part of one @throws AGENT_NOT_FOUND
   */
  spend(mailbox: string, perMinute: number, count: number): Promise<Spent>;
  /**
   * Opens an inbox for the answers to a request: until it is closed, a message whose `replyTo` is the request's id waits there
   * (state delayed, due at `until`), and only a claim that names the inbox takes it. From `until` on `recover` closes it.
   * Durable when it returns. A request has one inbox in its life.
   */
  openInbox(mailbox: string, request: string, until: number): Promise<void>;
  /** What is left in it is ready now, and later answers are ordinary mail. Nothing, when it is closed. @returns how many were left */
  closeInbox(mailbox: string, request: string): Promise<number>;
  /** Whether answers to this request go to an inbox now. */
  hasInbox(mailbox: string, request: string): Promise<boolean>;
  /** Takes the next message in delivery order under a lease, after moving what is due; `undefined`: nothing ready. */
  claim(mailbox: string, options: ClaimOptions): Promise<Delivery | undefined>;
  /**
   * As so many claims one behind the other, until nothing is ready, for less than they cost: what is due is moved once, and their events
   * are written behind the last. Killed in between, it has taken some; their leases run. With `repeat` what the tokens took whose claims hold
   * is the answer, if they took any. Rejects only where it has nothing to hand out: what it met behind that the next call meets again.
   */
  claimMany(mailbox: string, options: ClaimManyOptions): Promise<Delivery[]>;
  takeUp(mailbox: string, who?: Pick<Actor, 'label'>): Promise<Consumer>;
  /** @throws LEASE_LOST, ALREADY_SETTLED, RECEIPT_INVALID */
  ack(receipt: string, options: Actor & Said): Promise<Settled>;
  /**
   * As so many acks one behind the other, each with an answer of its own, in their order; their events are written behind the last.
   * Rejects only where nobody knows of any of them whether it was done: repeated, each that was is ALREADY_SETTLED.
   */
  ackMany(receipts: readonly string[], options: Actor & Said): Promise<(Settled | DreamosError)[]>;
  /** The last attempt, or `dead`, leads to the dead-letter queue. @throws as ack */
  nack(receipt: string, options: NackOptions): Promise<Settled>;
  /** The lease now ends `leaseMs` from now. The old receipt stays good; the new one is found faster. @throws as ack */
  renew(receipt: string, options: Actor & { readonly leaseMs: number }): Promise<Settled>;
  /** Nothing, as long as the claim holds. @throws as ack */
  checkClaim(receipt: string): Promise<void>;
  /** Which message in which mailbox a receipt speaks of. @throws RECEIPT_INVALID */
  parseReceipt(receipt: string): { readonly mailbox: string; readonly id: string; readonly task?: true };
  /**
   * Moves what is due: expired leases, what consumers held whose process has ended, delayed messages, unfinished sends, handed-in files, inboxes whose time is over; a
   * bounded number a call. A lease or an inbox that ends later than any can, and a rest of no more than the longest backoff
   * that begins later than now, were written while the clock was ahead, and are over.
   */
  recover(mailbox: string, policy: RetryPolicy): Promise<Recovered>;
  /** Of all that, only the unfinished sends: for who looks at logs and reads no mailbox. */
  finishSends(): Promise<void>;

  // Changes by hand. Those of an entry throw STATE_CHANGED when it has moved on since it was listed.
  /** ready or delayed (or `held`, inflight) -> archived */
  cancel(entry: Entry, options: CancelOptions): Promise<Entry>;
  /**
   * delayed -> ready, or delayed until another moment, whatever it rests for. Of an answer that waits in a request's inbox
   * STATE_CHANGED, and one whose request has an inbox by now goes there.
   */
  deliver(entry: Entry, options: DeliverOptions): Promise<Entry>;
  /**
   * ready, delayed or inflight -> ready in another mailbox, as one step, durably. Who held it holds it no more (LEASE_LOST); its
   * attempts are kept. An answer that a request waits for stays (STATE_CHANGED). Followed by `handed_over` where it was and
   * `delivered` where it is. @param to a mailbox, by its exact name
   */
  handOver(entry: Entry, to: string, options: HandOverOptions): Promise<Entry>;
  /** archived -> ready; under the lock `maintain.<mailbox>`, and STATE_CHANGED if that is lost */
  restore(entry: Entry, actor: Actor & { readonly lock?: Lock | undefined }): Promise<Entry>;
  /** dead -> ready, attempts anew */
  retry(entry: Entry, actor: Actor): Promise<Entry>;
  /** dead -> gone for good */
  purge(entry: Entry, actor: Actor): Promise<void>;
  /**
   * Puts a message from elsewhere straight into a state; durable when it returns. A task in the archive is done.
   * @param actor.lock an import's: STATE_CHANGED, and nothing is there, if it is lost
   */
  deposit(
    mailbox: string,
    message: Message,
    to: 'archived' | 'ready',
    actor: Actor & { readonly at: number; readonly lock?: Lock | undefined },
  ): Promise<Entry>;
  /**
   * Keeps bytes that nobody can read with the mailbox's corrupt ones, byte for byte and durably, with a note of where they
   * come from and what is wrong, followed by a `corrupt` event whose reason is `why`. Idempotent by content: bytes that are
   * already kept in this mailbox are not kept twice, and cause no second event.
   */
  quarantine(mailbox: string, bytes: Uint8Array, about: { readonly name: string; readonly why: string }): Promise<void>;
}
