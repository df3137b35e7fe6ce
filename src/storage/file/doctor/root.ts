/** What `dreamos doctor` looks at beside the mailboxes: the root's own folders and files, and the dedupe keys. */
import { hourMs, mostFileBytes } from '../../../model/basics/limits.ts';
import { isForgotten } from '../../port/repeat.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import { isAhead, isoTime, sayableTime } from '../../../model/clock.ts';
import type { FileContext } from '../disk/context.ts';
import type { ReadResult } from '../disk/disk.ts';
import { dedupeFileOf } from '../send/dedupe.ts';
import { unsealed } from '../places/read-entry.ts';
import { forget, windowMs } from '../send/dedupe-keys.ts';
import { sweep } from './leftovers.ts';
import { ensureFolder } from '../disk/folders.ts';
import { revisionBytes } from '../documents/revisions.ts';
import { readJson } from '../documents/text.ts';
import { parseRevision, revisedDocuments, revisionsFolder, rootDocuments } from '../names/layout.ts';
import { isDedupeKey, isDedupeKeyAside, isDedupeFolder, shortDedupeKey } from '../names/key-name.ts';
import { makeFilePrivate } from '../disk/private.ts';
import { isLockFolder, keptOf, revisionLeftover, rootLeftover, socketName } from '../names/beside.ts';
import { receivedFolder, tasksFolder } from '../names/task-name.ts';
import { nameOf, pathBelow, pathIn } from '../names/path.ts';

/** One of our folders: it is there, is a folder, and only its owner gets in. */
export async function* inspectFolder(ctx: FileContext, dir: string, fix: boolean): AsyncGenerator<Finding, void, void> {
  const stat = await ctx.disk.stat(dir);
  if (stat && stat.kind !== 'directory') {
    yield {
      rule: 'folder',
      level: 'problem',
      message: `${dir} is a ${stat.kind}, not a folder; dreamos does not follow it.`,
      hint: `Move it away: mv ${dir} ${dir}.odd`,
    };
  } else if (!stat) {
    if (fix) await ensureFolder(ctx, dir);
    const name = nameOf(dir);
    yield { rule: 'folder', level: 'problem', message: `The folder ${name}/ is missing.`, fixed: fix };
  } else if ((stat.mode & 0o077) !== 0) {
    if (fix) await ctx.disk.makePrivate(dir);
    yield { rule: 'private', level: 'problem', message: `${dir} can be read by other users.`, fixed: fix };
  }
}

/** One of our files, if it is there: only its owner can read it. */
export async function* inspectMode(ctx: FileContext, path: string, fix: boolean): AsyncGenerator<Finding, void, void> {
  if (!(await isOpenToOthers(ctx, path))) return;
  if (fix) await makeFilePrivate(ctx, path);
  const fixed = fix && !(await isOpenToOthers(ctx, path));
  yield {
    rule: 'private',
    level: 'problem',
    message: `${path} can be read by other users.`,
    fixed,
    // One with a second name may lie outside of the root as well; a person decides.
    hint: `chmod 600 ${path}`,
  };
}

async function isOpenToOthers(ctx: FileContext, path: string): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return stat?.kind === 'file' && (stat.mode & 0o077) !== 0;
}

export async function* inspectRoot(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  const {
    root,
    mailboxes,
    outbox,
    dedupe,
    topics,
    cursors,
    reach,
    sessions,
    audit,
    boot,
    format,
    ignore,
    configFolder,
  } = ctx.layout;
  const [tasks, received] = [tasksFolder(ctx.layout), receivedFolder(ctx.layout)];
  const documents = rootDocuments.map((name) => ctx.layout.document(name));
  for (const dir of [root, mailboxes, outbox, dedupe]) yield* inspectFolder(ctx, dir, fix);
  // Made by the first publish, the first long cursor, the first session, the first task that others depend on, the first message from another root, the
  // first change.
  const histories = revisedDocuments.map((of) => revisionsFolder(ctx.layout, of));
  for (const dir of [topics, cursors, reach, sessions, tasks, received, configFolder, ...histories])
    if (await ctx.disk.stat(dir)) yield* inspectFolder(ctx, dir, fix);
  for (const history of histories) yield* inspectRevisions(ctx, history, fix);
  for (const path of [format, boot, ...documents]) yield* inspectMode(ctx, path, fix);
  const folders = [mailboxes, outbox, dedupe, topics, cursors, reach, tasks, received, audit, configFolder];
  const ours = new Set([...folders, boot, format, ignore, pathIn(root, socketName)]);
  for (const document of documents) ours.add(document);
  for (const document of documents) ours.add(keptOf(document));
  for (const name of (await ctx.disk.list(root)) ?? []) {
    if (ours.has(pathIn(root, name)) || isLockFolder(name) || rootLeftover(name)) continue;
    yield {
      rule: 'stranger',
      level: 'info',
      message: `${shown(name)} in the root is nothing of dreamos; it is not looked at.`,
    };
  }
}

