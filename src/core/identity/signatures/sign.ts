/** Signing what is sent, where the setting `signatures` asks for it: the native program leaves that to Node. */
import { DreamosError } from '../../../model/errors.ts';
import { type Message, undigested } from '../../../model/message.ts';
import { bytesToSign } from '../../../model/signed/signature.ts';
import { isOwnSender } from '../../../model/agent.ts';
import type { Session } from '../../root/root.ts';
import { warnOnce } from '../../root/trouble.ts';
import { type Signer, signerOf } from '../keys.ts';
import { createLately } from './lately.ts';

/**
 * The message with its sender's signature. Nothing of it may be changed behind that, and nothing added.
 * @param how where it is `warn`, what cannot be signed goes without, and that is told
 * @throws UNAUTHENTICATED, KEY_CHANGED: it is `require`, and there is no key of its sender here that may be used
 */
export async function signed(session: Session, message: Message, how: 'warn' | 'require'): Promise<Message> {
  const signer = await signerFor(session, message.from, how);
  if (!signer) return message;
  // In this order, and behind all others: so it is in the file.
  const unsigned: Message = { ...message, root: signer.root, key: signer.key };
  return { ...unsigned, sig: signer.sign(bytesToSign(undigested(unsigned))).toString('base64') };
}

const signerNow = createLately<Signer | undefined>();

async function signerFor(session: Session, from: string, how: 'warn' | 'require'): Promise<Signer | undefined> {
  let refusal: DreamosError;
  try {
    const signer = await signerNow(session, from, () => signerOf(session, from));
    if (signer) return signer;
    refusal = await noKey(session, from);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'denied') throw error;
    refusal = error;
  }
  if (how === 'require') throw refusal;
  const untold = `${refusal.message} What ${from} sends is not signed: ${refusal.hint}`;
  warnOnce(session, `signatures of ${from}`, untold);
  return undefined;
}

async function noKey({ store }: Session, from: string): Promise<DreamosError> {
  const message = `There is no private key of ${from} here, and this root takes signed mail.`;
  // A key stands on a card.
  const isKnown = isOwnSender(from) || (await store.documents.getAgent(from)) !== undefined;
  const hint = `${isKnown ? '' : `dreamos agent register ${from}; then: `}dreamos identity create ${from}`;
  return new DreamosError('denied', 'UNAUTHENTICATED', message, { hint });
}
