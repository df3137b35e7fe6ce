/** Replacements of documents that were cut off (disk/replace.ts). */
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { keptState, settleKept } from '../disk/replace.ts';
import type { Mailbox } from '../names/layout.ts';

export async function* inspectKeptDocuments(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  for (const name of ['settings', 'subscriptions', 'schedules'] as const)
    yield* inspectKept(ctx, ctx.layout.document(name), ctx.layout.lock(name), fix);
}

export async function* inspectKeptCard(
  ctx: FileContext,
  { card }: Mailbox,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  yield* inspectKept(ctx, card, ctx.layout.lock('agents'), fix);
}

async function* inspectKept(ctx: FileContext, path: string, lock: string, fix: boolean): AsyncGenerator<Finding> {
  const state = await keptState(ctx.disk, path);
  if (state === 'none') return;
  // Under the lock of whoever replaces it: not the kept version of one who is at it.
  if (fix) await ctx.disk.withLock(lock, () => settleKept(ctx.disk, path));
  const name = path.slice(ctx.layout.root.length + 1);
  const [level, message] =
    state === 'spare'
      ? (['info', `${name}.kept is the version before ${name}, whose replacement was cut off at its end.`] as const)
      : ([
          'warning',
          `${name} is only a part of a document; the version before it, ${name}.kept, is in force.`,
        ] as const);
  yield { rule: 'document-kept', level, message, fixed: fix, ...(!fix && { hint: 'dreamos doctor --fix' }) };
}