/** What is kept of changes: only its owner reads it, and each can be read. Nobody but a person can say what a spoilt one said. */
export async function* inspectRevisions(
  ctx: FileContext,
  folder: string,
  fix: boolean,
): AsyncGenerator<Finding, void, void> {
  for (const name of ((await ctx.disk.list(folder)) ?? []).sort()) {
    const path = pathIn(folder, name);
    if (revisionLeftover(name) !== undefined) continue;
    yield* inspectMode(ctx, path, fix);
    const read = parseRevision(name) === undefined ? undefined : await readJson(ctx, path, revisionBytes);
    if (read !== undefined && ('value' in read || read.missing)) continue;
    const why = read ? `cannot be read, so there is no way back to it: ${read.fault}` : 'is nothing of dreamos';
    const message = `${shown(pathBelow(ctx.layout.root, path))} ${why}.`;
    yield { rule: 'version', level: read ? 'warning' : 'info', message, hint: `Move ${path} away.` };
  }
  yield* sweep(ctx, folder, revisionLeftover, hourMs, fix);
}

/** A key that cannot be read refuses every repeat of its send. It is memory, not mail, so it may be removed. */
export async function* inspectDedupe(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  const { dedupe } = ctx.layout;
  for (const folder of (await ctx.disk.list(dedupe)) ?? []) {
    const dir = pathIn(dedupe, folder);
    if (!isDedupeFolder(folder) || (await ctx.disk.stat(dir))?.kind !== 'directory') {
      yield junk(ctx, dir);
      continue;
    }
    for (const name of (await ctx.disk.list(dir)) ?? []) {
      const path = pathIn(dir, name);
      if (isDedupeKeyAside(folder, name)) continue;
      if (!isDedupeKey(folder, name)) {
        yield junk(ctx, path);
        continue;
      }
      const file = await ctx.disk.read(path, { maxBytes: mostFileBytes });
      const why = dedupeKeyFault(ctx, path, file);
      if (why !== undefined) {
        const fixed = fix && (await ctx.disk.remove(path));
        const message = `The dedupe key ${shortDedupeKey(name)}… cannot be used (${why}); sends that repeat it are refused until it is removed.`;
        yield { rule: 'dedupe', level: 'problem', message, fixed, hint: `Move ${path} away.` };
      } else if (file.ok && isAhead(file.mtimeMs ?? 0, ctx.clock.now())) {
        yield await keyAhead(ctx, path, file.mtimeMs ?? 0, fix);
      }
    }
    yield* sweep(ctx, dir, (name) => (isDedupeKeyAside(folder, name) ? 'certainly' : undefined), hourMs, fix);
  }
}

/** When it was made nobody knows. One that may still be needed stays: forgotten too early, a repeat would be sent again. */
async function keyAhead(ctx: FileContext, path: string, mtimeMs: number, fix: boolean): Promise<Finding> {
  const keptMs = await windowMs(ctx);
  const why = `The dedupe key ${shortDedupeKey(nameOf(path))}… was made on ${iso(mtimeMs)}, because the clock was ahead`;
  const about = { rule: 'clock-ahead', level: 'info' } as const;
  if (isForgotten(mtimeMs, ctx.clock.now(), keptMs)) {
    const fixed = fix && (await forget(ctx, [path])) > 0;
    const message = `${why}; it is over, and the next send under it is a new one.`;
    return { ...about, message, fixed, ...(!fixed && { hint: 'dreamos doctor --fix' }) };
  }
  const message = `${why}; sends that repeat it are not sent again before ${iso(mtimeMs + keptMs)}.`;
  return { ...about, message, hint: `Once its send is repeated by nobody: rm ${path}` };
}

function iso(timeMs: number): string {
  return isoTime(sayableTime(timeMs));
}

/** `undefined`: a good key, or one that has just been swept. */
function dedupeKeyFault(ctx: FileContext, path: string, file: ReadResult): string | undefined {
  if (!file.ok) return file.missing ? undefined : file.why;
  const message = unsealed(file.bytes);
  if (message === undefined) return 'it is not a message that can be read';
  return dedupeFileOf(ctx, message) === path ? undefined : 'it belongs to another key';
}

function junk(ctx: FileContext, path: string): Finding {
  return {
    rule: 'dedupe-junk',
    level: 'warning',
    message: `${shown(pathBelow(ctx.layout.root, path))} is nothing of dreamos.`,
    hint: `Move ${path} away.`,
  };
}

/** A name for a person's eyes: some have line ends and worse in them. */
export function shown(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}
