import type { Wake } from '../../port/journal.ts';
import { folderOf } from '../names/path.ts';
import { openPushes } from './pushes.ts';
import { pollMs, reasonOf } from './watch.ts';

/** Its folder is watched: a document is replaced by a rename. */
export async function watchDocument(path: string, hint: () => void): Promise<Wake> {
  let polling: NodeJS.Timeout | undefined;
  let degraded: string | undefined;
  let resolveDegraded = (): void => undefined;
  const isDegraded = new Promise<void>((resolve) => void (resolveDegraded = resolve));
  const pushes = await openPushes(false, {
    changed: hint,
    failed(error) {
      degraded ??= `no push from the file system (${reasonOf(error)})`;
      polling ??= setInterval(hint, pollMs);
      hint();
      resolveDegraded();
    },
  });
  pushes.add(folderOf(path));
  await Promise.race([pushes.ready(), isDegraded]);
  return {
    get degraded() {
      return degraded;
    },
    close: async () => {
      clearInterval(polling);
      await pushes.close();
    },
  } as Wake;
}
