import { DreamosError } from '../../model/errors.ts';
import { exactDuration } from '../../model/duration.ts';
import { keepLease } from '../take/keep-lease.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { onAbort } from '../wait/on-abort.ts';
import { leftUntilStopped, persist } from '../wait/persist.ts';
import type { Rests } from './rests.ts';
import type { Session } from '../root/root.ts';
import { traced } from '../root/tracing.ts';
import { type Settlement, settleAs } from './settle-as.ts';
import { type TraceContext, traceOf } from '../../model/trace/trace-context.ts';
import type { Delivery } from '../../storage/port/mail.ts';

/**
 * Works on one message. The signal is aborted when there is no more use in it: the lease was lost, a policy denies it,
 * the time is over, the worker was stopped for good. After `done` it no longer is: the work is over, and only its
 * outcome is to come.
 */
export type Handler = (
  job: Delivery,
  around: {
    readonly signal: AbortSignal;
    readonly done: () => void;
    /** For who works on it elsewhere: the trace that the message is part of, if any. */
    readonly trace: TraceContext | undefined;
  },
) => Outcome | void | Promise<Outcome | void>;

export interface Handled extends Settlement {
  readonly job: Delivery;
  /** How long the handler ran; milliseconds. */
  readonly durationMs: number;
}

export interface HandleOptions {
  readonly leaseMs?: number;
  readonly handlerTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly hurry?: AbortSignal;
  /** `false`: sealed mail is handed over as it lies. */
  readonly unseal?: boolean;
  readonly rests: Rests;
}

type Cut = 'lost' | 'denied' | 'timeout' | 'hurry';

// A handler that does not end after its signal keeps its place and its lease for this long; then it is on its own.
const graceMs = 10_000;
// A longer one would fire at once.
const longestTimerMs = 2 ** 31 - 1;

/** Runs the handler, keeps the lease meanwhile, and settles as the handler says. @throws what the storage throws */
export async function handleOne(
  session: Session,
  job: Delivery,
  handler: Handler,
  options: HandleOptions,
): Promise<Handled> {
  const { mailbox, message } = job;
  const own = traceOf(message);
  return traced<Handled>(
    session,
    () => ({ operation: 'process', destination: mailbox, id: message.id, trace: own, after: failureOf }),
    async (trace = own) => {
      const beganAt = session.clock.uptime();
      const leftMs = leftUntilStopped(session, options, graceMs);
      // What it is opened by is looked for in the engine, too.
      const given = await persist(session, { leftMs }, () => asGiven(session, job, options));
      const { outcome, receipt } =
        given instanceof DreamosError
          ? { outcome: withoutKey(given), receipt: job.receipt }
          : await runHandler(session, given, handler, options, trace);
      const durationMs = Math.round(session.clock.uptime() - beganAt);
      const settle = async () => {
        // A policy may have come while it was worked on.
        const under = (await session.checkAgain?.()) ?? session;
        return settleAs(under, receipt, job, outcome, options.rests);
      };
      // What was done is not thrown away because its engine is away just then; a lease that ends meanwhile is told by that.
      const settled = await persist(session, { leftMs, also: isUncertain(session) }, settle);
      if (settled.result !== 'returned') options.rests.forget(job);
      return { job, ...settled, durationMs };
    },
  );
}

/** Of a reply in an engine: the same one again is known by what it answers, and nothing is sent twice. */
const isUncertain =
  ({ address }: Session) =>
  (error: unknown): boolean =>
    address !== undefined && error instanceof DreamosError && error.code === 'SEND_UNCERTAIN';

/** @returns why it cannot be opened */
async function asGiven(session: Session, job: Delivery, { unseal = true }: HandleOptions) {
  if (!unseal || job.message.sealed === undefined) return job;
  return (await import('../take/unsealed.ts')).opened(session, job);
}

/** Where no key is here, that is the worker's fault: another one may have it. */
function withoutKey({ code, message: reason }: DreamosError): Outcome {
  return { outcome: code === 'UNAUTHENTICATED' ? 'retry' : 'fail', reason };
}

function failureOf({ result }: Handled): { failed: string | undefined } {
  return { failed: result === 'failed' || result === 'dead' || result === 'lost' ? result : undefined };
}

async function runHandler(
  session: Session,
  job: Delivery,
  handler: Handler,
  { leaseMs, handlerTimeoutMs, hurry }: HandleOptions,
  trace: TraceContext | undefined,
): Promise<{ outcome: Outcome; receipt: string }> {
  const over = new AbortController();
  let cut: Cut | undefined;
  let ended = false;
  let giveUp: (outcome: Outcome) => void = () => undefined;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const end = (why: Cut): void => {
    if (cut || ended) return;
    cut = why;
    over.abort(new Error(words[why]));
    const outcome = { outcome: 'fail', reason: 'the handler did not end after its signal' } as const;
    timers.push(setTimeout(() => giveUp(outcome), graceMs));
  };
  const onHurry = (): void => end('hurry');

  const lease = keepLease(session, job, leaseMs, (refusal) => end(refusal ? 'denied' : 'lost'));
  if (handlerTimeoutMs !== undefined)
    timers.push(setTimeout(() => end('timeout'), Math.min(handlerTimeoutMs, longestTimerMs)));
  const unlisten = hurry && onAbort(hurry, onHurry);
  if (hurry?.aborted) onHurry();
  const givenUp = new Promise<Outcome>((resolve) => (giveUp = resolve));
  const done = (): void => void (ended = true);
  const outcome = await Promise.race([outcomeOf(() => handler(job, { signal: over.signal, done, trace })), givenUp]);
  done();
  unlisten?.();
  for (const timer of timers) clearTimeout(timer);
  const receipt = await lease.end();
  return { outcome: verdict(outcome, cut, handlerTimeoutMs), receipt };
}

const words: Record<Cut, string> = {
  lost: 'The lease was lost: somebody else may be working on this message.',
  denied: 'A policy has come under which this message may not be read here.',
  timeout: 'The time for the handler is over.',
  hurry: 'The worker was stopped.',
};

function verdict(outcome: Outcome, cut: Cut | undefined, handlerTimeoutMs = 0): Outcome {
  if (cut === 'timeout') {
    const more = outcome.outcome === 'ack' || outcome.reason === undefined ? '' : `; ${outcome.reason}`;
    return { outcome: 'fail', reason: `the handler ran longer than ${exactDuration(handlerTimeoutMs)}${more}` };
  }
  // It was not the message's fault, and somebody else can begin at once.
  if (cut === 'hurry' && outcome.outcome === 'fail')
    return { outcome: 'retry', delayMs: 0, reason: 'the worker was stopped' };
  return outcome;
}
