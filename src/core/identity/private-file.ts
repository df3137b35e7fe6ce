/**
 * The private half of an identity: a file of its owner, outside of the root. It has the keys that its card has, and for a moment
 * the next one: which of them counts, the card says. Of older ones only what opens older mail is kept.
 */
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import type { DreamosError } from '../../model/errors.ts';
import type { UserFile } from '../../storage/file/disk/foreign/user-files.ts';
import type { Session } from '../root/root.ts';
import { openToOthers, unauthenticated } from './refusals.ts';

export interface OwnKey {
  readonly id: string;
  readonly since: string;
  /** Ed25519, PKCS#8 as PEM; absent: it signs no more. */
  readonly private?: string;
  /** `AGE-SECRET-KEY-1…`, and its `age1…`. */
  readonly seal?: string;
  readonly recipient?: string;
}

interface Content {
  readonly v: 1;
  readonly root: string;
  readonly agent: string;
  /** The newest first. */
  readonly keys: readonly OwnKey[];
}

export interface PrivateFile {
  readonly path: string;
  /** `undefined`: there is none. */
  readonly file: UserFile | undefined;
  readonly keys: readonly OwnKey[];
}

const userFiles = () => import('../../storage/file/disk/foreign/user-files.ts');

// One process has few of them.
const mostKnown = 100;
const known = new Map<string, { readonly version: string; readonly file: UserFile; readonly content: Content }>();

/**
 * The file of an agent's own keys: DREAMOS_IDENTITY, where it names that of this agent, else that in the user's folder, also
 * under a name that the agent had before.
 * @param options.mayBeMade it is not there yet, where DREAMOS_IDENTITY says
 * @throws UNAUTHENTICATED: others may read it, it is not readable, or it is none
 */
export async function privateFileOf(
  session: Session,
  root: string,
  { name, formerNames = [] }: Pick<AgentCard, 'name' | 'formerNames'>,
  { mayBeMade = false } = {},
): Promise<PrivateFile> {
  const { userPaths } = await userFiles();
  const names = [name, ...formerNames.map((former) => former.name).reverse()];
  const named = session.env['DREAMOS_IDENTITY'];
  if (named) {
    const found = await read(named);
    if (found && found.content.root === root && names.some((one) => sameAgent(one, found.content.agent)))
      return { path: named, file: found.file, keys: found.content.keys };
    if (!found && mayBeMade) return { path: named, file: undefined, keys: [] };
    if (!found)
      throw unauthenticated(
        `DREAMOS_IDENTITY names ${named}, and there is no such file.`,
        `To make one there: dreamos identity create ${name}`,
      );
    if (mayBeMade)
      throw unauthenticated(
        `DREAMOS_IDENTITY names ${named}, and that is the key of ${found.content.agent} in the root ${found.content.root}.`,
        'Name another file by it, or none: unset DREAMOS_IDENTITY',
      );
  }
  const paths = userPaths(session.env);
  for (const one of names) {
    const path = paths.identity(root, one);
    const found = await read(path);
    if (found) return { path, file: found.file, keys: found.content.keys };
  }
  return { path: paths.identity(root, name), file: undefined, keys: [] };
}

async function read(path: string): Promise<{ readonly file: UserFile; readonly content: Content } | undefined> {
  const { readUserFile, versionOfUserFile } = await userFiles();
  const before = known.get(path);
  if (before && before.version === versionOfUserFile(path)) return before;
  known.delete(path);
  let file: UserFile | undefined;
  try {
    file = readUserFile(path);
  } catch (error) {
    const isClosed = (((error as DreamosError).cause ?? {}) as NodeJS.ErrnoException).code === 'EACCES';
    throw isClosed ? unauthenticated(`${path} is not yours to read.`, `Whose it is: ls -l ${quoteWord(path)}`) : error;
  }
  if (!file) return undefined;
  if (file.isReadable || file.isWritable) throw openToOthers(path);
  const content = contentOf(file);
  if (known.size >= mostKnown) known.clear();
  const found = { version: file.version, file, content };
  known.set(path, found);
  return found;
}

function contentOf({ path, bytes }: UserFile): Content {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    value = undefined;
  }
  if (isContent(value)) return value;
  throw unauthenticated(
    `${path} is no private key of dreamos, or it is spoilt.`,
    'Take it from a copy; without one, move it away: dreamos identity revoke <agent>; dreamos identity create <agent>',
  );
}

function isContent(value: unknown): value is Content {
  const { v, root, agent, keys } = (value ?? {}) as Partial<Record<keyof Content, unknown>>;
  return v === 1 && typeof root === 'string' && typeof agent === 'string' && Array.isArray(keys) && keys.every(isKey);
}

function isKey(value: unknown): value is OwnKey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, since, private: pem = '', seal = '', recipient = '' } = value as Partial<Record<keyof OwnKey, unknown>>;
  const isText = [id, since, pem, seal, recipient].every((one) => typeof one === 'string');
  return isText && (seal === '' || sealForm.test(seal as string));
}

/** 32 bytes in Bech32, with its checksum. */
const sealForm = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/** Under the lock of the file: see `whileOwnKeysHeld`. @returns as it is now @throws DISK_FAILED */
export async function writeKeys(
  { path, file }: PrivateFile,
  root: string,
  agent: string,
  keys: readonly OwnKey[],
): Promise<PrivateFile> {
  const { readUserFile, replaceUserFile } = await userFiles();
  const content: Content = { v: 1, root, agent, keys };
  if (!replaceUserFile(path, `${JSON.stringify(content, null, 2)}\n`, file))
    throw unauthenticated(`${path} was changed by another program meanwhile; nothing was changed.`, 'Try it again');
  known.delete(path);
  return { path, file: readUserFile(path), keys };
}

/** One process at a time makes, rotates or revokes a key of this file. */
export async function whileHeld<T>({ path }: PrivateFile, work: () => Promise<T>): Promise<T> {
  return (await userFiles()).whileUserFileHeld(path, work);
}
