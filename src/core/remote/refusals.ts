import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { isServerAway } from '../root/trouble.ts';
import { ownVersion } from './protocol.ts';

/** It went away, and nobody knows whether it has done what it was asked for. */
export class Gone extends Error {}

/** Whether there may be a server again later. */
export function isAway(error: unknown): boolean {
  return error instanceof Gone || isServerAway(error) || isBusy(error);
}

/** It was turned away, before anything was done. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'SERVER_BUSY';
}

/** @param why of the system; nothing was done */
export function unreachable(server: string, why: string, cause?: unknown): DreamosError {
  return new DreamosError('unreachable', 'SERVER_UNREACHABLE', `No server answers at ${server}: ${why}.`, {
    hint: 'Begin one in the root: dreamos serve; to work on the root itself: unset DREAMOS_SERVER',
    cause,
  });
}

/** Nothing was done. */
export function turnedAway(server: string): DreamosError {
  const message = `The server at ${server} has as many connections as it takes at once.`;
  return new DreamosError('unreachable', 'SERVER_BUSY', message, { hint: 'Ask again in a second; nothing was done' });
}

/** It went away before it had answered. */
export function wentAway(server: string, call: string): DreamosError {
  const message = `The server at ${server} went away before it had answered "${call}": it may have been done, or not.`;
  return new DreamosError('unreachable', 'SERVER_UNREACHABLE', message, {
    hint: 'Look before you do it again; to begin a server in the root: dreamos serve',
  });
}

/** As wentAway, of what sends. */
export function uncertain(server: string): DreamosError {
  const message = `The server at ${server} went away while something was being sent: it may have been sent, or not.`;
  return new DreamosError('disk', 'SEND_UNCERTAIN', message, {
    hint: 'Look before you send it again: dreamos watch --since start; what has a dedupe key may be sent again as it is',
  });
}

export function otherVersion(server: string, theirs: string): DreamosError {
  const message = `The server at ${server} is of dreamos ${theirs}, and this is ${ownVersion}: only equal versions work together.`;
  return new DreamosError('unreachable', 'SERVER_DIFFERS', message, {
    hint: 'End it, and begin it anew with this version: dreamos serve',
  });
}

export function notOurs(server: string): DreamosError {
  return new DreamosError('unreachable', 'SERVER_DIFFERS', `What answers at ${server} is no server of dreamos.`, {
    hint: 'Begin one in the root, and say in DREAMOS_SERVER where it listens: dreamos serve',
  });
}

export function notAway(what: string, why: string): DreamosError {
  return usage(
    `"${what}" is not done through a server: it ${why}.`,
    'Open the root itself: `open` instead of `connect`',
  );
}

export function noServer(said: string): DreamosError {
  if (/^https?:/i.test(said))
    return usage(
      `Commands and the library go through a unix socket only, and ${JSON.stringify(said)} is none.`,
      "Where it is, by the root: DREAMOS_SERVER='' dreamos serve status; so: DREAMOS_SERVER=unix:/path/to/its/socket",
    );
  return usage(
    `${JSON.stringify(said)} does not say where a server listens: a socket's whole path, from / on.`,
    'So: DREAMOS_SERVER=unix:/path/to/its/socket',
  );
}
