/** Whether what looks for secrets works here, for who wants to know it before mail is sent. */
import { DreamosError } from '../../model/errors.ts';

// No secret, so that nothing is to be found in it.
const harmless = 'dreamos doctor';

/** @param command of the setting secretScanner; none: secretlint @returns why it does not, and what mends it */
export async function scannerTrouble(
  command: readonly string[],
): Promise<{ readonly message: string; readonly hint: string } | undefined> {
  try {
    const found =
      command.length > 0
        ? await (await import('./command.ts')).lookByCommand(command, harmless)
        : await (await import('./secretlint.ts')).lookBySecretlint(harmless);
    if (found.length === 0) return undefined;
    const what = `What looks for secrets finds one in the words ${JSON.stringify(harmless)}, so it finds one in everything`;
    return { message: `${what}: ${found[0]?.what}.`, hint: 'dreamos config get secretScanner' };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return { message: error.message, hint: error.hint ?? 'dreamos help security' };
  }
}
