import type { Session } from '../root/root.ts';
import { rootSettings } from '../root/config-file.ts';

/**
 * Loads what the settings ask of each message. The native program leaves it to Node, for which it is too late once a body was
 * taken from a pipe. @throws CONFIG_INVALID
 */
export async function readyToSend(session: Session): Promise<void> {
  const { secrets = 'off' } = await rootSettings(session);
  if (secrets !== 'off') await import('../secrets/look.ts');
}
