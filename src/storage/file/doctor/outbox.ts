import { dayMs, mostFileBytes } from '../../../model/basics/limits.ts';
import type { FileContext } from '../disk/context.ts';
import type { InspectOptions, Finding } from '../../port/upkeep.ts';
import { parseOutboxFolder, outboxBody, parseOutboxLink } from '../names/outbox-name.ts';
import { olderThan } from './leftovers.ts';
import { unsealed } from '../places/read-entry.ts';
import { shown } from './root.ts';
import { finishOutbox } from '../send/hand-out.ts';
import { putBack, removeDiscarded } from '../send/outbox.ts';
import { dedupeFileOf } from '../send/dedupe.ts';
import { pathIn } from '../names/path.ts';

export async function* inspectOutbox(ctx: FileContext, _: undefined, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(ctx.layout.outbox)) ?? []) {
    const folder = parseOutboxFolder(name);
    const path = pathIn(ctx.layout.outbox, name);
    if (!folder) {
      yield {
        rule: 'outbox-junk',
        level: 'warning',
        message: `outbox/${name} is nothing of dreamos.`,
        hint: `Move ${path} away.`,
      };
    } else if (folder.committed) {
      yield* inspectCommitted(ctx, folder.id, path, fix);
    } else if (await olderThan(ctx, path, dayMs)) {
      if (fix) await discardStale(ctx, folder.id);
      yield {
        rule: 'outbox-stale',
        level: 'info',
        message: `The send ${folder.id} was cut off before its commit.`,
        fixed: fix,
      };
    }
  }
}

async function* inspectCommitted(ctx: FileContext, id: string, path: string, fix: boolean): AsyncGenerator<Finding> {
  const names = (await ctx.disk.list(path)) ?? [];
  const stray = names.find((name) => name !== outboxBody && !parseOutboxLink(name));
  const body = await ctx.disk.read(pathIn(path, outboxBody), { maxBytes: mostFileBytes });
  const readable = body.ok ? unsealed(body.bytes) !== undefined : body.missing;
  const old = await olderThan(ctx, path, dayMs);
  if (fix) await finishOutbox(ctx, Infinity);
  const fixed = fix && !(await ctx.disk.stat(path));
  if (!readable) {
    const message = `The body of the send ${id} cannot be read; handed out, it goes to corrupt/ of each recipient.`;
    yield { rule: 'outbox-body', level: 'problem', message, fixed, hint: `Look at ${path}/${outboxBody}` };
  }
  const about = { rule: 'outbox-unfinished', fixed } as const;
  const inTheWay = await obstacleOf(ctx, names);
  if (inTheWay !== undefined && !fixed) {
    const message = `The send ${id} is committed, and waits for ever: ${inTheWay} is in the place of a mailbox and no folder.`;
    yield { ...about, level: 'warning', message, hint: `Move ${inTheWay} away, then: dreamos doctor --fix` };
  } else if (stray === undefined) {
    const message = `The send ${id} is committed and not yet handed out.`;
    // Whoever looks hands it out; who could not, or was not there for a day, is worth a word.
    const waits = !fixed && (fix || old);
    const hint = fix ? `Look at ${path}` : 'dreamos doctor --fix';
    yield { ...about, level: waits ? 'warning' : 'info', message, ...(waits && { hint }) };
  } else {
    const named = shown(stray);
    const message = `The send ${id} is committed, and its folder stays because ${named} in it is nothing of dreamos.`;
    yield { ...about, level: 'warning', message, hint: `Move what is foreign out of ${path}` };
  }
}

/** What lies where a recipient's mailbox has to be; a mailbox that is missing is made anew. */
async function obstacleOf(ctx: FileContext, links: readonly string[]): Promise<string | undefined> {
  for (const name of links) {
    const link = parseOutboxLink(name);
    const { dir } = link ? ctx.layout.mailbox(link.mailbox) : { dir: undefined };
    const stat = dir === undefined ? undefined : await ctx.disk.stat(dir);
    if (stat && stat.kind !== 'directory') return dir;
  }
  return undefined;
}

/** With its dedupe key, if it has one; a body that was cut short by the kill has made none. */
async function discardStale(ctx: FileContext, id: string): Promise<void> {
  await ctx.disk.rename(ctx.layout.uncommitted(id), ctx.layout.discarded(id));
  const gone = ctx.layout.discarded(id);
  const body = await ctx.disk.read(pathIn(gone, outboxBody), { maxBytes: mostFileBytes });
  const message = body.ok ? unsealed(body.bytes) : undefined;
  const dedupeFile = message === undefined || message.dedupeKey === null ? undefined : dedupeFileOf(ctx, message);
  if (!(await putBack(ctx, id, dedupeFile))) await removeDiscarded(ctx, id, dedupeFile);
}
