/** A root that is beside its place, because a restore or a move was cut off. */
import { basename, dirname, join } from 'node:path';
import { quoteWord } from '../../model/basics/shell-word.ts';
import type { Disk } from './disk/disk.ts';
import { beingMoved, listIfVisible, movingOf, settledBeside, strandedBeside } from './moving.ts';
import { isReplacedRoot } from './names/backup-name.ts';
import { placeInProject } from './names/layout.ts';

/** Where a place that is named, or was looked at, may have its root. */
export function rootsAt(place: string): string[] {
  return [place, join(place, placeInProject)];
}

/** @throws ROOT_MOVED */
export async function refuseMoving(disk: Disk, place: string): Promise<void> {
  for (const root of rootsAt(place)) {
    const moving = await movingOf(disk, root);
    if (moving) throw beingMoved(moving);
  }
}

/** For a root that a restore had moved away when it was killed, before the other one was in its place. */
export async function howToPutBack(disk: Disk, place: string): Promise<string | undefined> {
  for (const root of rootsAt(place)) {
    if (await movingOf(disk, root))
      return `It is being moved. Where that was cut off: dreamos move --resume --root ${quoteWord(root)}`;
    const settled = await settledBeside(disk, root);
    if (settled !== undefined)
      return `Its mail was moved, and the folder that says where to was put aside. To have it back: mv ${quoteWord(settled)} ${quoteWord(root)}`;
    const [stranded] = await strandedBeside(disk, root);
    if (stranded !== undefined)
      return `A move has put its mail aside. To have it back: mv ${quoteWord(stranded)} ${quoteWord(root)}`;
    const aside = await putAside(disk, root);
    if (aside !== undefined)
      return `A restore that was cut off has moved it away. To have it back: mv ${quoteWord(aside)} ${quoteWord(root)}`;
  }
  return undefined;
}

/** Where the root of this place is, which a restore has moved away. */
export async function putAside(disk: Disk, place: string): Promise<string | undefined> {
  const above = dirname(place);
  const name = (await listIfVisible(disk, above)).sort().find((one) => isReplacedRoot(one, basename(place)));
  return name === undefined ? undefined : join(above, name);
}
