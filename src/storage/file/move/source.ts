import { quoteWord } from '../../../model/basics/shell-word.ts';
import { systemClock } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import { createIds, type Ids } from '../../../model/id.ts';
import type { Lock } from '../../port/documents.ts';
import type { MoveHow, MoveSource } from '../../port/dump/moving.ts';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { replaceDocument, writeDocument } from '../disk/replace.ts';
import { rootsAt } from '../aside.ts';
import { dump } from '../dump/dump.ts';
import { files, findFileRoot, type FindOptions, lookForRoot } from '../find-root.ts';
import { moveIgnore } from '../make-root.ts';
import { moveOfRoot, movedRoot, nextOfRoot } from '../names/backup-name.ts';
import { layoutOf } from '../names/layout.ts';
import { folderOf } from '../names/path.ts';
import { contextOf } from '../open.ts';
import { asMoving, folderIn, formatIn, type Moving, type MovingFormat, movingEngine, movingOf } from '../moving.ts';
import { leftBy, nextOnes, passedOf, purgeBy } from './left.ts';
import { checkNotMounted, removeTree } from '../restore/staging.ts';

/** Of a root of files, whatever has become of it. @throws as findFileRoot */
export async function fileMoveSource(options: FindOptions): Promise<MoveSource> {
  const { disk = nodeDisk(), warn = () => undefined } = options;
  const ids = createIds();
  const { root, moving: known, through } = await find(disk, options);
  const places = [root, ...through];
  let moving = known;
  const contextAt = (path: string) => contextOf(disk, path, { clock: systemClock, ids, warn });
  const underWay = (): Moving => {
    if (moving) return moving;
    throw new Error(`nobody moves ${root}`);
  };
  let lock: Lock | undefined;
  /** Who was paused for long has lost the lock, and another may have ended the move. @throws STATE_CHANGED */
  const checkOurs = async (): Promise<Moving> => {
    const now = await movingOf(disk, root);
    if (now?.token !== underWay().token || lock?.isHeld() === false) throw changed(root);
    return now;
  };
  return {
    root,
    through,
    underWay: moving?.to,
    how: moving?.how,
    alone<T>(work: () => Promise<T>) {
      const locked = async (held: Lock): Promise<T> => {
        lock = held;
        const now = await movingOf(disk, root);
        // Another one may have come to its end while the lock was waited for.
        if (now?.token !== moving?.token) throw changed(root);
        moving = now;
        return work();
      };
      return disk.withLock(moveOfRoot(root), locked, () => busy(root));
    },
    mail: () => moving?.mail ?? root,
    async begin(to, how) {
      await checkOfFiles(options, root);
      await checkNotMounted(disk, root, 'move');
      moving = await begin(disk, root, { to, how }, ids);
    },
    check: async () => void (await checkOurs()),
    async freeze() {
      moving = await freeze(disk, await checkOurs());
      // Logs of events are open, under a name that they have lost.
      await disk.close();
    },
    async dump(take, how) {
      if (!moving) await checkOfFiles(options, root);
      const ctx = contextAt(moving?.mail ?? root);
      // A folder that is gone has no mail, which would be taken for all there is.
      if ((await disk.stat(ctx.layout.format)) === undefined) throw changed(root);
      return dump(ctx, take, how);
    },
    async settle(descriptor) {
      if ((await checkOurs()).done < 3) throw changed(root);
      const folders = await passedOf(disk, places);
      // The others need not lead over this one any more, so that each notes the rest: what is left beside them is to be found.
      for (const path of places) {
        const passed = folders.filter((folder) => folder !== path);
        const text = `${JSON.stringify(passed.length > 0 ? { ...descriptor, passed } : descriptor)}\n`;
        // What waits to be put there goes with the folder, or is taken away, if another one ends the move just then.
        const isOurs = async (): Promise<boolean> => path !== root || (await checkOurs()).done === 3;
        if (!(await replaceDocument(contextAt(path), layoutOf(path).format, text, isOurs))) throw changed(root);
      }
      moving = undefined;
    },
    async giveBack() {
      await disk.close();
      await giveBack(disk, await checkOurs());
      moving = undefined;
    },
    left: () => leftBy(disk, places),
    purge: () => purgeBy(disk, places),
    close: async () => disk.close(),
  };
}

