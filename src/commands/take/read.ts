import { withEnds } from '../../cli/as-typed.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { giveBack, isUnprintable, printMessage } from '../../cli/print-message.ts';
import { deliveryJson, isoTime } from '../../contract/json.ts';
import { afterRead } from '../../cli/show/after-read.ts';
import { beginningOf, briefText } from '../../cli/show/brief.ts';
import { type HeaderLine, messageView, signatureLine, unsealedLine } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import {
  countOption,
  durationOption,
  filterOptions,
  given,
  thatFits,
  type FilterOptions,
} from '../../cli/input/parse.ts';
import { orTell } from '../../cli/unwritten.ts';
import { upTo } from '../../cli/waiting.ts';
import { resolveAgent } from '../../core/agents/agents.ts';
import { readNext } from '../../core/take/read.ts';
import { ack } from '../../core/take/settle.ts';
import type { Session } from '../../core/root/root.ts';
import type { Delivery } from '../../storage/port/mail.ts';

export interface ReadOptions extends FilterOptions {
  count?: string;
  lease?: string;
  wait?: string;
  ack?: boolean;
  brief?: boolean;
  unseal?: boolean;
}

export async function readCommand(context: Context, name: string | undefined, options: ReadOptions): Promise<void> {
  const { output, signal } = context;
  const count = countOption(options.count, '--count') ?? 1;
  const leaseMs = durationOption(options.lease, '--lease');
  const waitMs = durationOption(options.wait, '--wait');
  const filter = filterOptions(options);
  const mailbox = await context.mailbox(name, 'read');
  const session = await context.session();
  const paint = await output.paint();
  const by = session.acting ?? mailbox;
  const who = context.flagsAs(by);
  const acked = options.ack ?? false;
  const until = session.clock.uptime() + (waitMs ?? 0);

  for (let got = 0; got < count && !signal.aborted;) {
    // Only the first is waited for: the others are "up to", not "until".
    const leftMs = got > 0 || waitMs === undefined ? undefined : Math.max(0, until - session.clock.uptime());
    const delivery = await upTo(leftMs, context, `mail to ${mailbox}`, () =>
      readNext(session, mailbox, {
        ...given({ leaseMs, waitMs: leftMs, unseal: options.unseal }),
        ...filter,
        signal,
        by,
      }),
    );
    if (delivery === undefined) {
      if (got > 0 || signal.aborted) return;
      return nothing(context, session, { mailbox, by }, options);
    }
    const text = () => {
      const nowMs = session.clock.now();
      const words = options.brief
        ? briefText(delivery, { acked, where: context.flags(), paint })
        : deliveryText(context, delivery, paint, nowMs, acked) +
          broken(afterRead(context, delivery, { who, many: count > 1, acked, nowMs }), output.width, '');
      return `${got > 0 ? '\n' : ''}${words}`;
    };
    try {
      await handOver(printMessage(output, delivery.message.id, deliveryJson(delivery), text), delivery, options);
    } catch (error) {
      if (!isUnprintable(error)) throw error;
      // Kept until its lease ends, it would come first again, for ever.
      await output.warn(await giveBack(session, delivery, error));
      continue;
    }
    got++;
    // The order matters: what could not be written out stays unacked.
    if (options.ack) await ack(session, delivery.receipt);
  }
}

function deliveryText(context: Context, delivery: Delivery, paint: Paint, nowMs: number, acks: boolean): string {
  const { message: whole, attempt, leaseUntil } = delivery;
  const extra: HeaderLine[] = [
    ...signatureLine(delivery),
    ['Attempt', attempt > 1 ? `${attempt}, redelivered` : String(attempt)],
  ];
  extra.push(...unsealedLine(delivery));
  if (!acks) extra.push(['Lease until', isoTime(leaseUntil)]);
  if (!context.output.toTerminal) return messageView(whole, extra, paint, nowMs);
  const { message, rest } = beginningOf(whole, context.flags());
  return messageView(message, extra, paint, nowMs, context.output.width) + (rest === '' ? '' : `\n${withEnds(rest)}`);
}

async function handOver(written: Promise<void>, delivery: Delivery, options: ReadOptions): Promise<void> {
  const { message, receipt, leaseUntil } = delivery;
  const told = () =>
    `Message ${message.id} could not be written out${options.ack ? ', so it is not acked' : ''}; it comes again when its lease ends at ${isoTime(leaseUntil)}.`;
  await orTell(written, told, `dreamos nack ${receipt}`);
}

async function nothing(
  context: Context,
  session: Session,
  { mailbox, by }: { mailbox: string; by: string },
  options: ReadOptions,
): Promise<void> {
  const waited = options.wait === undefined ? '' : ` within ${options.wait}`;
  const message = `Nothing${thatFits(filterOptions(options))} came for ${mailbox}${waited}.`;
  const { nothingReady, pausedNow } = await import('../../cli/show/not-ready.ts');
  const paused = await pausedNow(context.output, session, mailbox);
  if (paused) throw paused;
  const hint = `dreamos read ${mailbox} --wait 30s`;
  const error = await nothingReady(session, mailbox, { message, hint, id: options.id });
  // With --quiet not even the error is told.
  if (context.output.quiet) throw error;
  const { butHeld } = await import('../../cli/held/held.ts');
  const held = await butHeld(context, session, error, { by, mailbox: (await resolveAgent(session, mailbox)).name });
  if (held === undefined) throw error;
  await context.fail(held.error);
  await context.output.note(held.text);
}
