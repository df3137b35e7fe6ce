import type { TraceStep } from '../../contract/look.ts';
import type { Trace } from '../../core/look/trace.ts';
import { formatDuration } from '../../model/duration.ts';
import { cut } from '../../model/basics/text.ts';
import { harmless } from '../harmless.ts';
import { placeName, titleOf, whoseText } from './message-view.ts';

/**
 * A message's life as a Mermaid sequence diagram. Names come in by alias, as text with all but letters, digits and harmless
 * signs as Mermaid's `#<code point>;`: of what it is made of, some comes from other agents.
 */
export function mermaidOf({ id, message, steps }: Trace): string {
  const aliases = new Map<string, string>();
  const alias = (name: string): string => {
    const known = aliases.get(name) ?? `p${aliases.size}`;
    aliases.set(name, known);
    return known;
  };
  const sender = message?.from ?? steps.find((step) => step.id === id && step.from !== undefined)?.from ?? 'sender';
  alias(sender);
  const lines = steps.map((step) => lineOf(step));
  const participants = [...aliases].map(([name, short]) => `    participant ${short} as ${escaped(placeName(name))}`);
  return ['sequenceDiagram', ...participants, ...lines].join('\n');

  function lineOf(step: TraceStep): string {
    const place = alias(step.mailbox);
    if (step.id !== id) return `    ${alias(step.from ?? 'somebody')}->>${place}: answer ${escaped(step.id)}`;
    if ((step.event === 'delivered' || step.event === 'published') && step.from !== undefined)
      return `    ${alias(step.from)}->>${place}: ${step.event} ${escaped(message ? titleOf(message) : (step.subject ?? ''))}`.trimEnd();
    if (step.event === 'claimed' && step.by !== undefined && step.by !== step.mailbox)
      return `    ${place}->>${alias(step.by)}: ${told(step)}`;
    return `    Note over ${place}: ${told(step)}`;
  }
}

function told(step: TraceStep): string {
  const { event, mailbox, attempt, reason, sinceLastMs, heldMs } = step;
  const who = whoseText(step, mailbox);
  const took = heldMs ?? sinceLastMs;
  const words = [
    event.replace('_', ' '),
    ...(who === '' ? [] : [who]),
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(took === null ? [] : [`${heldMs === undefined ? 'after' : 'held'} ${formatDuration(took)}`]),
    ...(reason === undefined ? [] : [`(${reason})`]),
  ];
  return escaped(words.join(', '));
}

function escaped(text: string): string {
  return harmless(cut(text, 80)).replace(/[^\p{L}\p{N} .,()\u2026_-]/gu, (char) => `#${char.codePointAt(0)};`);
}
