import { dirname, join } from 'node:path';
import type { SetupChange } from '../contract/reach.ts';
import { DreamosError } from '../model/errors.ts';
import {
  isThere,
  keepHostFile,
  makeFoldersFor,
  moveHostFile,
  putHostFile,
  readHostFile,
  removeHostFile,
  whileHeld,
} from '../storage/file/disk/foreign/host-files.ts';
import type { Caller } from './commands.ts';
import { refused } from './editor.ts';
import { before, preCommit } from './git-hook.ts';
import { patchOf } from './patch.ts';
import { isSigned, signedEditor } from './text-editors.ts';

/** What a person does where the pre-commit that is there is left alone. */
export const byHand =
  'Put into it by hand what guards: git diff --cached --name-only -z | xargs -0 dreamos reserve check --literal -- 2>/dev/null';
const goesByItsName = /\$\{?0\b|BASH_SOURCE|\bargv\b|__FILE__|__file__/;

/**
 * Puts git's pre-commit in front of the one that is there, which it runs first.
 * @param folder git's own, of its hooks
 * @throws HOST_FILE_REFUSED: what was there before another run is still there; DISK_FAILED
 */
export async function setUpGit(folder: string, caller: Caller, { dryRun }: { dryRun: boolean }): Promise<SetupChange> {
  const path = join(folder, 'pre-commit');
  const aside = join(folder, before);
  const told = (change: SetupChange['change'], more: Partial<SetupChange> = {}): SetupChange => {
    return { hosts: [], parts: ['git'], path, change, dryRun, remarks: [], ...more };
  };
  const text = await signedEditor(preCommit(caller)).snippet();
  const look = () => {
    const was = readHostFile(path);
    const isOurs = was !== undefined && isSigned(was.bytes.toString());
    // A run that was ended between its two steps has left the same file under both names.
    const kept = isThere(aside) && was && !isOurs ? readHostFile(aside) : undefined;
    if (was && kept && !kept.bytes.equals(was.bytes))
      throw new DreamosError('invalid', 'HOST_FILE_REFUSED', `${path} was left as it is: ${aside} is there already.`, {
        hint: `Look at both, and move one away: ls -l ${folder}`,
      });
    // It is run under another name, and what goes by its own would look for the wrong thing and pass: husky does.
    if (was && !isOurs && goesByItsName.test(was.bytes.toString()))
      throw refused(path, 'it goes by its own name', byHand);
    const change = was === undefined ? 'made' : was.bytes.toString() === text ? 'none' : 'changed';
    return { was, isOurs, change } as const;
  };
  const { change } = look();
  if (change === 'none') return told(change);
  if (dryRun) return told(change, { diff: await patchOf(path, undefined, text) });
  makeFoldersFor(path);
  return whileHeld(join(dirname(path), 'pre-commit'), async () => {
    const now = look();
    if (now.change === 'none') return told('none');
    const keeps = now.was !== undefined && !now.isOurs;
    if (keeps) keepHostFile(path, aside);
    putHostFile(path, Buffer.from(text), 0o777);
    return told(now.change, keeps ? { backup: aside } : {});
  });
}

/** Puts back what was there before. @throws DISK_FAILED */
export async function takeDownGit(folder: string, { dryRun }: { dryRun: boolean }): Promise<SetupChange> {
  const path = join(folder, 'pre-commit');
  const aside = join(folder, before);
  const was = isThere(path) ? readHostFile(path) : undefined;
  const told = { hosts: [], parts: ['git' as const], path, dryRun, remarks: [] };
  if (!was || !isSigned(was.bytes.toString())) return { ...told, change: 'none' };
  const hadOne = isThere(aside);
  if (!dryRun)
    await whileHeld(path, async () => {
      if (hadOne) moveHostFile(aside, path);
      else removeHostFile(path, was);
    });
  return { ...told, change: hadOne ? 'restored' : 'removed' };
}

export function hasGitHook(folder: string): boolean {
  const was = isThere(join(folder, 'pre-commit')) ? readHostFile(join(folder, 'pre-commit')) : undefined;
  return was !== undefined && isSigned(was.bytes.toString());
}
