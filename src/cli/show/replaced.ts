import type { SendReceipt } from '../../contract/mail.ts';
import type { Output } from '../output.ts';

const most = 5;

/** What was waiting with the replace key of what was sent, and is archived now. */
export async function sayReplaced(output: Output, { replaced = [] }: Pick<SendReceipt, 'replaced'>): Promise<void> {
  if (replaced.length === 0) return;
  const shown = replaced.slice(0, most).map(({ id, mailbox }) => `${id} in ${mailbox}`);
  const more = replaced.length > most ? ` and ${replaced.length - most} more` : '';
  await output.note(`It takes the place of ${shown.join(', ')}${more}.`);
}
