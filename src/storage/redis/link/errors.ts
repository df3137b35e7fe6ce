/** What the server's state means to whoever called. */
import { quoteWord } from '../../../model/basics/shell-word.ts';
import { cut } from '../../../model/basics/text.ts';
import { DreamosError } from '../../../model/errors.ts';
import { engineHelp, engineLost, engineUnreachable } from '../../engine/refusals.ts';
import { StorageDenied } from '../../port/refusals.ts';

/** The server does not answer, or not as one that can be worked with. */
export class Unreachable extends DreamosError {
  /** The call may have been done: it was sent, and no answer came. */
  readonly isUncertain: boolean;

  constructor(where: string, why: string, isUncertain: boolean) {
    const { kind, code, message, hint } =
      kindOf(why) === 'other' ? engineUnreachable(where, why) : takesNone(where, why);
    super(kind, code, isUncertain ? `${message} What was to be done may have been done.` : message, { hint });
    this.isUncertain = isUncertain;
  }
}

/** In place of NOAUTH: who has not logged in is not read to the end where a command has more than 10 words, or one above 16 KiB. */
const tooLongForStrangers = 'ERR Protocol error: unauthenticated';

const tooManyClients = 'ERR max number of clients';

/** It answers, and lets nobody in, or lets him do too little. */
export function refused(where: string, said: string): DreamosError {
  if (said.startsWith(tooLongForStrangers)) return refused(where, 'NOAUTH Authentication required');
  const message = `The engine at ${where} refuses: ${cut(said, 200)}.`;
  if (/^(?:WRONGPASS|NOAUTH|ERR AUTH)\b/.test(said))
    return new StorageDenied(message, `Say its user and password: dreamos help ${engineHelp}`);
  return new DreamosError('unreachable', 'ENGINE_UNREACHABLE', message, { hint: hintOf(said) });
}

/** It is there, and does nothing now. */
function takesNone(where: string, said: string): DreamosError {
  const message = `The engine at ${where} takes no calls now: ${said}.`;
  return new DreamosError('unreachable', 'ENGINE_UNREACHABLE', message, { hint: hintOf(said) });
}

function hintOf(said: string): string {
  const kind = kindOf(said);
  if (said.startsWith(tooManyClients))
    return `Let it have more clients (maxclients), or end some; then the same again: dreamos help ${engineHelp}`;
  if (/DB index|^ERR SELECT\b/.test(said))
    return `Name a database that it has, as redis://host:6379/0: dreamos help ${engineHelp}`;
  if (said.startsWith('DENIED')) return `Let in who comes from here, as it says itself: dreamos help ${engineHelp}`;
  if (kind === 'later' || kind === 'elsewhere')
    return `Wait until it takes them, or look what its own log says; then the same again: dreamos help ${engineHelp}`;
  return `Give that user what it needs: dreamos help ${engineHelp}`;
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
function serverFull(where: string, said: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `${where} takes nothing more: ${cut(said, 200)}`, {
    hint: 'Give it memory or disk (maxmemory, its own log says why), or make room: dreamos archive prune',
  });
}

/** @param said whether it is on its way, and where to: `moving file:/mnt/mail` */
function rootMoved(root: string, said: string): DreamosError {
  const [, how, to = ''] = /^DREAMOSMOVED (\w+) (.*)$/s.exec(said) ?? [];
  const isOver = how === 'moved';
  return new DreamosError(
    'conflict',
    'ROOT_MOVED',
    `The root ${root} ${isOver ? 'was moved' : 'is being moved'} to ${to}.`,
    {
      hint: isOver
        ? `Name it where it is: dreamos status --root ${quoteWord(to.replace(/^file:/, ''))}`
        : `Wait until that is done; where it was cut off: dreamos move --resume --root ${quoteWord(root)}`,
    },
  );
}

function takenOver(root: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Another process has gone on with the move of ${root}.`, {
    hint: `See where it is: dreamos status --root ${quoteWord(root)}`,
  });
}

/** What the server said of a root, to whoever called. @param where its engine */
export function meant(where: string, id: string, message: string): DreamosError {
  switch (kindOf(message)) {
    case 'lost':
      return engineLost(where, `the root ${id} is not in it`);
    case 'moved':
      return rootMoved(`${where}#${id}`, message);
    case 'taken':
      return takenOver(`${where}#${id}`);
    case 'full':
      return serverFull(where, message);
    case 'refused':
      return refused(where, message);
    case 'elsewhere':
    case 'later':
    case 'other':
    default:
      return new Odd(where, message);
  }
}

/** What became of a command, by the first word of the server's answer. */
export type Answer =
  | 'lost'
  /** The root is being moved, or was. */
  | 'moved'
  /** Somebody else has taken over what this process was loading or moving. */
  | 'taken'
  /** It was not done: another server, or this one in a moment. */
  | 'elsewhere'
  | 'later'
  | 'full'
  | 'refused'
  | 'other';

export function kindOf(message: string): Answer {
  const [word = ''] = message.split(' ', 1);
  if (word === 'DREAMOSLOST') return 'lost';
  if (word === 'DREAMOSMOVED') return 'moved';
  if (word === 'DREAMOSTAKEN') return 'taken';
  if (word === 'READONLY' || word === 'MOVED') return 'elsewhere';
  if (['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'NOREPLICAS'].includes(word)) return 'later';
  if (message.startsWith(tooManyClients)) return 'later';
  if (word === 'OOM' || word === 'MISCONF') return 'full';
  if (['NOAUTH', 'WRONGPASS', 'NOPERM', 'DENIED'].includes(word)) return 'refused';
  if (message.startsWith(tooLongForStrangers)) return 'refused';
  // Of a script, Redis 7.0 says its rights so, and later ones so.
  if (/^ERR (?:AUTH|The user executing the script|ACL failure in script)/.test(message)) return 'refused';
  return 'other';
}
