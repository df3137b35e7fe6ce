import { maxLeaseMs } from '../../model/basics/limits.ts';
import { isAhead, isOver, lastedMs } from '../../model/clock.ts';
import type { MailEvent } from '../../model/event.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import { acceptsOf } from '../../model/filter.ts';
import type {
  Actor,
  ClaimManyOptions,
  ClaimOptions,
  DeliverOptions,
  Delivery,
  NackOptions,
  Recovered,
  Said,
  Settled,
} from '../port/mail.ts';
import { claimOf, type NamedClaim } from '../port/dump/receipts.ts';
import { alreadySettled, answerAwaited, leaseLost, receiptInvalid } from '../port/refusals.ts';
import { answersTo, closeOverInboxes, putInInbox } from './inbox.ts';
import { calledNow } from './rename.ts';
import { die, isExpired } from './die.ts';
import {
  actorOf,
  changed,
  claimerOf,
  type Deps,
  type Held,
  inState,
  type Mail,
  mailboxOf,
  messageOf,
  receiptOf,
} from './mail.ts';

export function claim(mail: Mail, deps: Deps, mailbox: string, options: ClaimOptions): Delivery | undefined {
  const now = deps.clock.now();
  if (options.inbox === undefined) mail.lastReads.set(mailbox.toLowerCase(), now);
  recover(mail, deps, mailbox, options.policy);
  if (options.repeat) {
    const mine = inState(mail, mailbox, 'inflight').find((held) => held.token === options.token);
    if (mine) return deliveryOf(mine);
  }
  const accepts = acceptsOf(options.filter);
  // By their ordering keys: who holds them, and which of them this look has left behind.
  const holders = new Map<string, Held>();
  for (const held of mailboxOf(mail, mailbox).values()) {
    if (held.holdsOrderingKey && held.orderingKey !== undefined) holders.set(held.orderingKey, held);
  }
  const { inbox } = options;
  for (const held of inbox === undefined ? inState(mail, mailbox, 'ready') : answersTo(mail, mailbox, inbox)) {
    if (isExpired(held, now)) {
      die(mail, deps, held, now, 'its time-to-live ran out');
      continue;
    }
    const { orderingKey } = held;
    // An answer in an inbox is for its request alone and waits for nobody.
    if (orderingKey !== undefined && inbox === undefined) {
      if ((holders.get(orderingKey) ?? held) !== held) continue;
      // Whether it is taken now or refused, it goes first.
      holders.set(orderingKey, held);
    }
    if (accepts && options.signal?.aborted) return undefined;
    if (accepts && !accepts(messageOf(held))) continue;
    const waitedMs = held.state === 'ready' ? lastedMs(held.readySince, now) : undefined;
    held.state = 'inflight';
    held.claimedAt = now;
    held.inbox = undefined;
    held.holdsOrderingKey = inbox === undefined;
    held.attempt++;
    held.token = options.token;
    held.maxAttempts = options.maxAttempts;
    held.leaseUntil = now + options.leaseMs;
    changed(mail, held, now, 'claimed', {
      attempt: held.attempt,
      ...claimerOf(options),
      ...(waitedMs !== undefined && { waitedMs }),
    });
    return deliveryOf(held);
  }
  return undefined;
}

export function claimMany(mail: Mail, deps: Deps, mailbox: string, options: ClaimManyOptions): Delivery[] {
  const { tokens, ...each } = options;
  if (options.repeat) {
    const inflight = inState(mail, mailbox, 'inflight');
    const mine = tokens.flatMap((token) => inflight.find((held) => held.token === token) ?? []);
    if (mine.length > 0) return mine.map(deliveryOf);
  }
  const taken: Delivery[] = [];
  for (const token of tokens) {
    const delivery = claim(mail, deps, mailbox, { ...each, token, repeat: false });
    if (!delivery) break;
    taken.push(delivery);
  }
  return taken;
}

function deliveryOf(held: Held): Delivery {
  const { mailbox, attempt, leaseUntil } = held;
  return { receipt: receiptOf(held), mailbox, attempt, leaseUntil, message: messageOf(held) };
}

export function ack(mail: Mail, deps: Deps, receipt: string, options: Actor & Said): Settled {
  const held = claimed(mail, receipt);
  held.usedTokens.add(held.token);
  held.state = 'archived';
  held.holdsOrderingKey = false;
  held.ackedAt = deps.clock.now();
  const { score, note, forwardedTo } = options;
  changed(mail, held, held.ackedAt, 'acked', {
    attempt: held.attempt,
    ...claimerOf(options),
    ...(score !== undefined && { score }),
    ...(note !== undefined && { note }),
  });
  if (forwardedTo !== undefined)
    changed(mail, held, held.ackedAt, 'forwarded', { ...claimerOf(options), to: forwardedTo });
  return settled(held, receipt);
}

