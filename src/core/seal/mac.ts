import { createHmac, hkdfSync } from 'node:crypto';
import type { Words } from '../../model/security/sealed.ts';

/**
 * By what two sends of one sender under one dedupe key are known to say the same, although their ciphertexts differ. Its key is made
 * of the sender's private key and the root: nobody else can try out which words it fits. The dedupe key is in it, so that the
 * same words under another one have another.
 */
export function macOf(
  { subject, body, data }: Words,
  by: { readonly secret: string; readonly root: string; readonly dedupeKey: string },
): string {
  const key = Buffer.from(hkdfSync('sha256', by.secret, by.root, 'dreamos-seal-dedupe-v1', 32));
  const said = JSON.stringify([by.dedupeKey, subject ?? null, body, data]);
  return createHmac('sha256', key).update(said).digest('base64url');
}
