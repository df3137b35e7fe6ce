import { systemClock } from '../../../model/clock.ts';
import { createIds } from '../../../model/id.ts';
import { quoteWord } from '../../../model/basics/shell-word.ts';
import { absolute, usage } from '../../../model/refusals.ts';
import type { MoveTarget } from '../../port/dump/moving.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { dump } from '../dump/dump.ts';
import { findFileRoot, type FindOptions, lookForRoot } from '../find-root.ts';
import { loadFileStore } from '../load/load.ts';
import { isInRoot, unfinishedRoot } from '../names/backup-name.ts';
import { contextOf } from '../open.ts';
import { removeTree, stageRoot } from '../restore/staging.ts';

/** So that what a killed try has left beside the place is known for what it is. */
const stagingToken = 'MOVED00000';

/** @param from the root that is to be moved, and the folders that lead to it @throws USAGE: it is none beside those */
export function fileMoveTarget(folder: string, from: readonly string[], options: FindOptions): MoveTarget {
  const { cwd, disk = nodeDisk(), warn = () => undefined } = options;
  const path = absolute(cwd, folder, 'SOURCE_NOT_FOUND');
  checkBeside(folder, path, from);
  const there: FindOptions = { ...options, root: path, disk, movedFrom: from };
  return {
    to: `file:${path}`,
    async check() {
      await stageRoot(there, 'load');
    },
    load: () => loadFileStore(there, stagingToken),
    async dump(take, how) {
      const { found } = await lookForRoot(disk, there);
      if (found === undefined) return undefined;
      const deps = { clock: systemClock, ids: createIds(), warn };
      return dump(contextOf(disk, (await findFileRoot(there)).path, deps), take, how);
    },
    async remove(check) {
      const { found } = await lookForRoot(disk, there);
      if (found === undefined) return;
      const { path: root } = await findFileRoot(there);
      // Who was stopped in front of this may find the root that another one has moved there since.
      const aside = unfinishedRoot(root, createIds().token());
      await disk.close();
      if (!(await disk.rename(root, aside))) return;
      try {
        await check();
      } catch (error) {
        await disk.moveFolder(aside, root);
        throw error;
      }
      await removeTree(disk, aside);
    },
    descriptor: () => ({ format: 'dreamos', version: 2, engine: 'files', address: `file:${path}` }),
  };
}

/** @throws USAGE */
function checkBeside(said: string, path: string, [root = '', ...leading]: readonly string[]): void {
  const another = 'Name another folder: dreamos move --to file:/mnt/mail --dry-run';
  if (said === '') throw usage(`"file:" names no folder for what is in ${root}.`, another);
  if (path === root) throw usage(`The root is in ${path} already.`, another);
  if (leading.includes(path)) {
    const [old, at] = [quoteWord(path), quoteWord(root)];
    throw usage(
      `${path} is where the root is looked for, and leads to ${root}, so it cannot be moved there.`,
      `Name another folder; or clear that one first: dreamos move --purge; mv ${old} ${quoteWord(`${path}.old`)}; dreamos move --root ${at} --to ${quoteWord(`file:${path}`)}`,
    );
  }
  const odd = [root, ...leading].find((one) => isInRoot(one, path) || isInRoot(path, one));
  if (odd !== undefined) throw usage(`${path} and ${odd} cannot both hold the root: one lies in the other.`, another);
}
