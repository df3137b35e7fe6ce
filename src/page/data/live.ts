/**
 * One stream of events for the whole page, because a browser has six connections to one host. It is closed while nobody sees the
 * page, and begins again where it ended: the last event's cursor goes along. So does it when the server has begun anew.
 */
import { signal } from '@preact/signals';
import type { WatchedEvent } from '../../model/event.ts';
import { request, warning } from './api.ts';
import { createSseReader } from './sse.ts';
import { isRefused, Problem, type ProblemTold } from './problem.ts';

export type Happened = WatchedEvent;
export type LinkState = 'connecting' | 'live' | 'paused' | 'lost' | 'refused';

export const link = signal<LinkState>('connecting');
/** The last ones, the newest first. */
export const recent = signal<readonly Happened[]>([]);
/** Counts how often the stream has begun: what was looked at before may have missed something. */
export const begun = signal(0);

const keptEvents = 200;
const gatherMs = 100;
const longestWaitMs = 5000;

type Listener = (events: readonly Happened[]) => void;
const listeners = new Set<Listener>();

/** @returns what ends it */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let cursor = '';
let waiting: Happened[] = [];

function take(event: Happened): void {
  if (waiting.push(event) === 1) setTimeout(handOut, gatherMs);
}

function handOut(): void {
  const events = waiting;
  waiting = [];
  recent.value = [...events.toReversed(), ...recent.value].slice(0, keptEvents);
  for (const listener of listeners) listener(events);
}

/** @returns what ends it; called once there is a token */
export function startLive(): () => void {
  let run: AbortController | undefined;
  const follow = (): void => {
    run?.abort();
    run = document.hidden ? undefined : new AbortController();
    if (run) void keepReading(run.signal);
    else link.value = 'paused';
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    document.removeEventListener('visibilitychange', follow);
    run?.abort();
  };
}

async function keepReading(ending: AbortSignal): Promise<void> {
  link.value = 'connecting';
  for (let waitMs = 250; !ending.aborted; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    try {
      await readOnce(ending, () => (waitMs = 250));
    } catch (error) {
      // What the server says of the cursor itself does not change by asking again.
      if (error instanceof Problem && error.status === 400) cursor = '';
      if (error instanceof Problem && error.status === 401) return;
      // Until the page is hidden and seen again: each refusal is a line of the audit.
      if (isRefused(error)) return void (link.value = 'refused');
    }
    if (ending.aborted) return;
    link.value = 'lost';
    await rest(waitMs * (0.75 + Math.random() / 2), ending);
  }
}

async function readOnce(ending: AbortSignal, onBegin: () => void): Promise<void> {
  const headers = { accept: 'text/event-stream', ...(cursor && { 'last-event-id': cursor }) };
  const response = await request('/v1/watch', { signal: ending, headers });
  const read = createSseReader();
  link.value = 'live';
  begun.value += 1;
  onBegin();
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    for (const { id, event, data } of read(piece)) {
      if (event === 'problem') throw new Problem(JSON.parse(data) as ProblemTold);
      if (event === 'warning') warning.value = (JSON.parse(data) as { warning: string }).warning;
      if (event === 'message' && data !== '') take(JSON.parse(data) as Happened);
      if (id) cursor = id;
    }
  }
}

function rest(ms: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    ending.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
