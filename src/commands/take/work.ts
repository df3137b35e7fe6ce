import { joined } from '../../core/wait/joined.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import type { Context } from '../../cli/context.ts';
import { type ExitMap, exitMapOption } from '../../cli/handler/exit-map.ts';
import { checkCommand, notStarted } from '../../cli/handler/find-command.ts';
import { handlerEnv } from '../../cli/handler/handler-env.ts';
import { createReplyBody, handlerOutcome } from '../../cli/handler/handler-outcome.ts';
import { type HandlerEnd, runHandler } from '../../cli/handler/handler.ts';
import { harmless } from '../../cli/harmless.ts';
import { deliveryLine } from '../../cli/print-message.ts';
import type { HandledJson } from '../../contract/mail.ts';
import { countOption, durationOption, filterOptions, given, type FilterOptions } from '../../cli/input/parse.ts';
import { createTail } from '../../cli/handler/tail.ts';
import type { Handled, Handler } from '../../core/work/handle.ts';
import type { Outcome } from '../../core/work/outcome.ts';
import type { Session } from '../../core/root/root.ts';
import { asConsumer } from '../../core/take/take-up.ts';
import { work } from '../../core/work/work.ts';
import { formatDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { TraceContext } from '../../model/trace/trace-context.ts';

export interface WorkOptions extends FilterOptions {
  count?: string;
  lease?: string;
  wait?: string;
  concurrency?: string;
  handlerTimeout?: string;
  mapExit?: string;
  reply?: boolean;
  unseal?: boolean;
}

/** @param operands the words that are no options, the handler's command included */
export async function workCommand(context: Context, operands: readonly string[], options: WorkOptions): Promise<void> {
  const { around, output } = context;
  const { name, command } = wordsOf(context, operands);
  const exitMap = exitMapOption(options.mapExit);
  const how = given({
    count: countOption(options.count, '--count'),
    leaseMs: durationOption(options.lease, '--lease'),
    waitMs: durationOption(options.wait, '--wait'),
    concurrency: countOption(options.concurrency, '--concurrency'),
    handlerTimeoutMs: durationOption(options.handlerTimeout, '--handler-timeout'),
    unseal: options.unseal,
  });
  if (how.handlerTimeoutMs === 0)
    throw usage('A command cannot end within 0.', 'Without --handler-timeout it has all the time.');
  const filter = filterOptions(options);
  const mailbox = await context.mailbox(name, 'work', ` -- ${command.map(quoteWord).join(' ')}`);
  const session = await asConsumer(await context.session());
  await checkCommand(around, command);

  const stop = new AbortController();
  const hurry = new AbortController();
  const failures: unknown[] = [];
  // What runs is finished all the same.
  const stopFor = (error: unknown): void => {
    failures.push(error);
    stop.abort();
  };
  const ends = new Map<string, HandlerEnd>();
  const handler: Handler = async (job, { signal, done, trace }) => {
    // Thrown here it is this message's own trouble, a failed attempt; what is thrown below ends the worker.
    const stdin = deliveryLine(job);
    const letGo = around.holdExit(() => hurry.abort());
    try {
      const { end, outcome } = await runFor(context, session, job, {
        ...options,
        stdin,
        command,
        exitMap,
        signal,
        hurry: hurry.signal,
        done,
        trace,
        stopFor,
      });
      ends.set(job.receipt, end);
      return outcome;
    } catch (error) {
      stopFor(notStarted(error, command));
      return { outcome: 'retry', delayMs: 0, reason: 'the command of the worker could not be started' };
    } finally {
      letGo();
    }
  };
  const onHandled = async (handled: Handled): Promise<void> => {
    const end = ends.get(handled.job.receipt);
    ends.delete(handled.job.receipt);
    if (output.json) await output.item(handledJson(handled, end), () => '');
    else await output.note(handledText(handled));
  };

  const label = harmless(session.label ?? '');
  await output.note(
    `Working on what comes for ${mailbox}. The label is ${label}. Ctrl-C finishes what runs; a second one gives it back.`,
  );
  const { signal } = joined(context.signal, stop.signal);
  const totals = await work(session, mailbox, handler, { ...how, ...filter, signal, hurry: hurry.signal, onHandled });
  if (failures.length > 0) throw failures[0];
  const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
  if (all > 0 || context.signal.aborted) return;
  const { pausedNow } = await import('../../cli/show/not-ready.ts');
  throw (await pausedNow(output, session, mailbox)) ?? nothing(mailbox, options);
}

interface Run extends WorkOptions {
  readonly stdin: string;
  readonly command: readonly string[];
  readonly exitMap: ExitMap;
  readonly signal: AbortSignal;
  readonly hurry: AbortSignal;
  readonly done: () => void;
  readonly trace: TraceContext | undefined;
  readonly stopFor: (error: unknown) => void;
}

async function runFor(
  { around, output }: Context,
  session: Session,
  job: Handled['job'],
  { stdin, command, exitMap, signal, hurry, done, trace, stopFor, reply }: Run,
): Promise<{ end: HandlerEnd; outcome: Outcome }> {
  const tail = createTail();
  const answer = reply ? createReplyBody() : undefined;
  const pass = (chunk: Uint8Array): Promise<void> => output.pass(chunk);
  // A reader that has gone is no fault of the message: the handler goes on, and the worker ends behind it.
  const data = (chunk: Uint8Array): Promise<void> => output.data(chunk).catch(stopFor);
  const end = await runHandler({
    command,
    env: handlerEnv(around.env, session, job, trace),
    cwd: around.cwd(),
    stdin,
    signal,
    hurry,
    onExit: done,
    onStdout: answer?.add ?? (output.json ? pass : data),
    onStderr: async (chunk) => {
      tail.add(chunk);
      await pass(chunk);
    },
  });
  return { end, outcome: handlerOutcome(end, exitMap, tail, answer) };
}

// Commander does not tell where the `--` was.
function wordsOf(context: Context, operands: readonly string[]): { name: string | undefined; command: string[] } {
  const dashes = context.argv.indexOf('--');
  const command = dashes < 0 ? [] : context.argv.slice(dashes + 1);
  const [name, ...more] = operands.slice(0, operands.length - command.length);
  if (command.length > 0 && more.length === 0) return { name, command };
  const help = 'Examples are in: dreamos work --help';
  if (command.length > 0) throw usage(`Of one agent's mail, not of ${more.length + 1}'s.`, help);
  throw usage(
    '"work" needs the command that handles a message, behind "--".',
    name === undefined || more.length === 0
      ? help
      : `So: dreamos work ${quoteWord(name)}${context.flagsTyped()} -- ${more.map(quoteWord).join(' ')}`,
  );
}

function handledJson(
  { job, result, reason, replied, kept, durationMs }: Handled,
  end: HandlerEnd | undefined,
): HandledJson {
  return {
    id: job.message.id,
    receipt: job.receipt,
    mailbox: job.mailbox,
    attempt: job.attempt,
    outcome: result,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    durationMs,
    ...(reason !== undefined && { reason }),
    ...(replied !== undefined && { reply: replied }),
    ...(kept !== undefined && { replyKept: kept }),
  };
}

function handledText({ job, result, reason, durationMs }: Handled): string {
  const [why = ''] = reason?.split('\n') ?? [];
  return `${job.message.id} ${result} after ${formatDuration(durationMs)}${why === '' ? '' : `: ${harmless(why)}`}`;
}

function nothing(mailbox: string, { wait }: WorkOptions): DreamosError {
  return new DreamosError('nothing', 'NOTHING_THERE', `Nothing came for ${mailbox} within ${wait}.`);
}
