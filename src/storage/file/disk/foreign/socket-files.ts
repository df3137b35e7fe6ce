/**
 * What a server needs of the system beside a root's files: places for its unix sockets, which the kernel keeps for whom they are,
 * and a signal for the process that listens there. A folder that a user owns may hold anything by the time root looks at it, so
 * it is taken back before anything is done in it, by a descriptor and never by its name.
 */
import * as fs from 'node:fs';
import { geteuid, kill, umask } from 'node:process';
import { quoteWord } from '../../../../model/basics/shell-word.ts';
import { DreamosError } from '../../../../model/errors.ts';
import { agentDoor, shortSocket, socketInRoot } from '../../names/foreign/socket-name.ts';
import { folderOf } from '../../names/path.ts';
import { attempt, diskError } from '../disk-error.ts';
import { pidSpace, startOf } from '../programs.ts';

/** Linux takes 107 bytes, macOS 103, and Node cuts a longer path without a word: two roots would share a socket. */
const mostBytes = 103;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the server of a root listens, if nothing else is said. @throws CANNOT_LISTEN: the path is too long; the hint has a shorter one */
export function usualSocket(root: string, env: Environment): string {
  const short = shortSocket(env['XDG_RUNTIME_DIR'], geteuid?.() ?? 0, root);
  const path = socketInRoot(root) ?? short;
  checkSocketPath(path, `dreamos serve --socket ${quoteWord(short)}`);
  return path;
}

/** `undefined`: no server listens there, since the path is too long, or the root has no folder. */
export function usualSocketPath(root: string): string | undefined {
  const path = socketInRoot(root);
  return path !== undefined && Buffer.byteLength(path) <= mostBytes ? path : undefined;
}

/** @param hint a shorter one to type @throws CANNOT_LISTEN */
export function checkSocketPath(path: string, hint = 'Name a shorter one, below /tmp or XDG_RUNTIME_DIR'): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= mostBytes) return;
  throw cannotListen(`${path} has ${bytes} bytes, and the path of a socket may have ${mostBytes}.`, hint);
}

export function cannotListen(message: string, hint?: string): DreamosError {
  return new DreamosError('conflict', 'CANNOT_LISTEN', message, { hint });
}

/**
 * Makes the folder of a socket, if that alone is missing, for its owner alone.
 * @returns what is at the path: who listens at a `socket` is to be asked @throws CANNOT_LISTEN: what is there is not ours to replace
 */
export function socketPlace(path: string): 'free' | 'socket' {
  const folder = folderOf(path);
  attempt(folder, 'make the folder', () => fs.mkdirSync(folder, { mode: 0o700 }), { EEXIST: undefined });
  const { uid, mode } = attempt<fs.Stats, never>(folder, 'look at', () => fs.statSync(folder));
  const self = geteuid?.() ?? uid;
  // Who owns the folder could put a socket of his own in the place of this one, and get mail that is not his.
  if (uid !== self && uid !== 0)
    throw cannotListen(`${folder} belongs to another user (uid ${uid}).`, 'Name a socket in a folder of yours');
  // So could who may change it; in a sticky one he may touch what is his alone.
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
    throw cannotListen(
      `Other users may change ${folder}, and could put a socket of theirs in the place of this one.`,
      `chmod go-w ${quoteWord(folder)}; or name a socket in a folder that is yours alone`,
    );
  const found = attempt<fs.Stats | undefined, never>(path, 'look at', () =>
    fs.lstatSync(path, { throwIfNoEntry: false }),
  );
  if (!found) return 'free';
  if (found.isSocket()) return 'socket';
  throw cannotListen(
    `${path} is there, and is no socket.`,
    `Name another path, or move it away: mv ${quoteWord(path)} ${quoteWord(`${path}.odd`)}`,
  );
}

/** One at which nobody listens. */
export function removeSocket(path: string): void {
  attempt(path, 'remove', () => fs.rmSync(path, { force: true }));
}

/** Who owns what is at the path a client was named, if that is neither this user nor root; a number. */
export function strangerAt(path: string): number | undefined {
  const uid = attempt<fs.Stats | undefined, undefined>(
    path,
    'look at',
    () => fs.statSync(path, { throwIfNoEntry: false }),
    { ENOTDIR: undefined, EACCES: undefined },
  )?.uid;
  return uid === undefined || uid === 0 || uid === (geteuid?.() ?? uid) ? undefined : uid;
}

