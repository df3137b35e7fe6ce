/** A root with something of everything in it, in a project's folder, that is moved into a Redis and out of it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moveBetween, type MoveOptions, moveRoot } from '../../../src/core/move/move.ts';
import type { Moved } from '../../../src/contract/keep.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { endsOfMove, findRoot, openStore } from '../../../src/storage/engines.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { MoveSource, MoveTarget } from '../../../src/storage/port/dump/moving.ts';
import { Tally } from '../../../src/storage/port/dump/tally.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { createFakeClock } from '../../storage/contract/fake-clock.ts';
import { Actor, tellAll } from '../../storage/dump/story.ts';
import { watchedDisk } from '../../storage/file/disks.ts';

type How = Omit<MoveOptions, 'cwd' | 'env'>;

/** A stop behind a step, in which another process does something. */
interface Stop {
  readonly step: string;
  meanwhile(): Promise<void>;
}

/** What is called first behind each step. */
function stopIn(source: MoveSource, target: MoveTarget, { step, meanwhile }: Stop): void {
  let isDone = false;
  const before =
    <T extends unknown[], R>(work: (...args: T) => Promise<R>, isNow = () => true) =>
    async (...args: T): Promise<R> => {
      if (!isDone && isNow()) {
        isDone = true;
        await meanwhile();
      }
      return work(...args);
    };
  let isLoaded = false;
  const { load } = target;
  target.load = async () => {
    const loading = await load();
    const finish = async (): Promise<void> => {
      await loading.finish();
      isLoaded = true;
    };
    return { ...loading, finish };
  };
  if (step === 'begun') source.freeze = before(source.freeze);
  else if (step === 'frozen') target.load = before(target.load);
  else if (step === 'loaded') target.dump = before(target.dump, () => isLoaded);
  else source.settle = before(source.settle);
}

export interface RedisScene {
  readonly dir: string;
  readonly project: string;
  /** Its folder. */
  readonly root: string;
  readonly actor: Actor;
  readonly warnings: string[];
  /** As another process, wherever the root is by now, or by its address. */
  open(root?: string): Promise<Store>;
  /** All that is there, counted and digested. */
  tally(root?: string): Promise<unknown>;
  move(how: How): Promise<Moved | undefined>;
  /** The same on a disk of its own, and nobody asks the policy. */
  moveOn(disk: Disk, how: How, stop?: Stop): Promise<Moved | undefined>;
  close(): Promise<void>;
}

export async function makeRedisScene(tell: (actor: Actor) => Promise<void> = tellAll): Promise<RedisScene> {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-move-'));
  const project = join(dir, 'project');
  mkdirSync(project);
  const warnings: string[] = [];
  const warn = (one: string): void => void warnings.push(one);
  const at = { cwd: project, env: { DREAMOS_ENGINE_TIMEOUT: '1s' }, warn };
  const { path: root } = await initFileStore({ ...at, disk: watchedDisk() });
  const [ids, clock] = [createIds(), createFakeClock(systemClock.now() - 3_600_000)];
  const opened: Store[] = [];
  const kept = (store: Store): Store => {
    opened.push(store);
    return store;
  };
  const first = kept(await openFileStore(root, { clock, ids, warn, disk: watchedDisk() }));
  const actor = new Actor(first, clock, ids);
  await tell(actor);
  const open = async (named?: string): Promise<Store> =>
    kept(await openStore(await findRoot({ ...at, root: named }), { ...at, clock: systemClock, ids }));
  return {
    ...{ dir, project, root, actor, warnings, open },
    async tally(named) {
      const tally = new Tally();
      const store = await open(named);
      await store.dump?.(async (record) => tally.add(record));
      return tally.mailboxes();
    },
    move: (how) => moveRoot({ ...at, ...how }),
    async moveOn(disk, { to, durability, how }, stop) {
      const { source, target } = await endsOfMove({ to, durability }, { ...at, disk });
      if (target && stop) stopIn(source, target, stop);
      try {
        return await moveBetween({ source, target }, { ...at, ...(how && { how }) });
      } finally {
        target?.close?.();
        await source.close();
      }
    },
    async close() {
      for (const store of opened) await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
