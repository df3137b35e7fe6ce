/** A root of files with something of everything in it, and a place that it is to be moved to. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { moveBetween, type MoveOptions } from '../../../src/core/move/move.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { fileMoveSource } from '../../../src/storage/file/move/source.ts';
import { fileMoveTarget } from '../../../src/storage/file/move/target.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { createFakeClock } from '../../storage/contract/fake-clock.ts';
import { Actor, tellAll } from '../../storage/dump/story.ts';
import { viewOf } from '../../storage/dump/view.ts';
import { watchedDisk } from '../../storage/file/disks.ts';
import type { Moved } from '../../../src/contract/keep.ts';

export interface Scene {
  readonly dir: string;
  readonly root: string;
  readonly to: string;
  readonly actor: Actor;
  /** As another process, wherever the root is by now. */
  open(disk?: Disk): Promise<Store>;
  view(): Promise<unknown>;
  move(how?: MoveOptions['how'], more?: { readonly disk?: Disk; readonly to?: string }): Promise<Moved | undefined>;
  close(): Promise<void>;
}

export async function makeScene(tell: (actor: Actor) => Promise<void> = tellAll): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-move-'));
  const root = join(dir, 'project', 'runtime', 'agent_comms');
  const [to, project] = [join(dir, 'elsewhere'), join(dir, 'project')];
  mkdirSync(project);
  const at = { cwd: project, env: {} };
  await initFileStore({ ...at, disk: watchedDisk() });
  const ids = createIds();
  // Behind the mover's own, which acts on nothing that is due.
  const clock = createFakeClock(systemClock.now() - 3_600_000);
  const opened: Store[] = [];
  const open = async (disk: Disk = watchedDisk()): Promise<Store> => {
    const { path } = await findFileRoot({ ...at, disk });
    const store = await openFileStore(path, { clock, ids, warn: () => undefined, disk });
    opened.push(store);
    return store;
  };
  const actor = new Actor(await open(), clock, ids);
  await tell(actor);
  return {
    ...{ dir, root, to, actor, open },
    view: async () => viewOf(await open()),
    async move(how, { disk = watchedDisk(), to: place = to } = {}) {
      const source = await fileMoveSource({ ...at, disk });
      const isNew = how === undefined || how === 'dry-run';
      const where = source.underWay?.slice('file:'.length) ?? (isNew ? place : undefined);
      const from = [source.root, ...source.through];
      const target = where === undefined ? undefined : fileMoveTarget(where, from, { ...at, disk });
      return moveBetween({ source, target }, how === undefined ? {} : { how });
    },
    async close() {
      for (const store of opened) await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One that ends with the test. */
export async function scene(context: TestContext, tell?: (actor: Actor) => Promise<void>): Promise<Scene> {
  const made = await makeScene(tell);
  context.onTestFinished(() => made.close());
  return made;
}

/** A little of it: for what is done again and again. */
export async function tellLittle(actor: Actor): Promise<void> {
  await actor.begin();
  await actor.send({ subject: 'claimed' });
  await actor.claim();
  await actor.send({ subject: 'ready', to: ['bob', 'Cy'], dedupeKey: 'k' });
  await actor.send({ subject: 'later' }, { dueAt: actor.clock.now() + 3_600_000 });
}
