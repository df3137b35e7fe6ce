import * as z from 'zod/mini';
import { once } from '../../model/schema.ts';
import { signatureStates } from '../../model/signed/signature.ts';

/** Beside a message. */
export const signatureFields = once(() => ({
  /** Whether it is signed, and rightly; absent where the setting `signatures` is off. */
  signature: z.exactOptional(z.enum(signatureStates)),
  /** invalid: why. */
  signatureFault: z.exactOptional(z.string()),
  /** verified: who has signed it, in words, where somebody else has the sender's name by now. */
  signedBy: z.exactOptional(z.string()),
}));
