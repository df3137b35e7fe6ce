import type { Peeked } from '../../contract/mail.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { messageView, signatureLine, unsealedLine } from '../../cli/show/message-view.ts';
import {
  countOption,
  durationOption,
  filterOptions,
  given,
  thatFits,
  type FilterOptions,
} from '../../cli/input/parse.ts';
import { upTo } from '../../cli/waiting.ts';
import { resolveAgent } from '../../core/agents/agents.ts';
import { pausedSentence } from '../../core/agents/pause.ts';
import { present } from '../../core/reach/presence.ts';
import { peek } from '../../core/look/peek.ts';

export interface PeekOptions extends FilterOptions {
  count?: string;
  wait?: string;
  unseal?: boolean;
}

export async function peekCommand(context: Context, name: string | undefined, options: PeekOptions): Promise<void> {
  const { output, signal } = context;
  const limit = countOption(options.count, '--count') ?? 1;
  const waitMs = durationOption(options.wait, '--wait');
  const filter = filterOptions(options);
  const mailbox = await context.mailbox(name, 'peek');
  const session = await context.session();
  const gone = waitMs === undefined ? undefined : await present(session, mailbox, 'peek', context.around.pid);
  const look = async (): Promise<Peeked[]> => {
    try {
      return await peek(session, mailbox, { limit, ...given({ waitMs, unseal: options.unseal }), ...filter, signal });
    } finally {
      await gone?.();
    }
  };
  const found = await upTo(waitMs, context, `mail to ${mailbox}`, look);
  if (found.length === 0) {
    if (signal.aborted) return;
    const waited = options.wait === undefined ? '' : ` within ${options.wait}`;
    const message = `Nothing${thatFits(filter)} is ready for ${mailbox}${waited}.`;
    const { nothingReady } = await import('../../cli/show/not-ready.ts');
    throw await nothingReady(session, mailbox, { message, hint: `dreamos peek ${mailbox} --wait 30s`, id: options.id });
  }
  const paint = await output.paint();
  for (const [i, peeked] of found.entries()) {
    const text = () =>
      messageView(
        peeked.message,
        [...signatureLine(peeked), ...unsealedLine(peeked), ['Attempts so far', String(peeked.attempt)]],
        paint,
        session.clock.now(),
        output.width,
      );
    await printOrWarn(output, peeked.message.id, peeked, () => `${i > 0 ? '\n' : ''}${text()}`);
  }
  const paused = pausedSentence(await resolveAgent(session, mailbox));
  if (paused !== undefined) return output.note(`\nOnly looked at. ${paused}${context.flags()}`);
  await output.note(
    `\nOnly looked at. To take it, type:\ndreamos read ${mailbox}${options.unseal ? ' --unseal' : ''}${context.flags()}`,
  );
}
