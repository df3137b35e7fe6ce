import { folderOf } from './path.ts';

/** A part of a packed day; `firstId` to `lastId` is the range of its messages' ids, `count` how many it holds. */
export interface PackName {
  readonly day: string;
  readonly count: number;
  readonly firstId: string;
  readonly lastId: string;
}

/** The name of a pack in archive/: what a look needs to know, and something random, so that no name comes twice. */
export function packName({ day, count, firstId, lastId }: PackName, random: string): string {
  return `${day}.${count}.${firstId}-${lastId}.${random}${packEnding}`;
}

const packEnding = '.jsonl.gz';
const packPattern =
  /^(\d{4}-\d{2}-\d{2})\.(\d{1,6})\.([0-7][0-9A-HJKMNP-TV-Z]{25})-([0-7][0-9A-HJKMNP-TV-Z]{25})\.[0-9A-HJKMNP-TV-Z]{10}\.jsonl\.gz$/;

/** `undefined`: not a pack. */
export function parsePack(name: string): PackName | undefined {
  const [, day = '', count = '', firstId = '', lastId = ''] = packPattern.exec(name) ?? [];
  return day === '' ? undefined : { day, count: Number(count), firstId, lastId };
}

/** Quick, and right for what dreamos makes. */
export function looksPacked(name: string): boolean {
  return name.endsWith(packEnding);
}

/** In a pack, as in a folder: the part of it that begins at a byte. An entry's path goes on from there. */
export function memberIn(pack: string, offset: number): string {
  return `${pack}/${offset}`;
}

/** A packed entry's path; `undefined`: it lies in no pack. */
export function parsePackedPath(
  path: string,
): { readonly pack: string; readonly offset: number; readonly name: string } | undefined {
  const [, pack = '', offset = '', name = ''] = /^(.*\.jsonl\.gz)\/(\d+)\/([^/]+)$/.exec(path) ?? [];
  return pack === '' ? undefined : { pack, offset: Number(offset), name };
}

/** Quick, and right for what dreamos makes. */
export function looksLikePackedPath(path: string): boolean {
  return looksPacked(folderOf(folderOf(path)));
}

/** Whether a name in archive/ is this day's: its folder, a pack, or marks beside one. '': any day's. */
export function mayBeOfDay(name: string, day: string): boolean {
  return name.startsWith(day);
}

/** Beside a pack: the folder of marks for what was taken out of it. */
export function goneOf(pack: string): string {
  return `${pack}.gone`;
}

/** In there, the mark for one message. */
export function markOf(pack: string, identity: string): string {
  return `${goneOf(pack)}/${identity}`;
}

export function isMark(name: string): boolean {
  return /^k\d{13}\.i[0-7][0-9A-Z]{25}$/.test(name);
}

/** The pack whose marks a folder in archive/ holds. */
export function parseGone(name: string): string | undefined {
  return name.endsWith(`${packEnding}.gone`) && parsePack(name.slice(0, -5)) ? name.slice(0, -5) : undefined;
}
