/**
 * Push: inotify watches on the event logs and on drop/, a handful at any depth of a mailbox. One watch per message file
 * would not scale (paulmillr/chokidar#1080), and new folders can miss files (#1471).
 *
 * chokidar 5 drops `change` events within 50 ms of the last one, with none at the end (`_throttle` in its index.js): of
 * 200 lines appended 20 ms apart the last one was never seen. Its `raw` event has no throttle. So an event is only a hint
 * to look, and there is one more look after things have gone quiet.
 */
import { DreamosError } from '../../../model/errors.ts';
import { isLog } from '../../../model/topic.ts';
import type { Scope, Wake } from '../../port/journal.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { folderOf } from '../names/path.ts';
import { namesOf } from './read-events.ts';

const quietMs = 100;
const pollMs = 1000;

export async function watch(ctx: FileContext, of: Scope, hint: () => void): Promise<Wake> {
  // The folder in which more of them appear; asked for by name there is none.
  const parent = of === undefined ? ctx.layout.mailboxes : 'topics' in of ? ctx.layout.topics : undefined;
  if (parent === ctx.layout.topics) await ensureFolder(ctx, parent);
  const { watch: watchPaths } = await import('chokidar');
  const look = settled(hint);
  const watcher = watchPaths([], { ignoreInitial: true, depth: 0, persistent: true, followSymlinks: false });
  let polling: NodeJS.Timeout | undefined;
  let degraded: string | undefined;
  let started = false;

  const watched = new Set<string>();
  const eventLogs = new Set<string>();
  async function addMailboxes(): Promise<void> {
    for (const name of await namesOf(ctx, of)) {
      if (watched.has(name)) continue;
      watched.add(name);
      try {
        const { events, drop } = ctx.layout.mailbox(name);
        const dirs = isLog(name) ? [events] : [events, drop];
        for (const dir of dirs) await ensureFolder(ctx, dir);
        eventLogs.add(events);
        watcher.add(dirs);
      } catch (error) {
        // One mailbox in disorder is no reason to be blind to all; asked for by name, it is.
        if (parent === undefined || !(error instanceof DreamosError)) throw error;
        watched.delete(name);
        warnOnce(ctx, `The mailbox ${name} is not watched: ${error.message}`);
      }
    }
  }

  const ready = new Promise<void>((resolve) => {
    watcher.on('ready', resolve);
    watcher.on('error', (error) => {
      // Out of inotify watches or instances: look once a second instead, and look now for what was missed.
      const why = `no push from the file system (${reasonOf(error)}); looking once a second`;
      // Later on nobody asks for `degraded` any more.
      if (started && degraded === undefined) ctx.warn(`From now on: ${why}.`);
      degraded ??= why;
      polling ??= setInterval(hint, pollMs);
      look.now();
      resolve();
    });
  });
  // A new day's log is nothing yet; its first line is a `change`. Whoever looked at once would claim a message before its
  // sender, the writer of that line, has come to say that it arrived. Soon, because the line may also never come.
  // (`watchedPath` is chokidar's own, undocumented; without it, all is looked at at once.)
  watcher.on('raw', (kind, _name, details) => {
    const isNewEventLog =
      kind === 'rename' && eventLogs.has((details as { watchedPath?: string } | undefined)?.watchedPath ?? '');
    if (isNewEventLog) look.soon();
    else look.now();
  });
  watcher.on('all', (event, path, stats) => {
    if (event === 'add' && stats?.size === 0 && eventLogs.has(folderOf(path))) look.soon();
    else look.now();
    if (parent !== undefined && folderOf(path) === parent) {
      // Once more when it is watched: a topic's first message comes right behind its folder.
      addMailboxes().then(look.now, (error: unknown) =>
        ctx.warn(`A new mailbox is not watched: ${(error as Error).message}`),
      );
    }
  });
  const close = async (): Promise<void> => {
    look.stop();
    clearInterval(polling);
    await watcher.close();
  };
  try {
    if (parent !== undefined) watcher.add(parent);
    await addMailboxes();
    // Without a path chokidar never says that it is ready.
    if (parent !== undefined || watched.size > 0) await ready;
    // What appeared between that look and the watch on its folder was seen by neither.
    if (parent !== undefined) await addMailboxes();
  } catch (error) {
    await close();
    throw error;
  }
  started = true;

  return {
    get degraded() {
      return degraded;
    },
    close,
  } as Wake;
}

/**
 * Hints once in a turn of the event loop, behind everything that has come, and once more after a quiet moment. A process
 * that was paused finds thousands of events in its inotify queue, and Node hands them out in one go, before timers and
 * signals: a look for each kept a watcher deaf to SIGTERM for 20 s after it had seen everything.
 */
function settled(hint: () => void): { now: () => void; soon: () => void; stop: () => void } {
  let quiet: NodeJS.Timeout | undefined;
  let next: NodeJS.Immediate | undefined;
  let stopped = false;
  function soon(): void {
    clearTimeout(quiet);
    if (!stopped) quiet = setTimeout(hint, quietMs);
  }
  return {
    now() {
      if (stopped) return;
      next ??= setImmediate(() => {
        next = undefined;
        hint();
      });
      soon();
    },
    soon,
    stop() {
      stopped = true;
      clearImmediate(next);
      clearTimeout(quiet);
    },
  };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return 'ENOSPC: no inotify watches are left, see fs.inotify.max_user_watches';
  if (code === 'EMFILE') return 'EMFILE: no inotify instances are left, see fs.inotify.max_user_instances';
  return code ?? String(error);
}
