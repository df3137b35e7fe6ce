import { describe, expect, it } from 'vitest';
import type { TraceStep } from '../../src/contract/look.ts';
import { sequenceOf } from '../../src/page/views/mail/sequence.ts';

const start = Date.parse('2026-11-30T05:00:00Z');
const step = (seconds: number, mailbox: string, event: string, more: Partial<TraceStep> = {}): TraceStep => ({
  at: new Date(start + seconds * 1000).toISOString(),
  mailbox,
  event,
  id: 'A',
  sinceStartMs: seconds * 1000,
  sinceLastMs: null,
  ...more,
});

describe('the diagram of a trace', () => {
  const steps = [
    step(0, 'reviewer', 'delivered', { from: 'planner' }),
    step(1, 'reviewer', 'claimed'),
    step(86_401, 'planner', 'delivered', { id: 'B', from: 'reviewer', replyTo: 'A' }),
    step(86_402, 'reviewer', 'acked'),
  ];
  const { lanes, marks, holds, idles, height } = sequenceOf(steps);

  it('has who sends left of who gets it', () => {
    expect(lanes.map(({ name }) => name)).toEqual(['planner', 'reviewer']);
    expect(lanes[0]?.x).toBeLessThan(lanes[1]?.x ?? 0);
  });

  it('draws what goes from one to another as an arrow, there and back', () => {
    const [there, , back] = marks;
    expect([there?.fromX, there?.x]).toEqual([lanes[0]?.x, lanes[1]?.x]);
    expect([back?.fromX, back?.x]).toEqual([lanes[1]?.x, lanes[0]?.x]);
  });

  it('draws a claim from when it was made to when it ended', () => {
    expect(holds).toEqual([{ x: lanes[1]?.x, y: marks[1]?.y, endY: marks[3]?.y }]);
  });

  it('gives a day without anything little room, and says how long it was', () => {
    expect(idles).toMatchObject([{ ms: 86_400_000 }]);
    expect((marks[2]?.y ?? 0) - (marks[1]?.y ?? 0)).toBeLessThan(100);
    expect(height).toBeLessThan(400);
  });

  it('goes down only, also where a clock was set back', () => {
    const { marks: back } = sequenceOf([step(5, 'a', 'delivered'), step(1, 'a', 'claimed')]);
    expect(back[1]?.y).toBeGreaterThan(back[0]?.y ?? 0);
  });

  it('draws a claim that nobody has settled to the end', () => {
    const open = sequenceOf(steps.slice(0, 2));
    expect(open.holds[0]?.endY).toBeGreaterThan(open.marks[1]?.y ?? 0);
  });
});
