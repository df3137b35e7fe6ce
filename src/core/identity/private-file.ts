/**
 * The private half of an identity: a file of its owner, outside of the root. It has the keys that its card has, and for a moment
 * the next one: which of them counts, the card says. Of older ones only what opens older mail is kept.
 */
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { UserFile } from '../../storage/file/disk/foreign/user-files.ts';
import type { Session } from '../root/root.ts';
import {
  folderOfAnotherUser,
  folderOpenToOthers,
  type NamedKey,
  namesAnother,
  ofAnotherUser,
  openToOthers,
  unauthenticated,
  whose,
} from './refusals.ts';
import { otherSaying, says } from './said.ts';

export interface OwnKey {
  readonly id: string;
  readonly since: string;
  /** Ed25519, PKCS#8 as PEM; absent: it signs no more. */
  readonly private?: string;
  /** `AGE-SECRET-KEY-1…`, and its `age1…`. */
  readonly seal?: string;
  readonly recipient?: string;
  /** No card says it yet: it is on its way to one, or whoever made it was killed. */
  readonly unsaid?: true;
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
  /** Whose keys lie there: they are not this agent's, and none of them is in `keys`. */
  readonly of?: AgentCard;
  /** What DREAMOS_IDENTITY names instead, where nothing else is here. */
  readonly named?: NamedKey;
}

const userFiles = () => import('../../storage/file/disk/foreign/user-files.ts');

// One process has few of them.
const mostKnown = 100;
const known = new Map<string, { readonly version: string; readonly file: UserFile; readonly content: Content }>();

/**
 * The file of an agent's own keys: DREAMOS_IDENTITY, where it names that of this agent, else that in the user's folder, also
 * under a name that the agent had before. One whose keys another agent's card says, and this one's does not, is that one's.
 * @param options.mayBeMade it is not there yet, where DREAMOS_IDENTITY says
 * @throws UNAUTHENTICATED: others may read it, or change its folder, it is not readable, or it is none
 */
export async function privateFileOf(
  session: Session,
  root: string,
  card: Pick<AgentCard, 'name' | 'formerNames' | 'keys'>,
  { mayBeMade = false } = {},
): Promise<PrivateFile> {
  const { name, formerNames = [] } = card;
  const { userPaths } = await userFiles();
  const former = formerNames.map((one) => one.name).reverse();
  const path = session.env['DREAMOS_IDENTITY'];
  let named: PrivateFile['named'];
  if (path) {
    const found = await read(session, path);
    if (!found && mayBeMade) return { path, file: undefined, keys: [] };
    if (!found)
      throw unauthenticated(
        `DREAMOS_IDENTITY names ${path}, and there is no such file.`,
        `To make one there: dreamos identity create ${name}`,
      );
    const { content, file } = found;
    const isCalled = content.root === root && [name, ...former].some((one) => sameAgent(one, content.agent));
    const other = isCalled ? await ownerBeside(session, card, content) : undefined;
    if (isCalled && !other) return { path, file, keys: content.keys };
    named = { path, agent: other?.name ?? content.agent, root: content.root };
    if (mayBeMade) throw namesAnother(named, { name, root });
  }
  const home = userPaths(session.env).identity(root, name);
  const there = await read(session, home);
  const of = there && (await ownerBeside(session, card, there.content));
  if (there && !of) return { path: home, file: there.file, keys: there.content.keys };
  for (const one of former) {
    const before = userPaths(session.env).identity(root, one);
    const found = await read(session, before);
    const isOurs =
      found &&
      (card.keys?.length ? says(card, idsOf(found.content)) : !(await ownerBeside(session, card, found.content)));
    if (isOurs) return { path: before, file: found.file, keys: found.content.keys };
  }
  return {
    path: home,
    file: mayBeMade ? there?.file : undefined,
    keys: [],
    ...(of && { of }),
    ...(named && { named }),
  };
}

/** For who only looks at it, or ends it: what may not be used is told, once, and is no reason to do nothing. */
export async function privateFileOrWarn(
  session: Session,
  root: string,
  card: AgentCard,
  said = new Set<string>(),
): Promise<PrivateFile | undefined> {
  const tell = ({ message, hint }: DreamosError): void => {
    if (!said.has(message)) session.warn([message, hint].join(' '));
    said.add(message);
  };
  try {
    const found = await privateFileOf(session, root, card);
    const { named } = found;
    // To look at another one's is no use of it.
    if (named && sameAgent(session.acting ?? '', card.name)) tell(namesAnother(named, { ...card, root }));
    return found;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'UNAUTHENTICATED') throw error;
    tell(error);
    return undefined;
  }
}

const idsOf = ({ keys }: Content): string[] => keys.map(({ id }) => id);

/** Of what is not this agent's. */
async function ownerBeside(
  session: Session,
  card: Pick<AgentCard, 'name' | 'keys'>,
  content: Content,
): Promise<AgentCard | undefined> {
  const ids = idsOf(content);
  return says(card, ids) ? undefined : otherSaying(session, card.name, ids);
}

/**
 * Puts the keys of who has another name now into the file of that name, where he looks first. Under the lock of the file that
 * they lie in, and before that is written: killed behind it they are in both.
 */
export async function giveBack(session: Session, root: string, { path, of }: PrivateFile): Promise<void> {
  if (!of) return;
  const home = (await userFiles()).userPaths(session.env).identity(root, of.name);
  const [there, found] = [await read(session, home), await read(session, path)];
  if (!found || (there && says(of, idsOf(there.content)))) return;
  if (there)
    throw unauthenticated(
      `${path} has the keys of ${of.name}, and ${home} those of somebody else. Nothing was changed.`,
      `See whose keys they are: ls -l ${quoteWord(path)} ${quoteWord(home)}`,
    );
  await writeKeys({ path: home, file: undefined, keys: [] }, root, of.name, found.content.keys);
}

async function read(
  { env }: Session,
  path: string,
): Promise<{ readonly file: UserFile; readonly content: Content } | undefined> {
  const { openFolderOf, readUserFile, versionOfUserFile } = await userFiles();
  // Behind what the file itself says, which tells more: whose it is, or that it is closed.
  const checkFolders = (): void => {
    const open = openFolderOf(path, env);
    if (open) throw open.isAnothers ? folderOfAnotherUser(open.folder) : folderOpenToOthers(open.folder);
  };
  const before = known.get(path);
  if (before && before.version === versionOfUserFile(path)) {
    checkFolders();
    return before;
  }
  known.delete(path);
  let file: UserFile | undefined;
  try {
    file = readUserFile(path);
  } catch (error) {
    const isClosed = (((error as DreamosError).cause ?? {}) as NodeJS.ErrnoException).code === 'EACCES';
    throw isClosed ? unauthenticated(`${path} is not yours to read.`, whose(path)) : error;
  }
  if (!file) {
    checkFolders();
    return undefined;
  }
  if (file.isReadable || file.isWritable) throw openToOthers(path);
  if (file.isAnothers) throw ofAnotherUser(path);
  checkFolders();
  const content = contentOf(file);
  if (known.size >= mostKnown) known.clear();
  const found = { version: file.version, file, content };
  known.set(path, found);
  return found;
}

function contentOf({ path, bytes }: UserFile): Content {
  const value = jsonIn(bytes.toString());
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

/** Under the lock of the file: see `whileHeld`. @returns as it is now @throws DISK_FAILED */
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
