/**
 * A message's life as a sequence diagram: who stands where, and at what height what happened. Time runs down; what passed without
 * anything happening takes little room, however long it was, and is said where it is long.
 */
import type { TraceStep } from '../../../contract/look.ts';

interface Lane {
  readonly name: string;
  readonly x: number;
}

export interface Mark {
  readonly step: TraceStep;
  readonly y: number;
  readonly x: number;
  /** Where an arrow begins, of what goes from one to another. */
  readonly fromX?: number;
}

/** A claim: from when to when, as far as it has ended. */
interface Hold {
  readonly x: number;
  readonly y: number;
  readonly endY: number;
}

/** So long nothing happened. */
interface Idle {
  readonly y: number;
  readonly ms: number;
}

export interface Sequence {
  readonly lanes: readonly Lane[];
  readonly marks: readonly Mark[];
  readonly holds: readonly Hold[];
  readonly idles: readonly Idle[];
  readonly width: number;
  readonly height: number;
}

const laneWidth = 190;
const topY = 64;
const stepHeight = 30;
/** What lasts longer is said, and drawn as a gap. */
const idleMs = 60_000;
const idleHeight = 44;
/** A minute without anything is as high as this more; less of it by its logarithm. */
const mostMore = 30;

const arrivals = new Set(['delivered', 'scheduled', 'imported', 'published', 'restored']);
const endsHold = new Set([
  'acked',
  'nacked',
  'lease_expired',
  'dead',
  'handed_over',
  'cancelled',
  'replaced',
  'purged',
]);

/** @param steps by time */
export function sequenceOf(steps: readonly TraceStep[]): Sequence {
  const names = lanesOf(steps);
  const laneX = (name: string): number => laneWidth / 2 + names.indexOf(name) * laneWidth;
  const marks: Mark[] = [];
  const idles: Idle[] = [];
  const holds: Hold[] = [];
  const open = new Map<string, { x: number; y: number }>();
  let y = topY;
  let before: number | undefined;
  for (const step of steps) {
    const at = Date.parse(step.at);
    const gapMs = before === undefined ? 0 : Math.max(0, at - before);
    if (gapMs > idleMs) {
      idles.push({ y: y + stepHeight / 2 + idleHeight / 2, ms: gapMs });
      y += stepHeight + idleHeight;
    } else if (before !== undefined) y += stepHeight + (mostMore * Math.log1p(gapMs / 1000)) / Math.log1p(60);
    before = at;
    const x = laneX(step.mailbox);
    const from = arrivals.has(step.event) ? step.from : undefined;
    const to = step.event === 'handed_over' ? step.to : undefined;
    if (to !== undefined) marks.push({ step, y, x: laneX(to), fromX: x });
    else marks.push({ step, y, x, ...(from !== undefined && from !== step.mailbox && { fromX: laneX(from) }) });
    const place = `${step.mailbox} ${step.id}`;
    const begun = open.get(place);
    if (begun && endsHold.has(step.event)) {
      holds.push({ ...begun, endY: y });
      open.delete(place);
    }
    if (step.event === 'claimed') open.set(place, { x, y });
  }
  const height = y + 40;
  for (const begun of open.values()) holds.push({ ...begun, endY: height - 12 });
  const lanes = names.map((name) => ({ name, x: laneX(name) }));
  return { lanes, marks, holds, idles, width: Math.max(1, names.length) * laneWidth, height };
}

/** In the order in which they come in: who sends stands left of who gets it. */
function lanesOf(steps: readonly TraceStep[]): string[] {
  const names = new Set<string>();
  for (const { event, from, mailbox, to } of steps) {
    if (from !== undefined && arrivals.has(event)) names.add(from);
    names.add(mailbox);
    if (event === 'handed_over' && to !== undefined) names.add(to);
  }
  return [...names];
}
