/**
 * By which user and password an engine lets somebody in: of the environment, or of a file that only he may read. They are part
 * of no address, so that they come into no descriptor, command line, output, event or error.
 */
import { quoteWord } from '../../model/basics/shell-word.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import type { UserFile } from '../file/disk/foreign/user-files.ts';
import { type EngineAddress, parseAddress } from './address.ts';
import { engineHelp } from './refusals.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

const files = () => import('../file/disk/foreign/user-files.ts');

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * DREAMOS_STORE_PASSWORD, else what DREAMOS_STORE_PASSWORD_FILE holds, else what the user's stores.json says of this engine.
 * The user is DREAMOS_STORE_USER, else that file's; without one it is the engine's own default.
 * @throws SOURCE_NOT_FOUND: the file that is named is not there; CONFIG_INVALID, UNAUTHENTICATED, DISK_FAILED of stores.json
 */
export async function credentialsFor(address: EngineAddress, env: Environment): Promise<Credentials> {
  const said = env['DREAMOS_STORE_PASSWORD'] || (await passwordIn(env['DREAMOS_STORE_PASSWORD_FILE']));
  const own = said ? {} : await ownFor(address, env);
  const username = env['DREAMOS_STORE_USER'] || own.username;
  const password = said || own.password;
  return { ...(username && { username }), ...(password && { password }) };
}

/** Its first line: editors and `echo` end it with one. */
async function passwordIn(path: string | undefined): Promise<string | undefined> {
  if (!path) return undefined;
  const { readUserFile } = await files();
  const file = readUserFile(path);
  if (!file) {
    throw new DreamosError('not-found', 'SOURCE_NOT_FOUND', `There is no ${path}, where the password is to be.`, {
      hint: `Write it there, or name another file in DREAMOS_STORE_PASSWORD_FILE: dreamos help ${engineHelp}`,
    });
  }
  const [first = ''] = file.bytes.toString('utf8').split(/\r?\n/, 1);
  return first;
}

/** `{ "redis://host:6379": { "user": "dreamos", "password": "…" } }` */
async function ownFor(address: EngineAddress, env: Environment): Promise<Credentials> {
  const { readUserFile, userPaths } = await files();
  const path = userPaths(env).stores;
  const file = readUserFile(path);
  if (!file) return {};
  checkPrivate(file);
  const stores = jsonIn(file.bytes.toString('utf8'));
  if (typeof stores !== 'object' || stores === null || Array.isArray(stores)) throw invalid(path);
  for (const [name, value] of Object.entries(stores)) {
    if (!isSame(address, name, path)) continue;
    const { user, password } = (value ?? {}) as { readonly user?: unknown; readonly password?: unknown };
    if (user !== undefined && typeof user !== 'string') throw invalid(path);
    if (typeof password !== 'string') throw invalid(path);
    return { ...(user && { username: user }), password };
  }
  return {};
}

/** Whatever database is meant: users are the server's. */
function isSame(address: EngineAddress, name: string, path: string): boolean {
  try {
    const { hosts, socket, tls } = parseAddress(name);
    return JSON.stringify([hosts, socket, tls]) === JSON.stringify([address.hosts, address.socket, address.tls]);
  } catch {
    throw invalid(path);
  }
}

function checkPrivate({ path, isReadable, isWritable, isAnothers }: UserFile): void {
  if (!isReadable && !isWritable && !isAnothers) return;
  throw new DreamosError('denied', 'UNAUTHENTICATED', `${path} holds passwords, and others may read or change it.`, {
    hint: isAnothers ? `Make one of your own: rm ${quoteWord(path)}` : `chmod 600 ${quoteWord(path)}`,
  });
}

function invalid(path: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${path} does not say passwords as it should.`, {
    hint: `So: {"redis://host:6379":{"user":"dreamos","password":"…"}}; dreamos help ${engineHelp}`,
  });
}
