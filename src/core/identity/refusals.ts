/** What is refused to who has not the right key, or no key at all. */
import type { CardKey, Pin } from '../../model/security/identity.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';

export function unauthenticated(message: string, hint: string): DreamosError {
  return new DreamosError('denied', 'UNAUTHENTICATED', message, { hint });
}

/** @param pin what this user knows of it @param current what its card says */
export function keyChanged(agent: string, pin: Pin | undefined, current: CardKey | undefined): DreamosError {
  const now = current ? `its card says ${current.id}` : 'its card has none any more';
  const same = current !== undefined && current.id === pin?.key;
  const message = same
    ? `You know ${agent} by the key ${pin.key}, and its card says another key to seal for; nobody has signed the change.`
    : `You know ${agent} by the key ${pin?.key}, and ${now}; nobody that you know has signed the change.`;
  const accept = current ? `dreamos trust accept ${agent} --key ${current.id}` : `dreamos trust accept ${agent}`;
  return new DreamosError('denied', 'KEY_CHANGED', message, {
    hint: `Ask its owner what is right; if that is: ${accept}`,
  });
}

/** The card names another key than the owner has. */
export function ownKeyChanged(agent: string, path: string, current: CardKey): DreamosError {
  const message = `The card of ${agent} says the key ${current.id}, and that is not the one in ${path}.`;
  return new DreamosError('denied', 'KEY_CHANGED', message, {
    hint: `If it was not you who has changed it, begin anew: dreamos identity revoke ${agent}; dreamos identity create ${agent}`,
  });
}

/** @param named whose key DREAMOS_IDENTITY names */
export function namesAnother({ path, agent, root }: { path: string; agent: string; root: string }): DreamosError {
  return unauthenticated(
    `DREAMOS_IDENTITY names ${path}, and that is the key of ${agent} in the root ${root}.`,
    'Name another file by it, or none: unset DREAMOS_IDENTITY',
  );
}

export function openToOthers(path: string): DreamosError {
  return unauthenticated(`${path} is a private key, and others may read it, so it is not used.`, chmod(path));
}

export function ofAnotherUser(path: string): DreamosError {
  return unauthenticated(`${path} is a private key, and belongs to another user, so it is not used.`, whose(path));
}

export function whose(path: string): string {
  return `Whose it is: ls -l ${quoteWord(path)}`;
}

export function chmod(path: string): string {
  return `chmod 600 ${quoteWord(path)}`;
}
