/**
 * What the processes were told, and what must therefore be true. The ledger knows nothing of files: it hears of the
 * beginning and the end of each operation, of kills, clock steps and power cuts, and says at once when an answer breaks a
 * promise. What lies on the disk is compared with it by check.ts.
 */
import type { Delivery, Settled } from '../../../src/storage/port/mail.ts';
import { type Handing, Whereabouts } from './whereabouts.ts';

/** The sort of a broken promise; a history is shrunk as long as it breaks the same one. */
export type Promised =
  | 'lost'
  | 'two states'
  | 'doubled'
  | 'half sent'
  | 'delivered wrong'
  | 'delivered after it was finished'
  | 'two claims at once'
  | 'two claims of an ordering key'
  | 'out of order'
  | 'stale receipt accepted'
  | 'settled twice'
  | 'live claim refused'
  | 'dead without a reason'
  | 'corrupt'
  | 'unexpected error'
  | 'not deliverable'
  | 'doctor complains';

export interface Violation {
  readonly promised: Promised;
  readonly text: string;
}

export interface SentRecord {
  readonly id: string;
  readonly mailboxes: readonly string[];
  readonly body: string;
  readonly key: number | undefined;
  /** Some try of it was not synced: after a power cut its bytes may be anything. */
  readonly relaxed: boolean;
  /** Of one that has an ordering key, and no time of its own. */
  order?: Order | undefined;
  /** A power cut has been since: there may be anything of it. */
  torn: boolean;
  /** What the sender was told. */
  acknowledged: 'no' | 'relaxed' | 'full';
  readonly whereabouts: Whereabouts;
}

export interface ClaimRecord {
  readonly place: string;
  readonly delivery: Delivery;
  readonly startedAt: number;
  readonly endedAt: number;
  receipt: string;
  leaseUntil: number;
  /** Somebody began to settle it, so that it may be over at any moment. */
  settling: number;
  renewing: number;
  settledAt: number | undefined;
}

interface Order {
  readonly key: number;
  /** Who sent it: only a sender's own messages have an order. */
  readonly by: number;
  readonly startedAt: number;
  readonly startedTime: number;
  /** Once it was acknowledged. */
  ended?: { readonly at: number; readonly time: number };
}

interface Place {
  readonly claims: ClaimRecord[];
  finished: 'archived' | 'dead' | undefined;
  mayReturn: boolean;
  /**
   * When somebody last began to cancel it though it is claimed (-1: nobody): a claim that was begun before may be over, and who
   * holds it refused.
   */
  takenAwayAt: number;
  /** It has been handed over to here, so that it came back before what is new. */
  cameOver: boolean;
  /** When it was last handed over from here. */
  left: { readonly startedAt: number; readonly endedAt: number } | undefined;
}

function newPlace(): Place {
  return { claims: [], finished: undefined, mayReturn: false, takenAwayAt: -1, cameOver: false, left: undefined };
}

export class Ledger {
  readonly messages = new Map<string, SentRecord>();
  readonly violations: Violation[] = [];
  /** All receipts since the last power cut, in the order in which they were got. */
  claims: ClaimRecord[] = [];
  /** The latest time that any process may have seen: a lease until then may have run out for somebody. */
  latest = 0;
  seq = 0;
  #places = new Map<string, Place>();
  #keyed = new Map<number, string>();

  broken(promised: Promised, text: string): void {
    this.violations.push({ promised, text });
  }

  place(mailbox: string, id: string): Place {
    const key = `${mailbox}/${id}`;
    let place = this.#places.get(key);
    if (!place) this.#places.set(key, (place = newPlace()));
    return place;
  }

  /** Whoever claims it at this moment may be told so afterwards, and finds that it is gone. @returns what undoes it */
  takingAway(place: Place): () => void {
    const { takenAwayAt } = place;
    const { seq } = this;
    place.takenAwayAt = seq;
    return () => {
      if (place.takenAwayAt === seq) place.takenAwayAt = takenAwayAt;
    };
  }

  handedOver(record: SentRecord, handing: Handing, startedAt: number): void {
    record.whereabouts.done(handing);
    this.place(handing.from, record.id).left = { startedAt, endedAt: this.seq };
    // It says that it is durable.
    if (record.mailboxes.length === 1 && !record.relaxed) record.acknowledged = 'full';
  }

  /** What it was about to do it has done, or it never will. */
  died(p: number): void {
    for (const { whereabouts } of this.messages.values()) whereabouts.died(p);
  }

  /** Whether this claim holds, whatever else has happened. */
  live(claim: ClaimRecord): boolean {
    return (
      claim.settling === 0 &&
      claim.renewing === 0 &&
      claim.settledAt === undefined &&
      claim.leaseUntil > this.latest &&
      !this.isTakenAway(claim)
    );
  }

  /** Whether it may have been ended by who has cancelled what was claimed. */
  isTakenAway(claim: ClaimRecord): boolean {
    const { mailbox, message } = claim.delivery;
    return claim.startedAt < this.place(mailbox, message.id).takenAwayAt;
  }

  sending(record: Omit<SentRecord, 'acknowledged' | 'torn' | 'whereabouts'>): void {
    const whereabouts = new Whereabouts(record.mailboxes);
    this.messages.set(record.id, { ...record, acknowledged: 'no', torn: false, whereabouts });
  }

  sent(id: string, durability: 'full' | 'relaxed', key: number | undefined, now: number): void {
    const record = this.messages.get(id);
    if (!record) return this.broken('delivered wrong', `a send was answered with the id ${id}, which nobody has sent`);
    if (record.order) record.order.ended ??= { at: this.seq, time: now };
    if (record.acknowledged !== 'full') record.acknowledged = durability;
    if (key === undefined) return;
    const first = this.#keyed.get(key);
    if (first !== undefined && first !== id)
      this.broken('doubled', `two sends with key ${key} were answered with ${first} and with ${id}`);
    this.#keyed.set(key, id);
  }

