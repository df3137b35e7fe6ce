/**
 * Push: inotify watches on the event logs' folders and on drop/, two of a mailbox. One watch per message file would not
 * scale. An event is only a hint to look, and there is one more look after things have gone quiet.
 */
import { DreamosError } from '../../../model/errors.ts';
import { isLog } from '../../../model/topic.ts';
import type { Scope, Wake } from '../../port/journal.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { namesOf } from './read-events.ts';

const quietMs = 100;
const pollMs = 1000;

export async function watch(ctx: FileContext, of: Scope, hint: () => void): Promise<Wake> {
  // The folder in which more of them appear; asked for by name there is none.
  const parent = of === undefined ? ctx.layout.mailboxes : 'topics' in of ? ctx.layout.topics : undefined;
  if (parent === ctx.layout.topics) await ensureFolder(ctx, parent);
  const look = settled(hint);
  const closes: (() => void)[] = [];
  let polling: NodeJS.Timeout | undefined;
  let degraded: string | undefined;
  let started = false;

  const failed = (error: unknown): void => {
    // Out of inotify watches or instances: look once a second instead, and look now for what was missed.
    const why = `no push from the file system (${reasonOf(error)}); looking once a second`;
    // Later on nobody asks for `degraded` any more.
    if (started && degraded === undefined) ctx.warn(`From now on: ${why}.`);
    degraded ??= why;
    polling ??= setInterval(hint, pollMs);
    look.now();
  };
  const watched = new Set<string>();
  async function addMailboxes(): Promise<void> {
    for (const name of await namesOf(ctx, of)) {
      if (watched.has(name) || degraded !== undefined) continue;
      watched.add(name);
      try {
        const { events, drop } = ctx.layout.mailbox(name);
        await ensureFolder(ctx, events);
        // A new day's log is nothing yet; its first line is a `change`. Whoever looked at once would claim a message before
        // its sender, the writer of that line, has come to say that it arrived. Soon, because the line may also never come.
        closes.push(ctx.disk.watch(events, (kind) => (kind === 'rename' ? look.soon() : look.now()), failed));
        if (isLog(name)) continue;
        await ensureFolder(ctx, drop);
        closes.push(ctx.disk.watch(drop, look.now, failed));
      } catch (error) {
        // One mailbox in disorder is no reason to be blind to all; asked for by name, it is.
        if (parent === undefined || !(error instanceof DreamosError)) throw error;
        watched.delete(name);
        warnOnce(ctx, `The mailbox ${name} is not watched: ${error.message}`);
      }
    }
  }
  const parentChanged = (): void => {
    look.now();
    // Once more when it is watched: a topic's first message comes right behind its folder.
    addMailboxes().then(look.now, (error: unknown) =>
      ctx.warn(`A new mailbox is not watched: ${(error as Error).message}`),
    );
  };
  const close = async (): Promise<void> => {
    look.stop();
    clearInterval(polling);
    for (const stop of closes.splice(0)) stop();
  };
  try {
    // First: what appears while the others are added is seen.
    if (parent !== undefined) closes.push(ctx.disk.watch(parent, parentChanged, failed));
    await addMailboxes();
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
