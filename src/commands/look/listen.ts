import type { Context } from '../../cli/context.ts';
import { type ListenFlags, printHeard } from '../../cli/events/heard.ts';
import { listen } from '../../core/follow/listen.ts';

export async function listenCommand(context: Context, patterns: readonly string[], flags: ListenFlags): Promise<void> {
  const session = await context.session();
  await printHeard(context, patterns, flags, (options) => listen(session, patterns, options));
}