/** Which socket it is; `undefined`: there is none. */
export function socketId(path: string): string | undefined {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found?.isSocket() ? `${found.dev}.${found.ino}` : undefined;
}

/** Whatever is made by then, without any waiting between, is its owner's alone from its first moment on. */
export function madePrivately<T>(work: () => T): T {
  const before = umask(0o177);
  try {
    return work();
  } finally {
    umask(before);
  }
}

export interface User {
  readonly uid: number;
  /** `undefined`: it stays as it is. */
  readonly gid: number | undefined;
}

/** By a name, as /etc/passwd has it, or by a number. `undefined`: there is none of this name. */
export function userCalled(name: string): User | undefined {
  if (/^\d{1,10}$/.test(name)) return { uid: Number(name), gid: undefined };
  for (const line of fs.readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [known, , uid, gid] = line.split(':');
    if (known === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

export function isRoot(): boolean {
  return geteuid?.() === 0;
}

/** The folder of all doors: everybody may go through, nobody else may change it. @throws CANNOT_LISTEN: others could */
export function makeDoorsFolder(folder: string): void {
  attempt(folder, 'make the folder', () => fs.mkdirSync(folder, { recursive: true, mode: 0o755 }));
  const { uid, mode } = attempt<fs.Stats, never>(folder, 'look at', () => fs.lstatSync(folder));
  if (uid === (geteuid?.() ?? uid) && (mode & 0o170022) === 0o040000) return;
  throw cannotListen(
    `${folder} is not a folder that this user alone may change, so others could put their sockets there.`,
    'Name one that is not there yet: dreamos serve --agent-sockets <dir>',
  );
}

/**
 * Makes a door of an agent: a folder into which only its user gets, and a socket in it that only he may open.
 * @param user `undefined`: this one @param how `listen` makes the socket, and listens; whether somebody listens there is asked before
 * @returns which socket it is (socketId) @throws CANNOT_LISTEN: another program listens there
 */
export async function openDoor(
  doors: string,
  agent: string,
  user: User | undefined,
  how: { readonly listen: (path: string) => Promise<void>; readonly isTaken: (path: string) => Promise<boolean> },
): Promise<string | undefined> {
  const { folder, socket } = agentDoor(doors, agent);
  checkSocketPath(socket);
  if (socketId(socket) !== undefined && (await how.isTaken(socket)))
    throw cannotListen(`Another program listens at ${socket}.`);
  attempt(folder, 'make the folder', () => fs.mkdirSync(folder, { mode: 0o700 }), { EEXIST: undefined });
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const held = attempt<number, never>(folder, 'open', () => fs.openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  try {
    if (isRoot()) fs.fchownSync(held, 0, 0);
    fs.fchmodSync(held, 0o700);
    if (fs.lstatSync(socket, { throwIfNoEntry: false })?.isDirectory()) throw cannotListen(`${socket} is a folder.`);
    fs.rmSync(socket, { force: true });
    await how.listen(socket);
    fs.chmodSync(socket, 0o600);
    const id = socketId(socket);
    if (user) {
      fs.lchownSync(socket, user.uid, user.gid ?? -1);
      fs.fchownSync(held, user.uid, user.gid ?? -1);
    }
    return id;
  } catch (error) {
    throw diskError(error, socket, 'make');
  } finally {
    fs.closeSync(held);
  }
}

/** Which socket is at the door of an agent; its user may have put another one there, or a folder. */
export function doorId(doors: string, agent: string): string | undefined {
  return socketId(agentDoor(doors, agent).socket);
}

/** Of an agent that is gone, when nobody listens there any more. What its user has put there stays. */
export function closeDoor(doors: string, agent: string): void {
  const { folder } = agentDoor(doors, agent);
  attempt(folder, 'remove the folder', () => fs.rmdirSync(folder), { ENOENT: undefined, ENOTEMPTY: undefined });
}

/** Asks a process to end. @returns `false`: there is none */
export function askToEnd(pid: number): boolean {
  return attempt(`process ${pid}`, 'end', () => kill(pid, 'SIGTERM'), { ESRCH: false });
}

/** Which process a number is, here and now: it may be given again, and means another one in another container. */
export interface ProcessMark {
  /** When it began, in the kernel's words. */
  readonly begun: string;
  /** Whose numbers these are. */
  readonly space: string;
}

/** `undefined`: there is none; one that has ended and was not asked for its code yet is none. */
export function processHere(pid: number): ProcessMark | undefined {
  const begun = startOf(pid);
  return begun === undefined ? undefined : { begun, space: pidSpace() };
}
