/**
 * A root whose mail is moved elsewhere. Its folder is R, <token> is the move's:
 *
 *   1 R.next-<token>/ is made, with a format.json that says where the mail goes
 *   2 R becomes R.moved-<token>/: one rename, after which nobody finds anything under R. That is what freezes it: whatever was
 *     done before is in it, and nothing comes into it any more
 *   3 R.next-<token>/ becomes R/, so that who opens the root is told that it is being moved
 *   4 the mail is taken elsewhere, and compared
 *   5 format.json in R/ says where it is: who opens the root is there from now on
 *
 * Up to 5 it can be given back, in the other order. Each step is one rename, and where a process was stopped the names say.
 */
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { MoveHow } from '../port/dump/moving.ts';
import type { FileContext } from './disk/context.ts';
import type { Disk } from './disk/disk.ts';
import { parseJson } from './disk/parse-json.ts';
import { movedRoot, nextOfRoot, tokensBeside } from './names/backup-name.ts';
import { formatName } from './names/layout.ts';
import { folderOf, nameOf, pathIn } from './names/path.ts';

/** The engine, in a format.json, of a root that is being moved. */
export const movingEngine = 'moving';

/** A move that is under way. */
export interface Moving {
  readonly root: string;
  readonly token: string;
  /** Where to, as the command was told. */
  readonly to: string;
  readonly how?: MoveHow;
  /** How far it came: 1, 2 or 3 of the steps is done. */
  readonly done: 1 | 2 | 3;
  /** The folder that has the mail: R before step 2. */
  readonly mail: string;
}

export interface MovingFormat {
  readonly format: 'dreamos';
  readonly version: 2;
  readonly engine: typeof movingEngine;
  readonly token: string;
  readonly to: string;
  readonly how?: MoveHow;
}

/** @returns `undefined`: nobody moves this root */
export async function movingOf(disk: Disk, root: string): Promise<Moving | undefined> {
  const said = asMoving(await formatIn(disk, root));
  if (said) return { ...aboutMove(said), root, done: 3, mail: movedRoot(root, said.token) };
  const names = await listIfVisible(disk, folderOf(root));
  const moved = tokensBeside('moved', names, nameOf(root));
  for (const token of tokensBeside('next', names, nameOf(root))) {
    const next = asMoving(await formatIn(disk, nextOfRoot(root, token)));
    if (!next) continue;
    // Somebody may have made the root's folder anew since it went aside.
    if (moved.includes(token)) return { ...aboutMove(next), root, done: 2, mail: movedRoot(root, token) };
    if (await disk.stat(root)) return { ...aboutMove(next), root, done: 1, mail: root };
  }
  return undefined;
}

/** What cannot be looked into holds no root that could be moved back. */
export async function listIfVisible(disk: Disk, dir: string): Promise<string[]> {
  try {
    return (await disk.list(dir)) ?? [];
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return [];
  }
}

/**
 * The folders with mail that moves have put aside, where the root's own folder does not say where the mail is now: then one of
 * them may be all that there is of it.
 */
export async function strandedBeside(disk: Disk, root: string): Promise<string[]> {
  const tokens = tokensBeside('moved', await listIfVisible(disk, folderOf(root)), nameOf(root));
  if (tokens.length === 0) return [];
  if (addressIn(await formatIn(disk, root)) !== undefined) return [];
  return tokens.map((token) => movedRoot(root, token));
}

/** The folder that says where the mail is, where who took the move back was killed as he found it settled. */
export async function settledBeside(disk: Disk, root: string): Promise<string | undefined> {
  for (const token of tokensBeside('next', await listIfVisible(disk, folderOf(root)), nameOf(root))) {
    const next = nextOfRoot(root, token);
    if (addressIn(await formatIn(disk, next)) !== undefined) return next;
  }
  return undefined;
}

function aboutMove({ token, to, how }: MovingFormat): Pick<Moving, 'token' | 'to' | 'how'> {
  return { token, to, ...(how !== undefined && { how }) };
}

/** What the format.json of a folder says. */
export async function formatIn(disk: Disk, root: string): Promise<unknown> {
  const file = await disk.read(pathIn(root, formatName), { maxBytes: 65_536 });
  return file.ok ? parseJson(file.bytes) : undefined;
}

export function asMoving(format: unknown): MovingFormat | undefined {
  const { engine, token, to } = Object(format) as Partial<MovingFormat>;
  const isOne = engine === movingEngine && typeof token === 'string' && typeof to === 'string';
  return isOne && /^[0-9A-Z]{10}$/.test(token) ? (format as MovingFormat) : undefined;
}

/** Where the mail of a root is by now, as its format.json says: in a folder, or in an engine. */
function addressIn(format: unknown): string | undefined {
  const { version, address } = Object(format) as Record<string, unknown>;
  return version === 2 && typeof address === 'string' ? address : undefined;
}

/** The same as a move notes it among what is left: of an engine with the root's id. */
export function placeOf(format: unknown): string | undefined {
  const { id } = Object(format) as Record<string, unknown>;
  const address = addressIn(format);
  return address === undefined || typeof id !== 'string' ? address : `${address}#${id}`;
}

/** Where the mail of a root of files is by now, as its format.json says; `undefined`: it names no folder. */
export function folderIn(format: unknown): string | undefined {
  const { engine } = Object(format) as Record<string, unknown>;
  const [, folder] = (engine === 'files' && /^file:(\/.*)$/s.exec(addressIn(format) ?? '')) || [];
  return folder;
}

export function beingMoved({ root, to }: Pick<Moving, 'root' | 'to'>): DreamosError {
  return new DreamosError('conflict', 'ROOT_MOVED', `The root ${root} is being moved to ${to}.`, {
    hint: `Wait until that is done; where it was cut off: dreamos move --resume --root ${quoteWord(root)}`,
  });
}

/** For a process that has the root open, whose folder says something else by now. @param said what its format.json says @throws ROOT_MOVED */
export async function checkPlace({ disk, layout }: FileContext, said: unknown): Promise<void> {
  const { root } = layout;
  const moving = await movingOf(disk, root);
  if (moving && moving.done > 1) throw beingMoved(moving);
  const address = addressIn(said);
  if (address === undefined) return;
  throw new DreamosError('conflict', 'ROOT_MOVED', `The root ${root} was moved to ${address}.`, {
    hint: 'Run it again, it goes there; a program opens the root again',
  });
}
