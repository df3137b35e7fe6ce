import type { WrittenRule } from '../../model/metrics/alert.ts';
import type { Session } from '../root/root.ts';
import { nameNow } from './agents.ts';

/** Those among them who are to be told, and that nobody is called. */
export async function unknownReceivers(
  session: Session,
  rules: readonly WrittenRule[],
): Promise<{ readonly name: string; readonly to: string }[]> {
  const unknown: { name: string; to: string }[] = [];
  for (const { name, to, off } of rules)
    if (to !== undefined && !off && !(await session.store.documents.getAgent(await nameNow(session, to))))
      unknown.push({ name, to });
  return unknown;
}
