/** What moves of a root have left beside the folders in which it was: the mail as it was there, until it is purged. */
import { quoteWord } from '../../../model/basics/shell-word.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { MoveSource } from '../../port/dump/moving.ts';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import type { FindOptions } from '../find-root.ts';
import { asMoving, formatIn, placeOf, strandedBeside } from '../moving.ts';
import { movedRoot, nextOfRoot, tokensBeside } from '../names/backup-name.ts';
import { layoutOf } from '../names/layout.ts';
import { folderOf, nameOf } from '../names/path.ts';
import { removeTree } from '../restore/staging.ts';

/** Of a root that an engine keeps. @param folder that says so */
export function withLeftBeside(source: MoveSource, folder: string, { disk = nodeDisk() }: FindOptions): MoveSource {
  return {
    ...source,
    left: async () => [...(await source.left()), ...(await leftBy(disk, [folder]))],
    async purge() {
      await purgeBy(disk, [folder]);
      await source.purge();
    },
  };
}

/** @param folders that say where the root is, and its own @returns paths, for people */
export async function leftBy(disk: Disk, folders: readonly string[]): Promise<string[]> {
  const all = [...folders, ...(await passedBy(disk, folders))];
  return (await Promise.all(all.map((folder) => leftBeside(disk, folder)))).flat();
}

/** @param folders as of leftBy @throws STATE_CHANGED: what is beside one of them may be all that there is */
export async function purgeBy(disk: Disk, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const [stranded] = await strandedBeside(disk, folder);
    if (stranded !== undefined) throw onlyThere(folder, stranded);
  }
  for (const folder of [...folders, ...(await passedBy(disk, folders))]) {
    for (const path of await leftBeside(disk, folder)) await removeTree(disk, path);
    await disk.syncDir(folderOf(folder));
  }
}

/** What one of the folders of a root is to note when the root is moved on: in which other ones it was. */
export async function passedOf(disk: Disk, folders: readonly string[]): Promise<string[]> {
  return [...folders, ...(await passedBy(disk, folders))];
}

/** The folders in which the root was, beside these, as these note them, and that still lead to where it is. */
async function passedBy(disk: Disk, folders: readonly string[]): Promise<string[]> {
  const said = await Promise.all(folders.map((folder) => formatIn(disk, folder)));
  const noted = (key: 'passed' | 'left'): string[] => said.flatMap((format) => textsIn(format, key));
  const passed = [...new Set(noted('passed'))].filter((folder) => !folders.includes(folder));
  const places = [...folders, ...passed].map((folder) => `file:${folder}`);
  const known = new Set([...places, ...said.map(placeOf), ...noted('left')]);
  const isOfThis: boolean[] = [];
  // Somebody may have made another root there since, and moved that.
  for (const folder of passed) {
    const place = placeOf(await formatIn(disk, folder));
    isOfThis.push(place !== undefined && known.has(place));
  }
  return passed.filter((_, at) => isOfThis[at]);
}

function textsIn(format: unknown, key: string): string[] {
  const { [key]: texts } = Object(format) as Record<string, unknown>;
  return Array.isArray(texts) ? texts.filter((one): one is string => typeof one === 'string') : [];
}

/** The mail where it was, and what was killed before it had begun. */
async function leftBeside(disk: Disk, root: string): Promise<string[]> {
  const above = folderOf(root);
  const tokens = tokensBeside('moved', (await disk.list(above)) ?? [], nameOf(root));
  return [...tokens.map((token) => movedRoot(root, token)), ...(await nextOnes(disk, root)).stumps];
}

/** The folders that are to take the root's place: those that say where to, and those whose maker died before that. */
export async function nextOnes(
  disk: Disk,
  root: string,
): Promise<{ readonly begun: string[]; readonly stumps: string[] }> {
  const [begun, stumps]: [string[], string[]] = [[], []];
  for (const token of tokensBeside('next', (await disk.list(folderOf(root))) ?? [], nameOf(root))) {
    const path = nextOfRoot(root, token);
    if (asMoving(await formatIn(disk, path))) begun.push(path);
    // With mail it is none, however it came to its name.
    else if ((await disk.stat(layoutOf(path).mailboxes)) === undefined) stumps.push(path);
  }
  return { begun, stumps };
}

function onlyThere(root: string, mail: string): DreamosError {
  return new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `${root} does not say where its mail was moved, and ${mail} may be all there is of it.`,
    {
      hint: `Nothing was removed. See what is in it: dreamos status --root ${quoteWord(mail)}`,
    },
  );
}
