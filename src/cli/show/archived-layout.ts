import type { Archived } from '../../contract/keep.ts';
import { ago, titleOf } from './message-view.ts';
import { layoutOf, type RowLayout } from './screenful.ts';

/**
 * What a line of an archive says on a terminal.
 * @param everywhere several mailboxes are looked into
 */
export function archivedLayout(nowMs: number, everywhere: boolean): RowLayout<Archived> {
  return layoutOf<Archived>(
    [
      ['id', true, ({ id }) => id],
      ['mailbox', everywhere, ({ mailbox }) => mailbox],
      ['finished', true, ({ ackedAt }) => ago(ackedAt, nowMs)],
      ['from', true, ({ message }) => message.from],
      ['subject', true, ({ message }) => titleOf(message)],
    ],
    { mailbox: 6, from: 6, subject: 8 },
  );
}
