/**
 * What of a mailbox may be handed out, where the setting `signatures` is not off. It is checked behind the claim: killed in
 * between, it comes again when its lease ends, and is checked again. What is refused is dead by one more step, with the reason,
 * and stands in nobody's way.
 */
import { DreamosError } from '../../model/errors.ts';
import type { Signature } from '../../model/signed/signature.ts';
import type { ClaimOptions, Delivery } from '../../storage/port/mail.ts';
import { checkSignature, refusalOf } from '../identity/signatures/verify.ts';
import type { Session } from '../root/root.ts';

type Claim = Pick<ClaimOptions, 'policy' | 'by' | 'label' | 'filter' | 'signal'>;

/**
 * @param first that was claimed @param next claims another one
 * @returns the first that may be handed out, with what is known of its signature
 * @throws SIGNATURE_INVALID, SIGNATURE_MISSING of the one that the claim's filter names, which is dead by then
 */
export async function onlySigned(
  session: Session,
  first: Delivery,
  claim: Claim,
  how: 'warn' | 'require',
  next: () => Promise<Delivery | undefined>,
): Promise<Delivery | undefined> {
  for (let delivery: Delivery | undefined = first; delivery; delivery = await next()) {
    const signature = await checkOrGiveBack(session, delivery, claim);
    const refusal = refusalOf(delivery.message, signature);
    if (!refusal) return { ...delivery, ...signature };
    if (how === 'warn') {
      session.warn(refusal.message);
      return { ...delivery, ...signature };
    }
    const reason = `${refusal.code}: ${signature.signatureFault ?? 'it is not signed'}`;
    const isBuried = await settled(session, delivery, { ...settling(claim), dead: true, reason });
    if (isBuried) session.warn(`${refusal.message} It is in the dead-letter queue of ${delivery.mailbox}.`);
    // Of what is thrown who has called is noted.
    if (claim.filter?.id !== undefined) throw refusal;
    if (isBuried) await (await session.audit()).noteCall(session, 'read', [], refusal);
    if (claim.signal?.aborted) return undefined;
  }
  return undefined;
}

/** As `onlySigned`, of several that were claimed together, and no other ones. */
export async function onlySignedOf(
  session: Session,
  claimed: readonly Delivery[],
  claim: Claim,
  how: 'warn' | 'require',
): Promise<Delivery[]> {
  const good: Delivery[] = [];
  for (const [i, one] of claimed.entries()) {
    try {
      const delivery = await onlySigned(session, one, claim, how, async () => undefined);
      if (delivery) good.push(delivery);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // Of what lies behind it nobody knows either.
      for (const other of claimed.slice(i + 1))
        await settled(session, other, { ...settling(claim), free: true, reason: error.message });
      // What is good is handed out, and the next claim meets it again.
      if (good.length === 0) throw error;
      return good;
    }
  }
  return good;
}

/** Whom nobody can trust or distrust now (a file of keys is spoilt, for one) is not handed out, and loses no attempt. */
async function checkOrGiveBack(session: Session, delivery: Delivery, claim: Claim): Promise<Signature> {
  try {
    return await checkSignature(session, delivery.message);
  } catch (error) {
    if (error instanceof DreamosError)
      await settled(session, delivery, { ...settling(claim), free: true, reason: error.message });
    throw error;
  }
}

const settling = ({ policy, by, label }: Claim) => ({ policy, label, ...(by !== undefined && { by }) });

/** Paused for longer than its lease, it is another's by now, who checks it as well. */
async function settled(
  { store }: Session,
  { receipt }: Delivery,
  how: Parameters<typeof store.mail.nack>[1],
): Promise<boolean> {
  try {
    await store.mail.nack(receipt, how);
    return true;
  } catch (error) {
    if (error instanceof DreamosError && error.kind === 'conflict') return false;
    throw error;
  }
}
