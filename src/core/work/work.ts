import { checkWait } from '../../model/duration.ts';
import { reference, usage } from '../../model/refusals.ts';
import { resolveAgent } from '../agents/agents.ts';
import { createBell } from '../wait/bell.ts';
import { type Job, jobOf } from '../take/consume.ts';
import { type Handled, type Handler, handleOne } from './handle.ts';
import { type Result, results } from '../../model/state.ts';
import { createReader, type ReadOptions } from '../take/read.ts';
import { asConsumer, takeUp } from '../take/take-up.ts';
import { createRests } from './rests.ts';
import type { Session } from '../root/root.ts';
import { isEngineAway } from '../root/trouble.ts';
import { lookAtChores, restOfChores } from '../wait/chores.ts';
import { nack } from '../take/settle.ts';
import { onAbort } from '../wait/on-abort.ts';
import { createWaiter } from '../wait/wait.ts';
import { lastingIn, operation } from '../root/operation.ts';

export type WorkOptions = Omit<ReadOptions, 'by' | 'unseal'> & {
  /**
   * The handler gets sealed mail opened; the default. What does not open is a failed attempt, and where no key is
   * here it rests and uses up none: the handler is not called. `false`: it gets it as it lies.
   */
  readonly unseal?: boolean;
  /** How many handlers run at a time; 1. A message is claimed only when it can begin. */
  readonly concurrency?: number;
  /** Then the handler's signal is aborted and the attempt has failed; milliseconds. */
  readonly handlerTimeoutMs?: number;
  /** Ends after so many messages. */
  readonly count?: number;
  /** Takes nothing new; what runs is finished. */
  readonly signal?: AbortSignal;
  /** Also aborts the handlers that run; what they do not finish is given back without using up an attempt. */
  readonly hurry?: AbortSignal;
  /** Called with each message once it is settled; an error ends the worker. */
  readonly onHandled?: (handled: Handled) => void | Promise<void>;
};

export type WorkTotals = { readonly [R in Result]: number };

export const work = operation('work', workBody, lastingIn);

async function workBody(
  opened: Session,
  agent: string,
  handler: Handler,
  options: WorkOptions = {},
): Promise<WorkTotals> {
  const { concurrency = 1, count = Infinity, waitMs = Infinity, handlerTimeoutMs, signal, hurry, onHandled } = options;
  // Found out by the first message, it would use up an attempt of each.
  if (typeof handler !== 'function') throw usage('The handler is not a function.', reference);
  checkWait(waitMs);
  check(concurrency, 'concurrency');
  check(count, 'count');
  if (handlerTimeoutMs !== undefined) check(handlerTimeoutMs, 'handlerTimeoutMs');
  const consumer = await asConsumer(opened, options.label);
  const session = consumer.gate?.away ? (await import('../take/away.ts')).surely(consumer) : consumer;
  const card = await resolveAgent(session, agent);
  const reader = await createReader(session, card, { ...options, unseal: false }, () => claims.token());
  const claims = await takeUp(session, card.name);
  const waiter = createWaiter(session, card.name);
  const totals = Object.fromEntries(results.map((result) => [result, 0])) as Record<Result, number>;
  const failures: unknown[] = [];
  const rests = createRests(session);
  const running = new Set<Promise<void>>();
  const freed = createBell();
  const stop = new AbortController();
  let look = stop;
  const takeNoMore = (): void => {
    stop.abort();
    look.abort();
  };
  const unlisten = [signal, hurry].map((end) => {
    if (end?.aborted) takeNoMore();
    return end && onAbort(end, takeNoMore);
  });

  const begin = (job: Handled['job']): void => {
    const one = handleOne(session, job, handler, { ...options, rests })
      .then(async (handled) => {
        totals[handled.result]++;
        await onHandled?.(handled);
      })
      .catch((error: unknown) => {
        failures.push(error);
        takeNoMore();
      })
      .finally(() => {
        running.delete(one);
        freed.ring();
        if (look !== stop) look.abort();
      });
    running.add(one);
  };

  const next = async (): Promise<Job | undefined> => {
    for (;;) {
      // A handler may run for hours, and this may be the only process that is awake.
      while (running.size >= concurrency) {
        // Handlers go on while their engine is away.
        await lookAtChores(session).catch((error: unknown) => {
          if (!isEngineAway(error)) throw error;
        });
        await freed.rest(restOfChores(session));
      }
      // Behind the ordering keys of what runs there may be more.
      const busy = running.size > 0 && waitMs < Infinity;
      look = busy ? new AbortController() : stop;
      if (stop.signal.aborted) return undefined;
      const delivery = await reader.next(waiter, { waitMs: busy ? Infinity : waitMs, signal: look.signal });
      if (delivery) return jobOf(session, delivery);
      if (!busy) return undefined;
    }
  };

  try {
    for (let left = count; left > 0; left--) {
      const job = await next();
      if (!job) break;
      // The signal came while it was being claimed.
      if (stop.signal.aborted)
        await nack(session, job.receipt, { free: true, delayMs: 0, reason: 'the worker was stopped' });
      else begin(job);
    }
  } finally {
    await Promise.all(running);
    await claims.close();
    await waiter.close();
    for (const end of unlisten) end?.();
  }
  if (failures.length > 0) throw failures[0];
  return totals;
}

function check(value: number, name: string): void {
  if (value >= 1 && (name === 'handlerTimeoutMs' || value === Infinity || Number.isInteger(value))) return;
  throw usage(`${value} cannot be ${name}.`, 'Allowed: a whole number from 1 on.');
}
