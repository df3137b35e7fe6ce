import { DreamosError } from '../model/errors.ts';
import { isUnprintable } from './print-message.ts';

/**
 * Waits for a write whose failure leaves something behind that the user has to know: then the error says so. (Of other
 * output a reader that has gone has simply seen enough, and the command ends quietly.)
 */
export async function orTell(written: Promise<void>, message: () => string, hint: string): Promise<void> {
  try {
    await written;
  } catch (cause) {
    if (isUnprintable(cause) || !(cause instanceof DreamosError)) throw cause;
    throw new DreamosError(cause.kind, cause.code, message(), { hint, cause });
  }
}
