/**
 * Which files somebody means who names a path or a pattern. A reservation is about a file on the disk: whoever names it,
 * from whatever folder, through whatever link, means the same one; and the same name in another worktree of git is another
 * file, which nobody else's edit changes. What lies in the project, the folder that holds runtime/, is kept relative to
 * that, so that it is still meant when the project is moved or seen under another path; all else is kept as its whole path.
 */
import type { Reservation } from '../../contract/reach.ts';
import { absolute } from '../../model/refusals.ts';
import { cut, loneSurrogateIn } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { isFile, projectOf, whereIs } from '../../storage/file/disk/foreign/project.ts';
import type { Session } from '../root/root.ts';
import { below, type Pattern, patternOf } from './overlap.ts';

export interface Place {
  /** As it is kept and told. */
  readonly path: string;
  /** Of all that mean the same, one. */
  readonly key: string;
  /** Whether it is a file, with nothing below it; `undefined`: a pattern, or not there yet. */
  readonly file: boolean | undefined;
  readonly pattern: Pattern;
}

/**
 * @param paths with `*`, `?`, `[..]` and `**` as in a .gitignore, but beginning in `cwd`; a backslash takes a sign as it is
 * @param cwd where relative ones begin; `undefined`: it is gone
 * @param literal they are names of files, and no patterns
 * @throws PATH_INVALID; SOURCE_NOT_FOUND: one begins in a folder that is gone; DISK_FAILED
 */
export async function placesOf(
  session: Session,
  paths: readonly string[],
  cwd: string | undefined,
  literal = false,
): Promise<Place[]> {
  const places: Place[] = [];
  for (const text of paths) {
    const place = placeIn(session, await kept(session, text, cwd, literal));
    if (!places.some(({ key }) => key === place.key)) places.push(place);
  }
  return places;
}

/** The folder that holds runtime/, where one does. */
export function projectIn({ path }: Session): string | undefined {
  return projectOf(path);
}

/** Of a path as it is kept. */
export function placeIn({ path: root }: Session, { path, file }: Kept): Place {
  const project = path.startsWith('/') ? undefined : projectOf(root);
  const pattern = patternOf(path, file);
  return { path, key: keyOf(path), file, pattern: project === undefined ? pattern : below(project, pattern) };
}

/** Names that differ in case alone are one, see overlap.ts. */
export function keyOf(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

type Kept = Pick<Reservation, 'path'> & { readonly file?: boolean | undefined };

async function kept(session: Session, text: string, cwd: string | undefined, literal: boolean): Promise<Kept> {
  check(text, literal);
  const names = (literal ? asItStands(text) : text).split('/');
  const first = names.findIndex(isPattern);
  const beginning = (first < 0 ? names : names.slice(0, first)).join('/').replace(/\\(.)/gsu, '$1');
  const rest = first < 0 ? [] : names.slice(first).filter((name) => name !== '' && name !== '.');
  if (rest.includes('..')) throw invalid(text, '".." stands behind a pattern', 'Name the folder that is meant.');
  const folder = first > 0 && beginning === '' ? '/' : beginning || '.';
  const project = projectOf(session.path);
  const { at: real, isSeen } = await seen(session, project, absolute(cwd, folder, 'SOURCE_NOT_FOUND'));
  const inProject = isIn(project, real) ? real.slice(project.length) : undefined;
  const from = inProject ?? real;
  // A sign in a name that is there is no pattern.
  const path = [
    ...from
      .replace(/[\\*?[]/g, '\\$&')
      .split('/')
      .filter(Boolean),
    ...rest,
  ].join('/');
  const file = first < 0 ? ((isSeen ? await isFile(real) : undefined) ?? (literal || undefined)) : undefined;
  return { path: inProject !== undefined ? path || '.' : `/${path}`, file };
}

/**
 * Where a path leads to. For who has proved who he is, who may be another user than the one of this process, nothing is looked at
 * outside of the project: what is there, and where its links lead, is not his to know.
 */
async function seen(
  { proved }: Session,
  project: string | undefined,
  path: string,
): Promise<{ readonly at: string; readonly isSeen: boolean }> {
  if (!proved) return { at: await whereIs(path), isSeen: true };
  const unseen = { at: path, isSeen: false };
  if (!isIn(project, path)) return unseen;
  try {
    const at = await whereIs(path);
    return isIn(project, at) ? { at, isSeen: true } : unseen;
  } catch (error) {
    // Which of the two it is tells of what is behind a link.
    if (error instanceof DreamosError) return unseen;
    throw error;
  }
}

function isIn(project: string | undefined, path: string): project is string {
  return project !== undefined && `${path}/`.startsWith(`${project}/`);
}

/** What means the file of this name alone. */
export function asItStands(name: string): string {
  return name.replace(/[\\*?[{!]/g, '\\$&');
}

function isPattern(name: string): boolean {
  return /[*?[]/.test(name.replace(/\\./gsu, ''));
}

const mostCharacters = 4096;

function check(text: string, literal: boolean): void {
  if (text === '') throw invalid(text, 'it is empty', 'The folder in which you are is ".".');
  if (text.length > mostCharacters)
    throw invalid(text, `it has more than ${mostCharacters} characters`, 'Name a folder: all in it is meant.');
  // Of a file that is there, only what no file can have: what it is called nobody chose to write here.
  // oxlint-disable-next-line no-control-regex -- what would break the lines in which it is told
  const noText = literal ? /\u0000/ : /[\u0000-\u001f\u007f]/;
  if (noText.test(text) || loneSurrogateIn(text) !== undefined)
    throw invalid(text, 'it has signs that are no text', 'Name its folder: all in it is meant.');
  if (literal) return;
  if (text.startsWith('!'))
    throw invalid(text, 'a pattern takes nothing out', `If its name begins so, write it as ./${text}`);
  if (/(?<!\\)\{[^{}]*,[^{}]*\}/.test(text))
    throw invalid(text, 'braces are not part of a pattern', 'Name each; without quotes the shell does that for you.');
}

function invalid(text: string, why: string, hint: string): DreamosError {
  const message = `${JSON.stringify(cut(text, 70))} cannot be reserved: ${why}.`;
  return new DreamosError('invalid', 'PATH_INVALID', message, { hint });
}
