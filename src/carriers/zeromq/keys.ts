/**
 * The CURVE keys of a root, and those of others that may connect to it or are connected to: a file that only its user may read.
 *
 *     secret <40 characters of Z85>
 *     public <40 characters of Z85>
 *     peer host-b <the public one of host-b>
 */
import { agentNamePattern } from '../../model/agent.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { UserFile } from '../../storage/file/disk/foreign/user-files.ts';

export interface CurveKeys {
  readonly path: string;
  readonly publicKey: string;
  readonly secretKey: string;
  /** By their names in lower case. */
  readonly peers: ReadonlyMap<string, string>;
}

export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

const userFiles = () => import('../../storage/file/disk/foreign/user-files.ts');

/**
 * The keys in a file, which is made with new ones where there is none.
 * @throws USAGE: it is a folder; UNAUTHENTICATED: others may read or change it; CONFIG_INVALID: it says something else; DISK_FAILED
 */
export async function curveKeys(path: string, make: () => KeyPair): Promise<CurveKeys> {
  const { readUserFile, replaceUserFile, whileUserFileHeld } = await userFiles();
  const read = () => {
    try {
      return readUserFile(path);
    } catch (error) {
      const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
      if (cause?.code !== 'EINVAL') throw error;
      throw usage(`${path} is no file, so it cannot be one of keys.`, 'Name a file, which is made if it is not there');
    }
  };
  let file = read();
  if (!file) {
    await whileUserFileHeld(path, async () => {
      const { secretKey, publicKey } = make();
      if (!readUserFile(path)) replaceUserFile(path, `secret ${secretKey}\npublic ${publicKey}\n`, undefined);
    });
    file = read();
  }
  if (!file) throw invalid(path, 'it is gone');
  checkPrivate(file);
  return keysIn(path, file.bytes.toString('utf8'));
}

/** @throws CONFIG_INVALID */
export function keysIn(path: string, text: string): CurveKeys {
  const own: { secret?: string; public?: string } = {};
  const peers = new Map<string, string>();
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    const [what = '', ...rest] = words;
    if (what === '' || what.startsWith('#')) continue;
    const key = rest.at(-1) ?? '';
    const isPeer = what === 'peer' && rest.length === 2 && agentNamePattern.test(rest[0] ?? '');
    const isOwn = (what === 'secret' || what === 'public') && rest.length === 1;
    // A line is not repeated: it may be the secret one.
    if (!keyBytes(key) || (!isPeer && !isOwn)) throw invalid(path, `line ${i + 1} is none`);
    if (isPeer) peers.set((rest[0] ?? '').toLowerCase(), key);
    else own[what as 'secret' | 'public'] = key;
  }
  if (own.secret === undefined || own.public === undefined) throw invalid(path, 'the keys of this root are missing');
  return { path, secretKey: own.secret, publicKey: own.public, peers };
}

/** @param address where it listens @throws CONFIG_INVALID: it is not in the file */
export function keyOfPeer({ path, publicKey, peers }: CurveKeys, name: string, address: string): string {
  const key = peers.get(name.toLowerCase());
  if (key !== undefined) return key;
  const there = `dreamos receive --listen ${quoteWord(address)} --key <file>`;
  throw unknown(path, `has no key of ${name}`, publicKey, name, there);
}

/** @throws CONFIG_INVALID: nobody could connect */
export function expectPeers({ path, publicKey, peers }: CurveKeys): void {
  const what = 'has no key of another root, so none could come in';
  if (peers.size === 0) throw unknown(path, what, publicKey, 'host-a', 'dreamos bridge … --key <file>');
}

function unknown(path: string, what: string, own: string, peer: string, there: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${path} ${what}. The public key of this root is ${own}`, {
    hint: `There run ${there}, which makes the file with its public key; then here: echo 'peer ${peer} <that key>' >> ${quoteWord(path)}`,
  });
}

const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** The 32 bytes of a key in Z85 (ZeroMQ's RFC 32). `undefined`: it is none. */
export function keyBytes(text: string): Buffer | undefined {
  if (text.length !== 40) return undefined;
  const bytes = Buffer.alloc(32);
  for (let i = 0; i < 8; i++) {
    let value = 0;
    for (const digit of text.slice(5 * i, 5 * i + 5)) {
      const at = digits.indexOf(digit);
      if (at < 0) return undefined;
      value = value * 85 + at;
    }
    if (value > 0xffff_ffff) return undefined;
    bytes.writeUInt32BE(value, 4 * i);
  }
  return bytes;
}

/** As its file has it: the other way round. */
export function keyText(bytes: Uint8Array): string {
  const view = Buffer.from(bytes);
  let text = '';
  for (let i = 0; i + 4 <= view.length; i += 4) {
    const value = view.readUInt32BE(i);
    for (const place of [85 ** 4, 85 ** 3, 85 ** 2, 85, 1]) text += digits[Math.floor(value / place) % 85];
  }
  return text;
}

function checkPrivate({ path, isReadable, isWritable, isAnothers }: UserFile): void {
  if (!isReadable && !isWritable && !isAnothers) return;
  throw new DreamosError('denied', 'UNAUTHENTICATED', `${path} holds a secret key, and others may read or change it.`, {
    hint: isAnothers ? `Make one of your own: rm ${quoteWord(path)}` : `chmod 600 ${quoteWord(path)}`,
  });
}

function invalid(path: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${path} is no file of CURVE keys: ${why}.`, {
    hint: 'What its lines are: dreamos help bridges',
  });
}