export function nack(mail: Mail, deps: Deps, receipt: string, options: NackOptions): Settled {
  const held = claimed(mail, receipt);
  const now = deps.clock.now();
  held.usedTokens.add(held.token);
  const { attempt } = held;
  const { free, reason } = options;
  const delayMs = options.delayMs ?? backoffMs(options.policy, attempt + (free ? 1 : 0), deps.ids.fraction());
  if (options.dead || (attempt >= (held.maxAttempts ?? options.policy.maxAttempts) && !free)) {
    die(mail, deps, held, now, reason ?? (options.dead ? 'rejected' : `failed ${attempt} times`), options);
  } else {
    held.comesBack = true;
    held.state = delayMs > 0 ? 'delayed' : 'ready';
    held.dueAt = now + delayMs;
    held.restsSince = delayMs > 0 && delayMs <= options.policy.backoffMaxMs ? now : undefined;
    if (free) held.attempt--;
    changed(mail, held, now, 'nacked', {
      attempt,
      ...claimerOf(options),
      ...(reason !== undefined && { reason }),
      ...(free && { free }),
    });
  }
  return settled(held, receipt);
}

export function renew(mail: Mail, deps: Deps, receipt: string, options: Actor & { readonly leaseMs: number }): Settled {
  const held = claimed(mail, receipt);
  const now = deps.clock.now();
  held.leaseUntil = now + options.leaseMs;
  changed(mail, held, now, 'renewed', { attempt: held.attempt, ...claimerOf(options) });
  return settled(held, receipt);
}

export function recover(mail: Mail, deps: Deps, mailbox: string, policy: RetryPolicy): Recovered {
  const now = deps.clock.now();
  let moved = 0;
  for (const held of inState(mail, mailbox, 'inflight')) {
    if (!isOver(held.leaseUntil, now, maxLeaseMs)) continue;
    moved++;
    if (held.attempt >= (held.maxAttempts ?? policy.maxAttempts)) {
      die(mail, deps, held, now, `the lease of attempt ${held.attempt}, the last one, ran out`);
    } else {
      held.comesBack = true;
      held.state = 'ready';
      changed(mail, held, now, 'lease_expired', { attempt: held.attempt });
    }
  }
  const requests = closeOverInboxes(mail, mailbox, now);
  moved += requests.moved;
  for (const held of inState(mail, mailbox, 'delayed')) {
    if (held.dueAt > now && !isAhead(held.restsSince ?? now, now)) continue;
    bringReady(mail, held, now);
    moved++;
  }
  for (const held of inState(mail, mailbox, 'ready'))
    if (isExpired(held, now)) die(mail, deps, held, now, 'its time-to-live ran out');
  const moments = [
    ...inState(mail, mailbox, 'inflight').map((held) => held.leaseUntil),
    ...inState(mail, mailbox, 'delayed').map((held) => held.dueAt),
    ...requests.moments,
  ];
  return { moved, ...(moments.length > 0 && { nextAt: Math.min(...moments) }) };
}

export function deliver(mail: Mail, held: Held, now: number, { dueAt, ...actor }: DeliverOptions): void {
  if (held.inbox !== undefined) throw answerAwaited(held);
  if (dueAt === undefined) return bringReady(mail, held, now, actor);
  held.dueAt = dueAt;
  held.restsSince = undefined;
  const reason = `to be delivered at ${new Date(dueAt).toISOString()}`;
  changed(mail, held, now, 'scheduled', { ...arrivalOf(held), ...actorOf(actor), reason });
}

function bringReady(mail: Mail, held: Held, now: number, actor: Actor = {}): void {
  held.restsSince = undefined;
  held.comesBack = true;
  held.state = 'ready';
  putInInbox(mail, held, messageOf(held));
  changed(mail, held, now, 'delivered', { ...arrivalOf(held), ...actorOf(actor) });
}

function arrivalOf(held: Held): Partial<MailEvent> {
  const { from, type, priority, subject, thread, replyTo } = messageOf(held);
  return { attempt: held.attempt, from, type, priority, subject, thread, replyTo };
}

export function parseReceipt(receipt: string): NamedClaim {
  const named = claimOf(receipt);
  if (!named) throw receiptInvalid(receipt);
  return named;
}

export function checkClaim(mail: Mail, receipt: string): void {
  claimed(mail, receipt);
}

// The claim that a receipt still holds. The token fences: of a claim that was taken back it is no longer the current one.
function claimed(mail: Mail, receipt: string): Held {
  const { mailbox, id, token } = parseReceipt(receipt);
  for (const name of [mailbox, ...calledNow(mail, mailbox)]) {
    const held = mailboxOf(mail, name).get(id);
    if (held?.usedTokens.has(token)) throw alreadySettled(id);
    if (held?.state === 'inflight' && held.token === token) return held;
  }
  throw leaseLost(id);
}

function settled(held: Held, receipt: string): Settled {
  return {
    id: held.id,
    mailbox: held.mailbox,
    state: held.state,
    receipt,
    ...(held.state === 'inflight' && { leaseUntil: held.leaseUntil }),
    ...(held.state === 'delayed' && held.dueAt !== undefined && { dueAt: held.dueAt }),
  };
}

/**
 * How long a message rests after its `attempt`-th claim failed: the shortest backoff, doubling up to the longest, and
 * of that a random half to all, so that messages that failed together do not all come back together.
 * @param fraction a random number in [0, 1) @returns milliseconds
 */
function backoffMs(policy: RetryPolicy, attempt: number, fraction: number): number {
  const nominal = Math.min(policy.backoffMinMs * 2 ** Math.max(0, attempt - 1), policy.backoffMaxMs);
  return Math.round(nominal * (0.5 + fraction / 2));
}
