/**
 * Push: inotify watches on folders, by chokidar. For each it reads what is in it and keeps that: 0.3 ms and 24 KB, of 10,000
 * folders 2.8 s and 240 MB. All that is used here is what the kernel says of the folder itself; so of many, Node's own watch
 * is asked directly: 150 ms and 20 MB. It is not asked of few, because chokidar knows what each system does differently.
 *
 * chokidar 5 drops `change` events within 50 ms of the last one, with none at the end (`_throttle` in its index.js): of
 * 200 lines appended 20 ms apart the last one was never seen. Its `raw` event has no throttle.
 */
import { watchFolder } from '../disk/watch-folder.ts';
import { folderOf } from '../names/path.ts';

/** More are watched by Node itself. */
export const mostByChokidar = 200;

export interface Pushes {
  add(dir: string): void;
  /** When everything that happens in what was added is told. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  /**
   * Something happened in a folder; `''`: in one of them.
   * @param appeared a name came, went or changed; else what is behind one did
   */
  changed(dir: string, appeared: boolean): void;
  /** No watches are left, for one. What it watches no more, is not said. */
  failed(error: unknown): void;
}

/** @param many it will be more than chokidar is asked for */
export async function openPushes(many: boolean, { changed, failed }: Listener): Promise<Pushes> {
  const own: (() => void)[] = [];
  const byItself: Pushes = {
    add(dir) {
      try {
        own.push(watchFolder(dir, (kind) => changed(dir, kind === 'rename'), failed));
      } catch (error) {
        failed(error);
      }
    },
    ready: async () => undefined,
    close: async () => {
      for (const stop of own) stop();
    },
  };
  if (many) return byItself;

  const { watch } = await import('chokidar');
  const watcher = watch([], { ignoreInitial: true, depth: 0, persistent: true, followSymlinks: false });
  const isReady = new Promise<void>((resolve) => void watcher.on('ready', resolve));
  let added = 0;
  watcher.on('error', failed);
  // `watchedPath` is chokidar's own, undocumented.
  watcher.on('raw', (kind, _name, details) =>
    changed((details as { watchedPath?: string } | undefined)?.watchedPath ?? '', kind === 'rename'),
  );
  // What is in a new folder may come before chokidar has told of it.
  watcher.on('addDir', (path) => changed(folderOf(path), true));
  return {
    add(dir) {
      if (added++ < mostByChokidar) watcher.add(dir);
      else byItself.add(dir);
    },
    // Without a path chokidar never says that it is.
    ready: async () => (added > 0 ? isReady : undefined),
    close: async () => {
      await Promise.all([watcher.close(), byItself.close()]);
    },
  };
}
