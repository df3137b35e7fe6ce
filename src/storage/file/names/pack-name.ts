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

/** Beside a pack: the folder of marks for what was taken out of it. */
export function goneOf(pack: string): string {
  return `${pack}.gone`;
}

/** The pack whose marks a folder in archive/ holds. */
export function parseGone(name: string): string | undefined {
  return name.endsWith(`${packEnding}.gone`) && parsePack(name.slice(0, -5)) ? name.slice(0, -5) : undefined;
}
