/** Signatures, for who looks: nothing of them is loaded or looked up where the setting is off. */
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import { defaultSettings, type Settings } from '../../../model/settings.ts';
import type { Signature } from '../../../model/signed/signature.ts';
import { knownSettings } from '../../root/config-file.ts';
import type { Session } from '../../root/root.ts';
import { rootIdOf } from '../root-id.ts';

export type CheckSignature = (message: Message | null | undefined) => Promise<Signature>;

/**
 * What the root says of signatures. While nobody knows what that is, they are required wherever somebody has ever had a key:
 * who spoils config.json does not end that.
 */
export async function signaturesNow(session: Session): Promise<NonNullable<Settings['signatures']>> {
  const settings = await knownSettings(session);
  if (settings) return settings.signatures ?? defaultSettings.signatures;
  return (await mayBeSigned(session)) ? 'require' : 'off';
}

async function mayBeSigned(session: Session): Promise<boolean> {
  try {
    return (await rootIdOf(session)) !== undefined;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return true;
  }
}

/** For many messages, the setting being asked once. @returns `undefined`: it is off */
export async function signatureCheck(session: Session): Promise<CheckSignature | undefined> {
  if ((await signaturesNow(session)) === 'off') return undefined;
  const { checkSignature } = await import('./verify.ts');
  return async (message) => (message ? checkSignature(session, message).catch(notChecked) : none);
}

/** A look goes on. */
function notChecked(error: unknown): Signature {
  if (!(error instanceof DreamosError)) throw error;
  return { signature: 'invalid', signatureFault: `it cannot be checked (${error.message.replace(/\.$/, '')})` };
}

/** Of one message. */
export async function signatureOf(session: Session, message: Message | null | undefined): Promise<Signature> {
  const check = await signatureCheck(session);
  return check ? check(message) : none;
}

/**
 * For who hands out the words of a message as they are, without what is known of them: where that is `warn`, it is told.
 * @throws SIGNATURE_INVALID, SIGNATURE_MISSING, where signatures are required
 */
export async function checkHandedOut(session: Session, message: Message, known: Signature): Promise<void> {
  if (known.signature === undefined || known.signature === 'verified') return;
  const refusal = (await import('./verify.ts')).refusalOf(message, known);
  if (refusal === undefined) return;
  if ((await signaturesNow(session)) === 'require') throw refusal;
  session.warn(refusal.message);
}

const none: Signature = {};
