/** An operation of who acts, where there is a policy: what it names is asked at once, what it touches in the storage then. */
import { operations } from '../../contract/operations.ts';
import type { Action } from '../../model/security/policy.ts';
import type { Call, Session } from '../root/root.ts';
import { type Ask, askFor } from './ask.ts';
import { guarded } from './guard.ts';

/** @param session without a gate, over the storage itself @returns it over what the operation may touch @throws FORBIDDEN, CONFIG_INVALID */
export async function enter(session: Session, call: Call): Promise<Session> {
  const { action, concerns, everywhere = false } = operations[call.operation];
  if (action === null) return session;
  const ask = askFor(session, call.operation);
  await checkAtOnce(session, call, action, ask, everywhere);
  const asking = {
    ...session,
    checkMay: async (mailboxes: readonly string[]) => {
      for (const mailbox of mailboxes) await ask.check(action, { mailbox });
    },
    mayLook: (mailbox: string) => ask.may('look', { mailbox }),
  };
  // What some look through is no mail: the cards, the settings, what is reserved.
  if (concerns === 'none' && action === 'look') return asking;
  const lists = concerns === 'several' || (concerns === 'all' && action === 'look');
  return { ...asking, store: guarded(session, call.operation, action, ask, lists) };
}

async function checkAtOnce(
  session: Session,
  { named, own, patterns, seen }: Call,
  action: Action,
  ask: Ask,
  everywhere: boolean,
): Promise<void> {
  if (everywhere && named === undefined) return ask.check(action, { in: 'everywhere' });
  const mailboxes = [...(named ?? []), ...(own && session.acting !== undefined ? [session.acting] : [])];
  for (const mailbox of mailboxes) await ask.check(action, { mailbox });
  for (const pattern of patterns ?? []) await ask.check(action, { pattern: pattern.toLowerCase() });
  for (const pattern of seen ?? []) await ask.check(action, { pattern: pattern.toLowerCase(), inPart: true });
  if (mailboxes.length === 0 && (patterns ?? seen) === undefined) await ask.check(action, { in: 'anywhere' });
}
