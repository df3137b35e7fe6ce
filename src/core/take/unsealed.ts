/** Deliveries of sealed mail, opened for who reads them. */
import { DreamosError } from '../../model/errors.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
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

/** Where it cannot be opened it is handed over as it lies, with a warning. */
export async function openedOrWarn(session: Session, delivery: Delivery): Promise<Delivery> {
  const result = await opened(session, delivery);
  if (!(result instanceof DreamosError)) return result;
  session.warn(result.message);
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
  const { state } = await nack(session, delivery.receipt, isOurs ? { reason, free: true, delayMs: 0 } : { reason });
  if (isOurs) throw result;
  session.warn(`${reason} It was given back, and is ${state}.`);
  return undefined;
}
