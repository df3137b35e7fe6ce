/** Storages that a dump goes out of and into, with nothing in them at first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../src/model/clock.ts';
import type { Ids } from '../../../src/model/id.ts';
import { loadFileStore } from '../../../src/storage/file/load/load.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { loadIntoMemory } from '../../../src/storage/memory/load.ts';
import { createMail } from '../../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../../src/storage/memory/store.ts';
import { initRoot } from '../../../src/storage/redis/init.ts';
import { Link } from '../../../src/storage/redis/link/link.ts';
import { loadRoot } from '../../../src/storage/redis/load/load.ts';
import { linkOptions, redisStore } from '../../../src/storage/redis/store.ts';
import type { Loading } from '../../../src/storage/port/dump/loading.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { diskOnTime } from '../file/disks.ts';

export interface Deps {
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Place {
  /** A root with nothing in it. */
  init(): Promise<void>;
  load(): Promise<Loading>;
  open(): Promise<Store>;
  remove(): Promise<void>;
}

export type Engine = 'files' | 'memory' | 'redis';
/** Those that need no server. */
export const inProcess: readonly Engine[] = ['files', 'memory'];

let redis = '';
/** @param address of the server that `redis` means from now on */
export function useRedis(address: string): void {
  redis = address;
}

function placeInRedis({ clock, ids }: Deps): Place {
  const deps = { clock, ids, warn: () => undefined, patienceMs: 5000, isGivenTime: true };
  const place = { address: redis, id: ids.next(Date.now()), durability: 'relaxed' } as const;
  const opened: Store[] = [];
  const link = new Link(linkOptions(place, deps));
  const loader = ids.token();
  return {
    init: async () => void (await initRoot(place, deps)),
    async load() {
      await link.run('loadTake', loader, '', '');
      return loadRoot(link, loader);
    },
    async open() {
      const store = await redisStore(place, deps);
      opened.push(store);
      return store;
    },
    async remove() {
      for (const store of opened) await store.close();
      link.close();
    },
  };
}

export async function placeFor(engine: Engine, deps: Deps): Promise<Place> {
  if (engine === 'memory') {
    const mail = createMail();
    return {
      init: async () => undefined,
      load: async () => loadIntoMemory(mail),
      open: async () => createMemoryStore(deps, mail),
      remove: async () => undefined,
    };
  }
  if (engine === 'redis') return placeInRedis(deps);
  const root = join(await mkdtemp(join(tmpdir(), 'dreamos-dump-')), 'root');
  const opened: Store[] = [];
  return {
    init: async () => void (await initFileStore({ root, cwd: dirname(root), env: {} })),
    load: () => loadFileStore({ root, cwd: dirname(root), env: {} }),
    async open() {
      const store = await openFileStore(root, { ...deps, disk: diskOnTime(deps.clock), warn: () => undefined });
      opened.push(store);
      return store;
    },
    async remove() {
      for (const store of opened) await store.close();
      await rm(dirname(root), { recursive: true, force: true });
    },
  };
}

export async function recordsOf(store: Store): Promise<DumpRecord[]> {
  const records: DumpRecord[] = [];
  // As JSON, which is how they travel.
  await store.dump?.(async (record) => void records.push(JSON.parse(JSON.stringify(record)) as DumpRecord), {
    whole: true,
  });
  return records;
}

export async function loadAll(place: Place, records: readonly DumpRecord[]): Promise<Store> {
  const loading = await place.load();
  for (const record of records) await loading.take(record);
  await loading.finish();
  return place.open();
}
