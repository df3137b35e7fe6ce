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

export function isRevoked(name: string, { id, revokedAt }: CardKey): DreamosError {
  return unauthenticated(
    `The key ${id} of ${name} was revoked at ${revokedAt}, so it signs for no other.`,
    `To begin anew: dreamos identity create ${name}`,
  );
}

export function notHere(name: string, { id }: CardKey, path: string): DreamosError {
  return unauthenticated(
    `The private key of ${name} (${id}) is not in ${path}.`,
    `Do it as the user who has it, or name its file with DREAMOS_IDENTITY; if it is lost: dreamos identity revoke ${name}`,
  );
}

/** @param path where it is looked for */
export function isElsewhere(name: string, { id }: CardKey, path: string): DreamosError {
  const message = `There is a key of ${name} already, ${id}, and its private half is not in ${path}.`;
  return new DreamosError('conflict', 'ALREADY_EXISTS', message, {
    hint: `Name its file with DREAMOS_IDENTITY; if it is lost, end it first: dreamos identity revoke ${name}`,
  });
}

export interface NamedKey {
  readonly path: string;
  readonly agent: string;
  readonly root: string;
}

/** @param named whose key DREAMOS_IDENTITY names @param wanted whose is looked for */
export function namesAnother(named: NamedKey, wanted: { readonly name: string; readonly root: string }): DreamosError {
  const isHere = named.root === wanted.root;
  const owner = isHere ? `${named.agent}, not of ${wanted.name}` : `${named.agent} in another root, ${named.root}`;
  const other = `name the file of ${wanted.name} by it, or none: unset DREAMOS_IDENTITY`;
  return unauthenticated(
    `DREAMOS_IDENTITY names ${named.path}, and that is the key of ${owner}.`,
    isHere ? `Act as ${named.agent}, or ${other}` : other.replace(/^n/, 'N'),
  );
}

export function openToOthers(path: string): DreamosError {
  return unauthenticated(`${path} is a private key, and others may read it, so it is not used.`, chmod(path));
}

/** @param folder that the key is in, or is to be put into */
export function folderOpenToOthers(folder: string): DreamosError {
  return unauthenticated(
    `${folder} is a folder of private keys, and others may change it, so none is read or put there.`,
    `chmod go-w ${quoteWord(folder)}`,
  );
}

export function folderOfAnotherUser(folder: string): DreamosError {
  const message = `${folder} is a folder of private keys, and belongs to another user, so none is read or put there.`;
  return unauthenticated(message, `Whose it is: ls -ld ${quoteWord(folder)}`);
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
