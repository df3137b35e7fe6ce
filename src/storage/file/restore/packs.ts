import type { FileContext } from '../disk/context.ts';
import { unsealed } from '../places/read-entry.ts';
import { markGone } from '../keep/pack.ts';
import { identityOf } from '../names/entry-name.ts';
import { pathBelow } from '../names/path.ts';
import { type Line, placesIn, readMember } from '../places/pack-file.ts';
import type { Plan } from './plan.ts';
import { settledKey } from './settle.ts';

/**
 * What a pack holds counts, unless it had been taken out before the backup began, or was met elsewhere: that is where it is,
 * and it is marked as gone from here. @returns how many it holds
 */
export async function settlePack(ctx: FileContext, plan: Plan, path: string): Promise<number> {
  const mailbox = ctx.layout.placeOf(path)?.mailbox.name ?? '';
  const gone = new Set(plan.gone.get(path));
  for (const identity of gone) await markGone(ctx, path, identity);
  let count = 0;
  for await (const line of linesOf(ctx, path)) {
    const identity = identityOf(line.text);
    if (gone.has(identity)) continue;
    if (plan.settled.has(settledKey(mailbox, line.name.id))) await markGone(ctx, path, identity);
    else count++;
  }
  return count;
}

/** It was backed up byte for byte, and may have been damaged then: it is kept, and said. */
async function* linesOf(ctx: FileContext, path: string): AsyncGenerator<Line, void, void> {
  const places = await placesIn(ctx, path);
  let broken = places?.broken;
  for (const place of places?.members ?? []) {
    const lines = await readMember(ctx, path, place);
    if ('why' in lines) {
      broken ??= lines.why;
      continue;
    }
    for (const line of lines) {
      if (unsealed(line.bytes)?.id !== line.name.id) broken ??= `the digest of ${line.name.id} does not match`;
      yield line;
    }
  }
  if (broken !== undefined) {
    ctx.warn(`${pathBelow(ctx.layout.root, path)} was damaged when it was backed up (${broken}): dreamos doctor`);
  }
}
