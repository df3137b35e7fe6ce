/**
 * Who follows is told by pushes on the event logs and on drop/, a handful at any depth of a mailbox. One watch per message
 * file would not scale (paulmillr/chokidar#1080), and new folders can miss files (#1471). A push is only a hint to look, and
 * there is one more look after things have gone quiet.
 */
import { DreamosError } from '../../../model/errors.ts';
import { isLog } from '../../../model/topic.ts';
import type { Scope, Wake } from '../../port/journal.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { mostByChokidar, openPushes } from './pushes.ts';
import { namesOf } from './read-events.ts';
import { sweepLogs } from './sweep.ts';

const quietMs = 100;
export const pollMs = 1000;

type Hint = (where?: ReadonlySet<string>) => void;

interface Shared {
  readonly hints: Set<Hint>;
  readonly wake: Promise<Wake>;
}

/** Who follows the same in one process shares its watches. */
const open = memory(() => new Map<string, Shared>());

export async function watch(ctx: FileContext, of: Scope, hint: Hint): Promise<Wake> {
  const known = open.of(ctx);
  const key = JSON.stringify(of ?? null);
  const shared = known.get(key) ?? begin();
  // The same function may be told twice.
  const own: Hint = (where) => hint(where);
  shared.hints.add(own);
  const leave = (): boolean => shared.hints.delete(own) && shared.hints.size === 0;
  try {
    const wake = await shared.wake;
    return {
      sure: true,
      get degraded() {
        return wake.degraded;
      },
      close: async () => {
        if (!leave()) return;
        known.delete(key);
        await wake.close();
      },
    } as Wake;
  } catch (error) {
    leave();
    throw error;
  }

  function begin(): Shared {
    const hints = new Set<Hint>();
    const wake = openWatch(ctx, of, (where) => {
      for (const one of hints) one(where);
    });
    const fresh = { hints, wake };
    known.set(key, fresh);
    wake.catch(() => known.get(key) === fresh && known.delete(key));
    return fresh;
  }
}

async function openWatch(ctx: FileContext, of: Scope, hint: Hint): Promise<Wake> {
  // The folder in which more of them appear; asked for by name there is none.
  const parent = of === undefined ? ctx.layout.mailboxes : 'topics' in of ? ctx.layout.topics : undefined;
  const watched = new Set<string>();
  const eventLogs = new Set<string>();
  /** Whose folder it is. */
  const owners = new Map<string, string>();
  let fresh = new Set<string>();
  let told = new Set<string>();
  const look = settled((isQuiet) => {
    const where = isQuiet ? told : fresh;
    for (const name of fresh) told.add(name);
    fresh = new Set();
    if (isQuiet) told = new Set();
    hint(where.has('') ? undefined : where);
  });
  const members = settled(() => {
    addMailboxes().then(
      // Once more when it is watched: a topic's first message comes right behind its folder.
      () => lookIn('', false),
      (error: unknown) => ctx.warn(`A new mailbox is not watched: ${(error as Error).message}`),
    );
  });
  let polling: NodeJS.Timeout | undefined;
  let endSweep: (() => void) | undefined;
  let degraded: string | undefined;
  let started = false;
  let resolveDegraded = (): void => undefined;
  const isDegraded = new Promise<void>((resolve) => void (resolveDegraded = resolve));

  /** @param name `''`: anywhere */
  function lookIn(name: string, soon: boolean): void {
    fresh.add(name);
    if (soon) look.soon();
    else look.now();
  }

  function lookByTime(why: string): void {
    const how = `${why}; looking once a second`;
    // Later on nobody asks for `degraded` any more.
    if (started && degraded === undefined) ctx.warn(`From now on: ${how}.`);
    degraded ??= how;
    polling ??= setInterval(hint, pollMs);
    lookIn('', false);
    resolveDegraded();
  }

  /** A folder that is not there and cannot be made, on a read-only disk, may be made by others: then it is looked for. */
  async function isThere(dir: string): Promise<boolean> {
    try {
      await ensureFolder(ctx, dir);
      return true;
    } catch (error) {
      if (!(error instanceof DreamosError) || (await ctx.disk.stat(dir))) throw error;
      lookByTime(error.message.replace(/\.$/, ''));
      return false;
    }
  }

  const atFirst = await namesOf(ctx, of);
  const pushes = await openPushes(atFirst.length * 2 > mostByChokidar, {
    changed(dir, appeared) {
      if (dir === parent) members.now();
      // A new day's log is nothing yet; its first line is a change. Whoever looked at once would claim a message before its
      // sender, the writer of that line, has come to say that it arrived. Soon, because the line may also never come.
      lookIn(owners.get(dir) ?? '', appeared && eventLogs.has(dir));
    },
    // Out of inotify watches or instances: look once a second instead, and look now for what was missed.
    failed: (error) => lookByTime(`no push from the file system (${reasonOf(error)})`),
  });

  async function addMailboxes(known?: readonly string[]): Promise<void> {
    const names = new Set(known ?? (await namesOf(ctx, of)));
    // One that comes back has other folders.
    for (const name of watched) if (!names.has(name)) watched.delete(name);
    for (const name of names) {
      if (watched.has(name)) continue;
      watched.add(name);
      try {
        const { events, drop } = ctx.layout.mailbox(name);
        eventLogs.add(events);
        for (const dir of isLog(name) ? [events] : [events, drop]) {
          owners.set(dir, name);
          if (await isThere(dir)) pushes.add(dir);
        }
      } catch (error) {
        // One mailbox in disorder is no reason to be blind to all; asked for by name, it is.
        if (parent === undefined || !(error instanceof DreamosError)) throw error;
        watched.delete(name);
        warnOnce(ctx, `The mailbox ${name} is not watched: ${error.message}`);
      }
    }
  }

  const close = async (): Promise<void> => {
    look.stop();
    members.stop();
    clearInterval(polling);
    endSweep?.();
    await pushes.close();
  };
  try {
    if (parent !== undefined && (await isThere(parent))) pushes.add(parent);
    await addMailboxes(atFirst);
    await Promise.race([pushes.ready(), isDegraded]);
    // What appeared between that look and the watch on its folder was seen by neither.
    if (parent !== undefined) await addMailboxes();
  } catch (error) {
    await close();
    throw error;
  }
  started = true;
  endSweep = sweepLogs(ctx, () => namesOf(ctx, of), hint);

  return {
    get degraded() {
      return degraded;
    },
    close,
  } as Wake;
}

/**
 * Runs once in a turn of the event loop, behind everything that has come, and once more after a quiet moment. A process
 * that was paused finds thousands of events in its inotify queue, and Node hands them out in one go, before timers and
 * signals: a look for each kept a watcher deaf to SIGTERM for 20 s after it had seen everything.
 */
function settled(run: (isQuiet: boolean) => void): { now: () => void; soon: () => void; stop: () => void } {
  let quiet: NodeJS.Timeout | undefined;
  let next: NodeJS.Immediate | undefined;
  let stopped = false;
  function soon(): void {
    clearTimeout(quiet);
    if (!stopped) quiet = setTimeout(run, quietMs, true);
  }
  return {
    now() {
      if (stopped) return;
      next ??= setImmediate(() => {
        next = undefined;
        run(false);
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

export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return 'ENOSPC: no inotify watches are left, see fs.inotify.max_user_watches';
  if (code === 'EMFILE') return 'EMFILE: no inotify instances are left, see fs.inotify.max_user_instances';
  return code ?? String(error);
}
