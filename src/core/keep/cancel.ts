import type { Entry } from '../../storage/port/look.ts';
import { meantId } from '../look/meant.ts';
import type { Session } from '../root/root.ts';
import { changeEverywhere } from './everywhere.ts';
import { operation } from '../root/operation.ts';

export const cancel = operation('cancel', cancelBody);

async function cancelBody(session: Session, idOrEnd: string): Promise<Entry[]> {
  const id = await meantId(session, idOrEnd, { states: ['ready', 'delayed'] }, {});
  return changeEverywhere(session, id, {
    again: `dreamos cancel ${id}`,
    done: 'cancelled',
    from: ['ready', 'delayed'],
    change: (entry, actor) => session.store.mail.cancel(entry, actor),
    refusal: 'cannot be cancelled any more',
  });
}
