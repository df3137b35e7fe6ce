/** Opening a root on disk that was found (find-root.ts). */
import type { Clock } from '../../model/clock.ts';
import type { Ids } from '../../model/id.ts';
import type { Store } from '../port/store.ts';
import type { FileContext } from './disk/context.ts';
import type { Disk } from './disk/disk.ts';
import { nodeDisk } from './disk/node-disk.ts';
import { checkSamePlace, guarded } from './guard.ts';
import { layoutOf } from './names/layout.ts';
import { quarantineObstacle } from './places/corrupt.ts';
import { fileStore } from './store.ts';

export interface FileStoreDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly warn: (message: string) => void;
  readonly sign?: FileContext['sign'];
  readonly disk?: Disk;
}

export async function openFileStore(path: string, deps: FileStoreDeps): Promise<Store> {
  const ctx = contextOf(deps.disk ?? nodeDisk(), path, deps);
  return guarded(ctx, fileStore(ctx));
}

export function contextOf(disk: Disk, path: string, deps: Omit<FileStoreDeps, 'disk'>): FileContext {
  const ctx: FileContext = {
    disk,
    layout: layoutOf(path),
    quarantineObstacle: (odd, kind) => quarantineObstacle(ctx, odd, kind),
    checkPlace: () => checkSamePlace(ctx),
    clock: deps.clock,
    ids: deps.ids,
    warn: deps.warn,
    ...(deps.sign && { sign: deps.sign }),
    memories: [],
  };
  return ctx;
}
