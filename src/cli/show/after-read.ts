import type { Delivery } from '../../storage/port/mail.ts';
import type { Context } from '../context.ts';
import { harmless } from '../harmless.ts';
import { ago } from './message-view.ts';

export interface AfterRead {
  /** Who holds it, as it is typed behind a command: ` --as reviewer`. */
  readonly who: string;
  /** It is not the only one that is claimed here. */
  readonly many: boolean;
  /** It is acked already. */
  readonly acked: boolean;
  readonly nowMs: number;
}

/** What to type next, each on a line of its own, so that a triple click takes exactly that. */
export function afterRead(context: Context, { message, receipt }: Delivery, how: AfterRead): string {
  const { who, many, acked, nowMs } = how;
  const { replyBy } = message;
  const where = context.flags();
  // The end of the id is what a person has room for and can type; a receipt is of this claim alone, for who pastes blindly.
  const [handle, whose] = context.output.toTerminal ? [message.id.slice(-8), who] : [receipt, where];
  /** By what this agent alone holds, and by which one, which is right whatever else it holds. */
  const typed = (short: string, exact: string): string[] => {
    const whole = `dreamos ${exact}${whose}`;
    return many || acked ? [whole] : [`dreamos ${short}${who}`, 'or, if you hold more than this one:', whole];
  };
  const ack = typed('ack', `ack ${handle}`);
  if (replyBy === undefined) return acked ? '' : ['\n', 'When it is done, type:', ...ack].join('\n');
  const from = harmless(message.from);
  const until = `until ${harmless(replyBy)} (${ago(replyBy, nowMs)})`;
  const answer = typed('reply "your answer" --ack', `reply ${handle} "your answer"${acked ? '' : ' --ack'}`);
  if (Date.parse(replyBy) > nowMs) return ['\n', `${from} waits for the answer ${until}. Type:`, ...answer].join('\n');
  const over = `${from} waited for the answer ${until}, and does no longer.`;
  const late = ['\n', over, 'A late answer goes to its mailbox:', ...answer];
  return [...late, ...(acked ? [] : ['To finish it without one:', ...typed('ack', `ack ${handle}`).slice(-1)])].join(
    '\n',
  );
}
