/** Replacements of documents that an older build was killed in (disk/replace.ts, `readWhole`). */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { isJson } from '../disk/parse-json.ts';
import { replaceDocument } from '../disk/replace.ts';
import { hasVersion, versionOf } from '../documents/documents.ts';
import { type Mailbox, rootDocuments } from '../names/layout.ts';
import { documentOfKept, isReason, keptOf } from '../names/beside.ts';
import { olderThan } from './leftovers.ts';
import { pathBelow, pathIn } from '../names/path.ts';

export const underWayMs = 60_000;

export async function* inspectKeptDocuments(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const name of rootDocuments) yield* inspectKept(ctx, ctx.layout.document(name), ctx.layout.lock(name), fix);
}

/** Of a mailbox: its card, and the reasons of its dead letters. */
export async function* inspectKeptOfMailbox(
  ctx: FileContext,
  { card, dlq }: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  yield* inspectKept(ctx, card, ctx.layout.lock('agents'), fix);
  for (const name of (await ctx.disk.list(dlq)) ?? []) {
    const document = documentOfKept(name);
    if (document === undefined || !isReason(document)) continue;
    const path = pathIn(dlq, document);
    // Reasons have no lock: one of a moment ago may be a replacement that is under way.
    if (!(await ctx.disk.stat(path)) || (await olderThan(ctx, path, underWayMs)))
      yield* inspectKept(ctx, path, undefined, fix);
  }
}

async function* inspectKept(
  ctx: FileContext,
  path: string,
  lock: string | undefined,
  fix: boolean,
): AsyncGenerator<Finding> {
  const state = await stateOf(ctx, path);
  if (state === 'none') return;
  const settle = (): Promise<boolean> => settleKept(ctx, path);
  // Under the lock of whoever replaces it: not the kept version of one who is at it.
  const fixed = fix && (await (lock === undefined ? settle() : ctx.disk.withLock(lock, settle)));
  const name = pathBelow(ctx.layout.root, path);
  const [level, message] =
    state === 'spare'
      ? (['info', `${keptOf(name)} is the version before ${name}, whose replacement was cut off at its end.`] as const)
      : ([
          'warning',
          `${name} is only a part of a document; the version before it, ${keptOf(name)}, is in force.`,
        ] as const);
  yield { rule: 'document-kept', level, message, fixed, ...(!fixed && { hint: 'dreamos doctor --fix' }) };
}

/** Of a kept version: `none` is there; the document is whole, and it is `spare`; or it is `needed`. */
async function stateOf({ disk }: FileContext, path: string): Promise<'none' | 'spare' | 'needed'> {
  const kept = await disk.stat(keptOf(path));
  if (!kept) return 'none';
  // Two names of one file.
  if ((await disk.stat(path))?.inode === kept.inode) return 'spare';
  const file = await disk.read(path, { maxBytes: mostFileBytes });
  return file.ok && isJson(file.bytes) ? 'spare' : 'needed';
}

/** Safe to do twice. @returns `false`: the document is being changed by somebody else, and has no need of it then */
async function settleKept(ctx: FileContext, path: string): Promise<boolean> {
  const stump = await ctx.disk.stat(path);
  const kept = keptOf(path);
  if ((await stateOf(ctx, path)) === 'needed') {
    const file = await ctx.disk.read(kept, { maxBytes: mostFileBytes });
    const isAsFound = (): Promise<boolean> => hasVersion(ctx, path, stump && versionOf(stump));
    if (!file.ok || !(await replaceDocument(ctx, path, file.bytes, isAsFound))) return false;
  }
  await ctx.disk.remove(kept);
  return true;
}
