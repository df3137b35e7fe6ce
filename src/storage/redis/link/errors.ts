/** What the server's state means to whoever called. */
import { cut } from '../../../model/basics/text.ts';
import { DreamosError } from '../../../model/errors.ts';
import { StorageDenied } from '../../port/refusals.ts';
import { engineHelp, engineUnreachable } from '../../engine/refusals.ts';

/** The server does not answer, or not as one that can be worked with. */
export class Unreachable extends DreamosError {
  /** The call may have been done: it was sent, and no answer came. */
  readonly isUncertain: boolean;

  constructor(where: string, why: string, isUncertain: boolean) {
    const { kind, code, message, hint } = engineUnreachable(where, why);
    super(kind, code, isUncertain ? `${message} What was to be done may have been done.` : message, { hint });
    this.isUncertain = isUncertain;
  }
}

/** It answers, and lets nobody in, or lets him do too little. */
export function refused(where: string, said: string): DreamosError {
  const message = `The engine at ${where} refuses: ${cut(said, 200).replace(/\.$/, '')}.`;
  if (/^(?:WRONGPASS|NOAUTH|ERR AUTH)\b/.test(said))
    return new StorageDenied(message, `Say its user and password: dreamos help ${engineHelp}`);
  return new DreamosError('unreachable', 'ENGINE_UNREACHABLE', message, {
    hint: `Give that user what it needs: dreamos help ${engineHelp}`,
  });
}

/** It answers with an error that says neither what was done nor what is to be done about it. */
export class Odd extends DreamosError {
  constructor(where: string, said: string) {
    super('unreachable', 'ENGINE_UNREACHABLE', `The engine at ${where} answers with an error: ${cut(said, 200)}.`, {
      hint: `Look what it has to be, and to allow: dreamos help ${engineHelp}`,
    });
  }
}

export function sendUncertain(id: string, why: string): DreamosError {
  return new DreamosError('disk', 'SEND_UNCERTAIN', `Whether ${id} was sent is not known: ${why}.`, {
    hint: `See whether it is there: dreamos show ${id}; to send it again under the same id is safe`,
  });
}

/** Memory or disk of the server is full, or it cannot write its log. */
export function serverFull(where: string, said: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `${where} takes nothing more: ${cut(said, 200)}`, {
    hint: 'Give it memory or disk (maxmemory, its own log says why), or make room: dreamos archive prune',
  });
}

/** What became of a command, by the first word of the server's answer. */
export type Answer =
  | 'lost'
  /** It was not done: another server, or this one in a moment. */
  | 'elsewhere'
  | 'later'
  | 'full'
  | 'refused'
  | 'other';

export function kindOf(message: string): Answer {
  const [word = ''] = message.split(' ', 1);
  if (word === 'DREAMOSLOST') return 'lost';
  if (word === 'READONLY' || word === 'MOVED') return 'elsewhere';
  if (['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'NOREPLICAS'].includes(word)) return 'later';
  if (message.startsWith('ERR max number of clients')) return 'later';
  if (word === 'OOM' || word === 'MISCONF') return 'full';
  if (['NOAUTH', 'WRONGPASS', 'NOPERM', 'DENIED'].includes(word)) return 'refused';
  // Of a script, Redis 7.0 says its rights so, and later ones so.
  if (/^ERR (?:AUTH|The user executing the script|ACL failure in script)/.test(message)) return 'refused';
  return 'other';
}
