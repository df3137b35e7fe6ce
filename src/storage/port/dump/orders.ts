import { grouped } from '../../../model/basics/grouped.ts';

/** A message of a dump, by what orders it. */
export interface Arrived {
  readonly id: string;
  /** ready: those with which it stands in one line; else `undefined`. */
  readonly lane: string | undefined;
}

/**
 * The places of messages that were not counted as they arrived: ids, which are in the order of their making; but what is ready
 * comes in the order in which it was listed. @returns of each its place, from 0
 */
export function ordersOf(arrived: readonly Arrived[]): number[] {
  const orders = arrived.map(() => 0);
  const sorted = arrived.map(({ id }, i) => ({ id, i })).sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
  for (const [order, { i }] of sorted.entries()) orders[i] = order;
  const lanes = grouped(
    arrived.flatMap(({ lane }, i) => (lane === undefined ? [] : [{ lane, i }])),
    ({ lane }) => lane,
  );
  for (const line of lanes.values()) {
    const places = line.map(({ i }) => orders[i] ?? 0).sort((a, b) => a - b);
    for (const [nth, { i }] of line.entries()) orders[i] = places[nth] ?? 0;
  }
  return orders;
}

/** Of a ready one what it stands in line with. */
export function laneOf(entry: {
  readonly mailbox: string;
  readonly state: string;
  readonly priority: string;
  readonly comesBack?: boolean | undefined;
}): string | undefined {
  const { mailbox, state, priority, comesBack = false } = entry;
  return state === 'ready' ? `${mailbox} ${priority} ${comesBack}` : undefined;
}
