/** Brings what `setup` has into files, and out of them. */
import { dirname, relative } from 'node:path';
import {
  type HostFile,
  keepHostFile,
  makeFoldersFor,
  readHostFile,
  removeEmptyFoldersOf,
  removeHostFile,
  replaceHostFile,
  whileHeld,
} from '../storage/file/disk/foreign/host-files.ts';
import { whereIs } from '../storage/file/disk/foreign/project.ts';
import type { SetupChange } from '../contract/reach.ts';
import { DreamosError } from '../model/errors.ts';
import { refused, whyOf } from './editor.ts';
import { patchOf } from './patch.ts';
import type { Target } from './targets.ts';

/** How often a file may change under us, by its own program, before we give up. */
const mostTries = 20;

interface Change {
  readonly change: Exclude<SetupChange['change'], 'none' | 'refused'>;
  /** `undefined`: then there is no file. */
  readonly next: string | undefined;
}

type Over = { readonly change: 'none' } | { readonly change: 'refused'; readonly why: string };
type Step = Over | Change;

const isOver = (step: Step): step is Over => step.change === 'none' || step.change === 'refused';

/**
 * @returns also that it was refused, with what a person can paste
 * @throws HOST_FILE_REFUSED: it is no file that can be replaced; STATE_CHANGED, DISK_FAILED; the file is then as it was
 */
export async function setUpFile(target: Target, { dryRun }: { dryRun: boolean }): Promise<SetupChange> {
  const { path, editor } = target;
  await checkWithin(target);
  const look = async (was: HostFile | undefined): Promise<Step> => {
    const text = was && textOf(path, was.bytes);
    let next: string;
    try {
      next = await editor.add(text);
    } catch (error) {
      return { change: 'refused', why: whyOf(error) };
    }
    return next === text ? { change: 'none' } : { change: text === undefined ? 'made' : 'changed', next };
  };
  return change(target, dryRun, look, async (was, { next = '' }) => {
    const isFirst = was && !(await editor.has(textOf(path, was.bytes)));
    const backup = was && isFirst ? backupOf(was.path) : undefined;
    if (was && backup !== undefined) keepHostFile(was.path, backup);
    return {
      isDone: replaceHostFile(path, Buffer.from(next), was, target.within === undefined ? 0o600 : 0o666),
      backup,
    };
  });
}

/** @param top the folder below which what is empty then goes, too @throws as `setUpFile` */
export async function takeDownFile(target: Target, top: string, { dryRun }: { dryRun: boolean }): Promise<SetupChange> {
  const { path, editor } = target;
  const beforeOf = (was: HostFile): string | undefined => {
    const kept = readHostFile(backupOf(was.path));
    return kept && textOf(kept.path, kept.bytes);
  };
  const look = async (was: HostFile | undefined): Promise<Step> => {
    const text = was && textOf(path, was.bytes);
    if (was === undefined || text === undefined) return { change: 'none' };
    try {
      // What is no JSON any more may have ours in it all the same; what never had is nobody's business.
      if (!text.includes('dreamos') || !(await editor.has(text))) return { change: 'none' };
      const before = beforeOf(was);
      const next = await editor.strip(text, before);
      if (next === undefined) return { change: 'removed', next };
      return { change: next === before ? 'restored' : 'changed', next };
    } catch (error) {
      const next = 'Take out by hand what runs dreamos, or mend the file and run it again.';
      throw refused(path, whyOf(error), next);
    }
  };
  const done = await change(target, dryRun, look, async (was, { change: how, next }) => {
    if (!was) return { isDone: true };
    const isDone = next === undefined ? removeHostFile(path, was) : replaceHostFile(path, Buffer.from(next), was);
    const kept = isDone && how === 'restored' ? readHostFile(backupOf(was.path)) : undefined;
    if (kept) removeHostFile(kept.path, kept);
    return { isDone };
  });
  if (done.change === 'removed' && !dryRun) removeEmptyFoldersOf(path, top);
  return done;
}

function isGone(error: unknown): boolean {
  return error instanceof DreamosError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** What a repository brings with it could lead to any file of who sets up a tool in it. */
async function checkWithin({ path, within }: Target): Promise<void> {
  if (within === undefined) return;
  const real = await whereIs(path);
  if (!relative(await whereIs(within), real).startsWith('..')) return;
  throw refused(
    path,
    `it is a link that leads out of the project, to ${real}`,
    'Write there by hand, or: --scope user',
  );
}

async function change(
  target: Target,
  dryRun: boolean,
  look: (was: HostFile | undefined) => Promise<Step>,
  act: (was: HostFile | undefined, step: Change) => Promise<{ isDone: boolean; backup?: string | undefined }>,
): Promise<SetupChange> {
  const { path, hosts, parts, editor } = target;
  const told = async (how: Step, was: HostFile | undefined, backup?: string): Promise<SetupChange> => {
    const isChange = how.change !== 'none' && how.change !== 'refused';
    const text = isChange ? how.next : how.change === 'none' && was ? textOf(path, was.bytes) : undefined;
    return {
      hosts,
      parts: [...parts],
      path,
      change: how.change,
      dryRun,
      remarks: text === undefined ? [] : await editor.remarks(text),
      ...(backup !== undefined && { backup }),
      ...(dryRun && isChange && { diff: await patchOf(path, was?.bytes.toString(), how.next) }),
      ...(how.change === 'refused' && { why: how.why, snippet: await editor.snippet() }),
    };
  };
  for (let tries = 1; ; tries++) {
    let made: string | undefined;
    try {
      const was = readHostFile(path);
      const first = await look(was);
      if (dryRun || isOver(first)) return await told(first, was);
      made = makeFoldersFor(path);
      return await whileHeld(path, inside);
    } catch (error) {
      if (made !== undefined) removeEmptyFoldersOf(path, dirname(made));
      // An uninstall beside this one has taken the file away, and its empty folder.
      if (!isGone(error) || tries === mostTries) throw error;
    }
  }

  async function inside(): Promise<SetupChange> {
    for (let tries = 0; tries < mostTries; tries++) {
      const now = readHostFile(path);
      const step = await look(now);
      if (isOver(step)) return told(step, now);
      const { isDone, backup } = await act(now, step);
      if (isDone) return told(step, now, backup);
    }
    throw new DreamosError('conflict', 'STATE_CHANGED', `${path} is being written by another program all the time.`, {
      hint: 'End that program, then run it again.',
    });
  }
}

/** What it was before the first `setup`. */
function backupOf(path: string): string {
  return `${path}.dreamos-backup`;
}

function textOf(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DreamosError('invalid', 'HOST_FILE_REFUSED', `${path} was left as it is: it is not UTF-8.`, {
      hint: 'Write it as UTF-8, and run it again.',
    });
  }
}
