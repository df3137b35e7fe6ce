/**
 * What an agent may still send, for all processes together: <mailbox>/allowance/ holds one empty file, whose name says when
 * all of it may be sent again (port/allowance.ts). To take of it is to rename the file; of any number of processes that saw
 * the same name one succeeds, the others look again. No lock, so nobody waits for who was killed or paused, and what those
 * had taken is gone and no more. The folder appears with the file in it: two files would be two allowances.
 */
import type { Allowance, Spent } from '../../port/allowance.ts';
import { spendFrom } from '../../port/allowance.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder, removedAgain } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { allowanceFolder, allowanceName, parseAllowance, stagedAllowance } from '../names/beside.ts';
import type { Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';

/** By mailbox: the name that this process gave it last. While nobody else sends, taking is one call. */
const lastNames = memory(() => new Map<string, string>());
const mostRemembered = 1000;
const untouched = allowanceName(0);

export async function spend(ctx: FileContext, mailbox: Mailbox, perMinute: number, count: number): Promise<Spent> {
  const folder = allowanceFolder(mailbox);
  const names = lastNames.of(ctx);
  for (;;) {
    const known = names.get(mailbox.name);
    const name = known ?? (await find(ctx, mailbox));
    // Behind the look, or what another has taken since would be of a clock ahead.
    const now = ctx.clock.now();
    const { fullAtUs, ...spent } = spendFrom(parseAllowance(name) ?? 0, now, perMinute, count);
    names.delete(mailbox.name);
    // Others may have given some back.
    if (known !== undefined && spent.spent < count) continue;
    const next = allowanceName(fullAtUs);
    if (spent.spent === 0 || next === name) return spent;
    // Of who has lost another has won, so that this ends as soon as none is left.
    if (!(await ctx.disk.rename(pathIn(folder, name), pathIn(folder, next)))) continue;
    if (names.size >= mostRemembered) names.clear();
    names.set(mailbox.name, next);
    return spent;
  }
}

export async function allowance(ctx: FileContext, mailbox: Mailbox, perMinute: number): Promise<Allowance> {
  const name = latest((await ctx.disk.list(allowanceFolder(mailbox))) ?? []) ?? untouched;
  const { left, nextAt } = spendFrom(parseAllowance(name) ?? 0, ctx.clock.now(), perMinute, 0);
  return { left, nextAt };
}

/** Makes it if need be. @throws MailboxGone */
async function find(ctx: FileContext, mailbox: Mailbox): Promise<string> {
  const folder = allowanceFolder(mailbox);
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, folder);
    const names = await ctx.disk.list(folder);
    if (names === undefined) {
      // Somebody has removed it, or the agent has another name.
      forgetFolder(ctx, folder);
      continue;
    }
    const last = latest(names);
    if (last === undefined) {
      await make(ctx, mailbox, names.length > 0);
      continue;
    }
    // Copied there by hand, each would be taken from.
    for (const name of names)
      if (name < last && parseAllowance(name) !== undefined) await ctx.disk.remove(pathIn(folder, name));
    return last;
  }
  throw removedAgain(folder);
}

function latest(names: readonly string[]): string | undefined {
  return names
    .filter((name) => parseAllowance(name) !== undefined)
    .sort()
    .at(-1);
}

/** @param besideStrangers what is not ours lies in the folder, so that none takes its place */
async function make(ctx: FileContext, mailbox: Mailbox, besideStrangers: boolean): Promise<void> {
  const { disk } = ctx;
  const folder = allowanceFolder(mailbox);
  if (besideStrangers) return void (await disk.makeFile(pathIn(folder, untouched)));
  const staged = stagedAllowance(mailbox, ctx.ids.token());
  const file = pathIn(staged, untouched);
  await disk.makeDir(staged);
  await disk.makeFile(file);
  if ((await disk.moveFolder(staged, folder)) === 'moved') return;
  await disk.remove(file);
  await disk.removeDir(staged);
}
