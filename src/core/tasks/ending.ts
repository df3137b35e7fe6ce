import type { Said, Settled } from '../../storage/port/mail.ts';
import { seen } from '../agents/seen.ts';
import type { Session } from '../root/root.ts';
import { assignThese } from './assign.ts';
import { ackTask, orLater } from './place/pending.ts';

/** What has waited for it goes to who can do it. @throws as ack */
export async function ackAndAssign(session: Session, receipt: string, by: string, said: Said): Promise<Settled> {
  await seen(session, session.store.mail.parseReceipt(receipt).mailbox);
  const [settled, ready] = await ackTask(session, receipt, by, said);
  if (ready.length > 0)
    await orLater(session, settled.id, async () => {
      await assignThese(session, ready);
      return [];
    });
  return settled;
}