  claimed(delivery: Delivery, startedAt: number): ClaimRecord {
    const { mailbox, message, receipt, leaseUntil } = delivery;
    const place = this.place(mailbox, message.id);
    const sent = this.messages.get(message.id);
    if (!sent?.whereabouts.ever.has(mailbox))
      this.broken('delivered wrong', `${mailbox} got ${message.id}, which was not sent to it`);
    else if (sent.body !== message.body)
      this.broken('delivered wrong', `${mailbox} got ${message.id} with other words than were sent`);
    const claim: ClaimRecord = {
      place: `${mailbox}/${message.id}`,
      delivery,
      startedAt,
      endedAt: this.seq,
      receipt,
      leaseUntil,
      settling: 0,
      renewing: 0,
      settledAt: undefined,
    };
    // A process that was paused behind its rename may come back with a claim that is over: it says until when it held.
    if (leaseUntil > this.latest && !this.isTakenAway(claim)) {
      const isSame = ({ delivery: { message: other } }: ClaimRecord): boolean => other.id === message.id;
      // Of one that was sent to nobody else there is one claim, wherever it is by now.
      const claims = sent?.mailboxes.length === 1 ? this.claims.filter(isSame) : place.claims;
      const other = claims.find((one) => this.live(one));
      if (other)
        this.broken(
          'two claims at once',
          `${claim.place} was claimed again while a claim on ${other.place} held until ${other.leaseUntil}`,
        );
      if (place.finished && !place.mayReturn) {
        this.broken('delivered after it was finished', `${claim.place} was claimed after it was ${place.finished}`);
      }
    }
    place.claims.push(claim);
    this.claims.push(claim);
    return claim;
  }

  /**
   * Of one ordering key one message at a time, and none before an earlier one.
   * @param waiting what is ready, resting or in flight in this mailbox, so that it was so when this claim was made
   */
  keptInOrder(claim: ClaimRecord, waiting: ReadonlySet<string>): void {
    const { place, delivery, leaseUntil } = claim;
    const { mailbox, message } = delivery;
    if (this.isTakenAway(claim)) return;
    const order = this.messages.get(message.id)?.order;
    if (!order) return;
    for (const other of this.claims) {
      const { id } = other.delivery.message;
      if (other.delivery.mailbox !== mailbox || id === message.id || leaseUntil <= this.latest) continue;
      if (this.messages.get(id)?.order?.key === order.key && this.live(other))
        this.broken('two claims of an ordering key', `${place} was claimed while a claim on ${other.place} held`);
    }
    const { mayReturn, cameOver } = this.place(mailbox, message.id);
    if (mayReturn || cameOver) return;
    for (const { id, order: first } of this.messages.values()) {
      if (first?.key !== order.key || first.by !== order.by || !first.ended) continue;
      const { at, time } = first.ended;
      const isEarlier = time < order.startedTime || (time === order.startedTime && id < message.id);
      if (at < order.startedAt && isEarlier && waiting.has(id) && !this.place(mailbox, id).mayReturn)
        this.broken('out of order', `${place} was claimed before ${id}, which was sent earlier with the same key`);
    }
  }

  /** @param before the claim as it was when the operation began */
  settled(claim: ClaimRecord, does: 'ack' | 'nack' | 'renew', result: Settled, startedAt: number): void {
    const place = this.place(claim.delivery.mailbox, claim.delivery.message.id);
    const later = place.claims.find((one) => one.startedAt > claim.endedAt && one.endedAt < startedAt);
    if (later)
      this.broken(
        'stale receipt accepted',
        `${does} with a receipt of ${claim.place} was accepted after a later claim on it`,
      );
    const { left } = place;
    if (left && claim.endedAt < left.startedAt && left.endedAt < startedAt)
      this.broken('stale receipt accepted', `${does} with a receipt of ${claim.place} after it was handed over`);
    if (claim.settledAt !== undefined && (does !== 'renew' || claim.settledAt < startedAt)) {
      this.broken('settled twice', `${does} with a receipt of ${claim.place} was accepted after it had been used`);
    }
    if (does === 'renew') {
      claim.receipt = result.receipt;
      claim.leaseUntil = result.leaseUntil ?? 0;
      return;
    }
    claim.settledAt = this.seq;
    if (result.state === 'archived' || result.state === 'dead') place.finished = result.state;
  }

  refused(claim: ClaimRecord, does: string, wasLive: boolean, code: string): void {
    if (this.isTakenAway(claim)) return;
    if (wasLive && claim.leaseUntil > this.latest && claim.settledAt === undefined) {
      this.broken(
        'live claim refused',
        `${does} with the receipt of a claim on ${claim.place} that held was answered with ${code}`,
      );
    }
  }

  /** Of what was sent so far nobody promises an order any more: the power was cut, or the clock stepped. */
  forgetOrder(): void {
    for (const record of this.messages.values()) record.order = undefined;
  }

  /** After a power cut only what is durable counts; claims and acks may be undone. */
  powerCut(): void {
    this.#places.clear();
    this.claims = [];
    for (const record of this.messages.values()) {
      record.whereabouts.died();
      if (record.acknowledged === 'relaxed') record.acknowledged = 'no';
      record.torn ||= record.relaxed && record.acknowledged === 'no';
    }
    // What was in flight may be so still, and nobody holds its key.
    this.forgetOrder();
    for (const [key, id] of this.#keyed) if (this.messages.get(id)?.acknowledged !== 'full') this.#keyed.delete(key);
  }
}
