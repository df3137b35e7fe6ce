/** Deliveries of sealed mail, opened for who reads them. */
import { DreamosError } from '../../model/errors.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { isEngineAway } from '../root/trouble.ts';
import { open, readersOf } from '../seal/open.ts';
import { isNotForUs } from '../seal/opener.ts';
import { nack } from './settle.ts';

/** @returns why it is not opened: UNAUTHENTICATED, SEAL_UNOPENED @throws what the disk throws */
export async function opened(session: Session, delivery: Delivery): Promise<Delivery | DreamosError> {
  const { message, mailbox } = delivery;
  if (message.sealed === undefined) return delivery;
  try {
    return { ...delivery, message: await open(session, message, readersOf(session, mailbox)), unsealed: true };
  } catch (error) {
    if (error instanceof DreamosError && isNotForUs(error)) return error;
    throw error;
  }
}

/** Where it cannot be opened, also as the engine is away by then, it is handed over as it lies, with a warning. */
export async function openedOrWarn(session: Session, delivery: Delivery): Promise<Delivery> {
  const result = await opened(session, delivery).catch((error: unknown) => {
    if (!isEngineAway(error)) throw error;
    return `Message ${delivery.message.id} is sealed, and not opened: ${(error as DreamosError).message}`;
  });
  if (typeof result !== 'string' && !(result instanceof DreamosError)) return result;
  session.warn(typeof result === 'string' ? result : result.message);
  return delivery;
}

/**
 * What cannot be opened is given back. @returns `undefined`: its attempt has failed, so that the last one leads to the dead letters
 * @throws UNAUTHENTICATED: no key is here, which is not the message's fault
 */
export async function openedOrGivenBack(session: Session, delivery: Delivery): Promise<Delivery | undefined> {
  const result = await opened(session, delivery);
  if (!(result instanceof DreamosError)) return result;
  const reason = result.message;
  const isOurs = result.code === 'UNAUTHENTICATED';
  const how = isOurs ? { reason, free: true, delayMs: 0 } : { reason };
  const settled = await nack(session, delivery.receipt, how).catch((error: unknown) => {
    // Of one whose answer was lost with the engine: it was given back then.
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    return undefined;
  });
  if (isOurs) throw result;
  session.warn(`${reason} It was given back${settled ? `, and is ${settled.state}` : ''}.`);
  return undefined;
}

/** Said where the engine goes away between the claim and the opening. */
export function notOpenedYet({ message, mailbox, leaseUntil }: Delivery): string {
  const until = new Date(leaseUntil).toISOString();
  return `Message ${message.id} in ${mailbox} is claimed until ${until}, and not opened yet: its engine is away. To give it back: dreamos nack ${message.id}`;
}
