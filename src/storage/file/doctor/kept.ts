/** Replacements of documents that were cut off (disk/replace.ts). */
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { keptState, settleKept } from '../disk/replace.ts';
import { olderThan } from './leftovers.ts';
import type { Mailbox } from '../names/layout.ts';
import { documentOfKept, isReason, keptOf } from '../names/beside.ts';
import { pathBelow, pathIn } from '../names/path.ts';

export const underWayMs = 60_000;

export async function* inspectKeptDocuments(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const name of ['settings', 'subscriptions', 'schedules'] as const)
    yield* inspectKept(ctx, ctx.layout.document(name), ctx.layout.lock(name), fix);
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
  const state = await keptState(ctx.disk, path);
  if (state === 'none') return;
  if (fix) {
    const settle = (): Promise<void> => settleKept(ctx.disk, path);
    // Under the lock of whoever replaces it: not the kept version of one who is at it.
    await (lock === undefined ? settle() : ctx.disk.withLock(lock, settle));
  }
  const name = pathBelow(ctx.layout.root, path);
  const [level, message] =
    state === 'spare'
      ? (['info', `${keptOf(name)} is the version before ${name}, whose replacement was cut off at its end.`] as const)
      : ([
          'warning',
          `${name} is only a part of a document; the version before it, ${keptOf(name)}, is in force.`,
        ] as const);
  yield { rule: 'document-kept', level, message, fixed: fix, ...(!fix && { hint: 'dreamos doctor --fix' }) };
}