interface Source {
  readonly root: string;
  readonly moving: Moving | undefined;
  /** The folders that say, one after the other, where it is: earlier moves have left them. */
  readonly through: readonly string[];
}

async function find(disk: Disk, options: FindOptions): Promise<Source> {
  const { place, found } = await lookForRoot(disk, options);
  const through: string[] = [];
  for (let places = found === undefined ? rootsAt(place) : [await disk.realPath(found)]; ;) {
    const elsewhere: string[] = [];
    for (const root of places) {
      const moving = await movingOf(disk, root);
      const folder = folderIn(await formatIn(disk, root));
      if (moving) return { root, moving, through };
      if (folder === undefined || through.includes(root)) continue;
      through.push(root);
      elsewhere.push(folder);
    }
    if (elsewhere.length === 0) break;
    places = elsewhere;
  }
  return { root: (await findFileRoot(options)).path, moving: undefined, through };
}

/** Another one may have moved it since this was made, to another folder or into an engine. @throws STATE_CHANGED */
async function checkOfFiles(options: FindOptions, root: string): Promise<void> {
  const { engine, path } = await findFileRoot({ ...options, root });
  if (path !== root || engine !== files) throw changed(root);
}

/** Step 1. @throws ROOT_MOVED: another one moves it */
async function begin(
  disk: Disk,
  root: string,
  { to, how }: Pick<MovingFormat, 'to'> & { readonly how: MoveHow | undefined },
  ids: Ids,
): Promise<Moving> {
  const token = ids.token();
  const next = nextOfRoot(root, token);
  await disk.makeDir(next);
  const ctx = contextOf(disk, next, { clock: systemClock, ids, warn: () => undefined });
  await moveIgnore(ctx);
  const format: MovingFormat = { format: 'dreamos', version: 2, engine: movingEngine, token, to, ...(how && { how }) };
  await writeDocument(ctx, ctx.layout.format, `${JSON.stringify(format)}\n`);
  await disk.syncDir(folderOf(root));
  const { begun } = await nextOnes(disk, root);
  if (begun.length === 1) return { root, token, to, done: 1, mail: root };
  await removeTree(disk, next);
  throw new DreamosError('conflict', 'ROOT_MOVED', `Somebody else is about to move the root ${root}.`, {
    hint: `If that was cut off: dreamos move --abort --root ${quoteWord(root)}`,
  });
}

/** Steps 2 and 3. */
async function freeze(disk: Disk, moving: Moving): Promise<Moving> {
  const { root, token } = moving;
  const [mail, next] = [movedRoot(root, token), nextOfRoot(root, token)];
  if (moving.done < 2 && !(await disk.rename(root, mail))) throw changed(root);
  if (moving.done < 3 && (await disk.moveFolder(next, root)) !== 'moved') throw taken(root);
  await disk.syncDir(folderOf(root));
  return { ...moving, done: 3, mail };
}

function busy(root: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Another process is moving the root ${root} just now.`, {
    hint: `Wait until it is done; then see where the root is: dreamos status --root ${quoteWord(root)}`,
  });
}

function changed(root: string): DreamosError {
  return new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `${root} was changed by somebody else while it was being moved.`,
    {
      hint: `See what is there: ls ${quoteWord(folderOf(root))}; then: dreamos move --resume --root ${quoteWord(root)}`,
    },
  );
}

/** A script may have made the folder anew, for mail that it hands in. */
function taken(root: string): DreamosError {
  return new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `Somebody else has put something at ${root} while it was being moved.`,
    {
      hint: `Put that aside: mv ${quoteWord(root)} ${quoteWord(`${root}.found`)}; then: dreamos move --abort --root ${quoteWord(root)}`,
    },
  );
}

/** From wherever it came to; cut off, it can be done again. */
async function giveBack(disk: Disk, { root, token, done }: Moving): Promise<void> {
  const [mail, next] = [movedRoot(root, token), nextOfRoot(root, token)];
  if (done === 3) {
    if (!(await disk.rename(root, next))) throw changed(root);
    // Another one may have settled it just before. Behind this nobody can: what is to say so waits in that folder, under its old name.
    if (asMoving(await formatIn(disk, next))?.token !== token) {
      await disk.moveFolder(next, root);
      throw changed(root);
    }
  }
  if (done > 1 && (await disk.moveFolder(mail, root)) !== 'moved') throw taken(root);
  await disk.syncDir(folderOf(root));
  await removeTree(disk, next);
}
