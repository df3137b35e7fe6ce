import { logOf, topicPattern } from '../../../model/topic.ts';
import type { FileContext } from '../disk/context.ts';
import { isRealFolder } from '../disk/folders.ts';
import { pathIn } from '../names/path.ts';
import { mailboxNames } from './agents.ts';

/** The topics that have a log, sorted. */
export async function topicNames(ctx: FileContext): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.topics)) ?? []) {
    if (topicPattern.test(name) && (await isRealFolder(ctx, pathIn(ctx.layout.topics, name)))) names.push(name);
  }
  return names.sort();
}

/** Every mailbox, and then every topic's log. */
export async function everyName(ctx: FileContext): Promise<string[]> {
  return [...(await mailboxNames(ctx)), ...(await topicNames(ctx)).map(logOf)];
}
