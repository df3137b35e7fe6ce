import type { Archived } from '../../contract/keep.ts';
import type { Output } from '../output.ts';
import { ago, titleOf } from './message-view.ts';
import { createScreenful, layoutOf, mostOnScreen } from './screenful.ts';

/**
 * What a person sees of an archive: a line each under a head, as of other lists. Of one without end no more is read than is shown.
 * @param everywhere several mailboxes are looked into
 * @returns how many are shown
 */
export async function showArchivedLines(
  output: Output,
  found: AsyncIterable<Archived>,
  how: { readonly everywhere: boolean; readonly limit: number | undefined; readonly nowMs: number },
): Promise<number> {
  const { row, ...layout } = layoutOf<Archived>(
    [
      ['id', true, ({ id }) => id],
      ['mailbox', how.everywhere, ({ mailbox }) => mailbox],
      ['finished', true, ({ ackedAt }) => ago(ackedAt, how.nowMs)],
      ['from', true, ({ message }) => message.from],
      ['subject', true, ({ message }) => titleOf(message)],
    ],
    { mailbox: 6, from: 6, subject: 8 },
  );
  const most = how.limit ?? mostOnScreen;
  const screen = createScreenful(output, layout, most);
  let isCut = false;
  for await (const archived of found) {
    isCut = screen.count === most;
    if (isCut) break;
    screen.add(() => row(archived));
  }
  await screen.print();
  if (isCut) await output.note('… and more: -n <number> shows so many');
  return screen.count;
}
