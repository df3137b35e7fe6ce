/** What the actors know against what the root holds: lost, doubled, never sent, delivered to two at once. */
import type { Acknowledged, Claimed, Diaries } from './diaries.ts';
import type { State } from '../../../src/model/state.ts';

/** One message in one mailbox, as the root holds it in the end. */
export interface Kept {
  readonly mailbox: string;
  readonly id: string;
  readonly state: State;
  /** Of its body. */
  readonly sum: string;
}

export interface Verdict {
  readonly figures: Record<string, number>;
  readonly failures: string[];
}

/** @param leaseMs how long each claim held @param stepping whether the wall clock was stepped: then early redeliveries are counted */
export function judge(diaries: Diaries, kept: readonly Kept[], leaseMs: number, stepping: boolean): Verdict {
  const failures: string[] = [];
  const lost = findLost(diaries.acknowledged, kept, failures);
  const doubled = findDoubled(diaries, kept, failures);
  const unexpected = findUnexpected(diaries, kept, failures);
  const torn = findTorn(diaries, kept, failures);
  const { redeliveries, early, twoHolders } = judgeClaims(diaries.claims, leaseMs, stepping, failures);
  for (const refused of diaries.refusedSends) failures.push(`A send was refused: ${refused}`);
  const of = (state: State) => kept.filter((one) => one.state === state).length;
  return {
    failures,
    figures: {
      acknowledged: diaries.acknowledged.length,
      copies: diaries.acknowledged.reduce((sum, { to }) => sum + to.length, 0),
      claims: diaries.claims.length,
      lost,
      doubled: doubled + twoHolders,
      unexpected,
      torn,
      redeliveries,
      earlyRedeliveries: early,
      staleAcksRefused: diaries.claims.filter(({ refused }) => refused === 'LEASE_LOST').length,
      acked: of('archived'),
      dead: of('dead'),
      looks: diaries.looks,
    },
  };
}

function findLost(acknowledged: readonly Acknowledged[], kept: readonly Kept[], failures: string[]): number {
  const places = new Set(kept.map(({ mailbox, id, sum }) => `${mailbox} ${id} ${sum}`));
  let lost = 0;
  for (const { id, sum, to, by } of acknowledged) {
    for (const mailbox of to) {
      if (places.has(`${mailbox} ${id} ${sum}`)) continue;
      lost++;
      failures.push(
        `Lost: ${id}, acknowledged to ${by}, is in no state of ${mailbox} with the words it was sent with.`,
      );
    }
  }
  return lost;
}

function findDoubled({ acknowledged }: Diaries, kept: readonly Kept[], failures: string[]): number {
  let doubled = 0;
  for (const [place, same] of groupBy(kept, ({ mailbox, sum }) => `${mailbox} ${sum}`)) {
    if (same.length === 1) continue;
    doubled++;
    failures.push(
      `Sent once and there ${same.length} times: ${place}: ${same.map(({ id, state }) => `${id} ${state}`).join(', ')}.`,
    );
  }
  for (const [key, same] of groupBy(
    acknowledged.filter((one) => one.key !== undefined),
    (one) => `${one.by} ${one.key}`,
  )) {
    const ids = new Set(same.map(({ id }) => id));
    if (ids.size === 1) continue;
    doubled++;
    failures.push(`One dedupe key, ${ids.size} messages: ${key}: ${[...ids].join(', ')}.`);
  }
  return doubled;
}

function findUnexpected({ tried, claims }: Diaries, kept: readonly Kept[], failures: string[]): number {
  const sent = new Set(tried.flatMap(({ to, sum }) => to.map((mailbox) => `${mailbox} ${sum}`)));
  let unexpected = 0;
  for (const { mailbox, sum, id } of [...kept, ...claims]) {
    if (sent.has(`${mailbox} ${sum}`)) continue;
    unexpected++;
    failures.push(`Never sent, or not with these words: ${id} at ${mailbox}.`);
  }
  return unexpected;
}

/** A send to several that nobody acknowledged is in each of its mailboxes or in none. */
function findTorn({ tried }: Diaries, kept: readonly Kept[], failures: string[]): number {
  const at = new Map<string, number>();
  for (const { sum } of kept) at.set(sum, (at.get(sum) ?? 0) + 1);
  let torn = 0;
  for (const { to, sum } of tried) {
    const copies = at.get(sum) ?? 0;
    if (copies === 0 || copies === to.length) continue;
    torn++;
    failures.push(`A send to ${to.length} mailboxes reached ${copies} (body ${sum}).`);
  }
  return torn;
}

function judgeClaims(claims: readonly Claimed[], leaseMs: number, stepping: boolean, failures: string[]) {
  const found = { redeliveries: 0, early: 0, twoHolders: 0 };
  const fail = (text: string) => {
    found.twoHolders++;
    failures.push(text);
  };
  for (const [what, ofOne] of groupBy(claims, ({ mailbox, id }) => `${id} at ${mailbox}`)) {
    const inOrder = ofOne.sort((a, b) => a.attempt - b.attempt);
    found.redeliveries += inOrder.length - 1;
    for (const [i, next] of inOrder.entries()) {
      const before = inOrder[i - 1];
      if (!before) continue;
      if (next.attempt === before.attempt)
        fail(`${what} was claimed twice as attempt ${next.attempt}: ${before.by}, ${next.by}.`);
      else if (before.settled === 'ack' || before.settled === 'dead') {
        fail(`${what} was delivered again after ${before.by} had finished it (${before.settled}).`);
      } else if (isEarly(before, next, leaseMs, stepping)) {
        if (stepping) found.early++;
        else fail(`${what}: ${next.by} claimed it (attempt ${next.attempt}) while the lease of ${before.by} held.`);
      }
    }
  }
  for (const { receipt, refused, by, settled } of claims) {
    if (refused !== undefined && refused !== 'LEASE_LOST')
      fail(`${by} was answered ${refused} for a receipt that it used ${settled ? 'twice' : 'once'}: ${receipt}.`);
  }
  return found;
}

/** Claims in between that nobody lived to write down make a gap in the attempts; then nothing can be said. */
function isEarly(before: Claimed, next: Claimed, leaseMs: number, stepping: boolean): boolean {
  if (next.attempt !== before.attempt + 1) return false;
  if (before.settling === 'nack' && before.refused === undefined) return false;
  // Killed in the middle of a renewal: its lease may have been longer, not shorter.
  return stepping ? next.at < before.renewedAt + leaseMs - 100 : next.leaseUntil - leaseMs < before.heldUntil;
}

// Map.groupBy came with Node 21.
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
