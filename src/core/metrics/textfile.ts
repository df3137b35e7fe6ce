import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { notWritten, readHostFile, replaceHostFile, whileHeld } from '../../storage/file/disk/foreign/host-files.ts';

/** A line of these files; of a sample with its root, as it stands there. */
const ours = /^(?:# (?:HELP|TYPE|UNIT) dreamos_.*|# EOF|dreamos_\w+\{root="((?:[^"\\]|\\.)*)".*)$/;

/**
 * Puts the text in the place of a file that was written so before, of the same root, or where there is none: whoever reads it sees
 * the old one or the new one. A link is followed.
 * @throws ALREADY_EXISTS: something else is there, or what is another root's; STATE_CHANGED: another program has just written it;
 * DISK_FAILED: it cannot be written. Then what was there is untouched
 */
export async function replaceTextfile(path: string, text: string): Promise<void> {
  await orDiskFailed(path, () =>
    whileHeld(path, async () => {
      const was = readHostFile(path);
      if (was) checkOurs(path, was.bytes.toString(), text);
      if (!replaceHostFile(path, Buffer.from(text), was))
        throw new DreamosError('conflict', 'STATE_CHANGED', `${path} was changed by another program meanwhile.`, {
          hint: 'Name a file that only dreamos writes',
        });
    }),
  );
}

function checkOurs(path: string, was: string, text: string): void {
  const [roots, [own]] = [rootsIn(was), rootsIn(text) ?? []];
  if (!roots) throw leftAlone(`${path} holds something else than metrics of dreamos`, 'Name another file');
  const other = roots.find((root) => root !== own);
  if (other === undefined || own === undefined) return;
  const what = `${path} holds the metrics of another root, ${plain(other)}, and these are of ${plain(own)}`;
  throw leftAlone(what, `Name another file, or take that one away: rm ${quoteWord(path)}`);
}

function leftAlone(what: string, hint: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${what}: it was left as it is.`, { hint });
}

/** Of which roots it has samples; `undefined`: it has lines that are not ours. */
function rootsIn(text: string): string[] | undefined {
  const found = new Set<string>();
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const match = ours.exec(line);
    if (!match && text !== '') return undefined;
    if (match?.[1] !== undefined) found.add(match[1]);
  }
  return [...found];
}

function plain(label: string): string {
  return label.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** What cannot be replaced cannot be written, however it is said. */
async function orDiskFailed(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof DreamosError) || cause.code === 'DISK_FAILED') throw notWritten(path, cause);
    if (cause.code !== 'HOST_FILE_REFUSED') throw cause;
    throw new DreamosError('disk', 'DISK_FAILED', cause.message, { hint: cause.hint, cause });
  }
}
