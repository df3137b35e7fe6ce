import type { SubscriptionChange } from '../../contract/system.ts';
import type { Context } from '../../cli/context.ts';
import { subscribe, unsubscribe } from '../../core/topics/subscriptions.ts';
import { DreamosError } from '../../model/errors.ts';

export async function subscribeCommand(context: Context, patterns: readonly string[]): Promise<void> {
  await printEach(context, await subscribe(await context.session(), patterns), ({ agent, pattern, changed }) =>
    changed ? `${agent} is subscribed to ${pattern}` : `${agent} was subscribed to ${pattern} already`,
  );
}

export async function unsubscribeCommand(context: Context, patterns: readonly string[]): Promise<void> {
  await printEach(
    context,
    await unsubscribe(await context.session(), patterns),
    ({ agent, pattern }) => `${agent} is no longer subscribed to ${pattern}`,
  );
}

async function printEach(
  context: Context,
  results: readonly (SubscriptionChange | DreamosError)[],
  text: (change: SubscriptionChange) => string,
): Promise<void> {
  for (const result of results) {
    if (result instanceof DreamosError) await context.fail(result);
    else await context.output.outcome(result, () => text(result));
  }
}
