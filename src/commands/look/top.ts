import type { Context } from '../../cli/context.ts';
import { durationOption, oneOf } from '../../cli/input/parse.ts';
import { pageOf } from '../../cli/top/page.ts';
import { orders } from '../../cli/top/panes.ts';
import { runTop } from '../../cli/top/run.ts';
import { overview } from '../../core/overview/overview.ts';

const usualMs = 1000;

export async function topCommand(
  context: Context,
  options: { once?: boolean; interval?: string; sort?: string },
): Promise<void> {
  const { output, around } = context;
  const order = options.sort === undefined ? undefined : oneOf(options.sort, orders, 'order');
  const intervalMs = durationOption(options.interval, '--interval') ?? usualMs;
  const session = await context.session();
  const isLive = output.toTerminal && around.stdin.isTTY === true && !output.json && !options.once;
  if (isLive) return runTop(context, session, { intervalMs, order });
  const seen = await overview(session);
  const paint = await output.paint();
  const unseen = seen.mailboxes.length === 0 ? await context.unseen() : undefined;
  await output.item(seen, () => {
    const nowMs = session.store.now();
    const drawing = { rows: Infinity, columns: output.width, nowMs, paint, root: session.path, unseen };
    return pageOf(seen, { order, filter: '' }, drawing).lines.join('\n');
  });
}
