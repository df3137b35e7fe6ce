/** What `dreamos doctor` looks at in keys/: who holds an ordering key, and what killed processes left there. */
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { leftBehind, sweepStaged } from './leftovers.ts';
import { inspectFolder, shown } from './root.ts';
import { removeHead } from '../places/key-heads.ts';
import { type Mailbox } from '../names/layout.ts';
import { isLive } from '../claim/ordering.ts';
import { headName, parseHead, parseOrderingKeyFolder } from '../names/key-name.ts';
import { pathBelow, pathIn } from '../names/path.ts';

// A folder that is being made, or emptied, is so for a moment only.
const momentMs = 60_000;

export async function* inspectOrderingKeys(
  ctx: FileContext,
  mailbox: Mailbox,
  { fix, signal }: InspectOptions,
): AsyncGenerator<Finding, void, void> {
  if (!(await ctx.disk.stat(mailbox.keys))) return;
  yield* inspectFolder(ctx, mailbox.keys, fix);
  for (const name of (await ctx.disk.list(mailbox.keys)) ?? []) {
    if (signal?.aborted) return;
    const folder = parseOrderingKeyFolder(name);
    const dir = pathIn(mailbox.keys, name);
    const stat = await ctx.disk.stat(dir);
    if (!stat) continue;
    if (!folder || stat.kind !== 'directory') {
      yield* inspectJunk(ctx, mailbox, dir, fix);
      continue;
    }
    yield* inspectFolder(ctx, dir, fix);
    const old = Math.abs(ctx.clock.now() - stat.mtimeMs) > momentMs;
    if (folder.staged) {
      if (old) yield* sweepStaged(ctx, dir, fix);
    } else yield* inspectHeads(ctx, mailbox, folder.key, dir, { fix, old });
  }
}

async function* inspectHeads(
  ctx: FileContext,
  mailbox: Mailbox,
  key: string,
  dir: string,
  { fix, old }: { fix: boolean; old: boolean },
): AsyncGenerator<Finding, void, void> {
  const names = (await ctx.disk.list(dir)) ?? [];
  if (names.length === 0 && old) yield leftBehind(dir, fix && (await ctx.disk.removeDir(dir)));
  for (const text of names) {
    const head = parseHead(text);
    if (!head) {
      yield* inspectJunk(ctx, mailbox, pathIn(dir, text), fix);
    } else if (old && !(await isLive(ctx, mailbox, head)) && (await ctx.disk.stat(pathIn(dir, headName(head))))) {
      const fixed = fix && (await removeHead(ctx, mailbox, key, head));
      const message = `An ordering key was still held by ${head.id}, which is settled; the next reader would have freed it.`;
      yield { rule: 'key-held', level: 'info', message, fixed };
    }
  }
}

async function* inspectJunk(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  fix: boolean,
): AsyncGenerator<Finding, void, void> {
  const fixed = fix && (await quarantine(ctx, mailbox, path, 'it does not belong in this folder'));
  const name = shown(pathBelow(mailbox.dir, path));
  yield { rule: 'keys', level: 'problem', message: `${name} does not belong there.`, fixed };
}
