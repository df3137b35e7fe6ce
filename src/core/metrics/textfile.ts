import { DreamosError } from '../../model/errors.ts';
import { readHostFile, replaceHostFile, whileHeld } from '../../storage/file/disk/foreign/host-files.ts';

/** What each of these files begins with. */
const beginning = '# HELP dreamos_';

/**
 * Puts the text in the place of a file that was written so before, or where there is none: whoever reads it sees the old one or
 * the new one. A link is followed.
 * @throws ALREADY_EXISTS: something else is there; DISK_FAILED: it cannot be written. Then what was there is untouched
 */
export async function replaceTextfile(path: string, text: string): Promise<void> {
  await orDiskFailed(() =>
    whileHeld(path, async () => {
      const was = readHostFile(path);
      if (was && was.bytes.length > 0 && !was.bytes.toString('latin1').startsWith(beginning)) {
        const message = `${path} holds something else than metrics of dreamos, and was left as it is.`;
        throw new DreamosError('conflict', 'ALREADY_EXISTS', message, { hint: 'Name another file' });
      }
      // Who changed it in between wrote what is as new.
      replaceHostFile(path, Buffer.from(text), was);
    }),
  );
}

/** What cannot be replaced cannot be written, however it is said. */
async function orDiskFailed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof DreamosError) || cause.code !== 'HOST_FILE_REFUSED') throw cause;
    throw new DreamosError('disk', 'DISK_FAILED', cause.message, { hint: cause.hint, cause });
  }
}
