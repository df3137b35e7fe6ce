import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { type AcceptOptions, acceptTrust, listTrust, removeTrust } from '../../core/identity/trust.ts';

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const all = await listTrust(await context.session());
  if (all.length === 0) return output.note(`No agent has a key yet: dreamos identity create <agent>${context.flags()}`);
  await output.rows(all, ['agent', 'state', 'key', 'trusted', 'since'], ({ agent, state, key, pinned, since }) => [
    agent,
    state === 'new' ? 'not trusted yet' : state,
    key ?? '-',
    pinned ?? '-',
    since ?? '',
  ]);
  for (const { agent, state, key } of all)
    if (state === 'changed')
      await output.note(
        harmless(
          `Nobody that you know has signed for the key of ${agent}. Ask its owner; if it is right: dreamos trust accept ${agent}${key === undefined ? '' : ` --key ${key}`}${context.flags()}`,
        ),
      );
}

export async function acceptCommand(context: Context, name: string, options: AcceptOptions): Promise<void> {
  const accepted = await acceptTrust(await context.session(), name, options);
  const { agent, key, was, changed } = accepted;
  const instead = was === undefined ? '' : ` instead of ${was}`;
  await context.output.outcome(accepted, () =>
    harmless(
      !changed
        ? `${agent} is known by ${key} already.`
        : key === undefined
          ? `${agent} is known by no key any more; it was ${was}.`
          : `${agent} is known by the key ${key} now${instead}.`,
    ),
  );
}

export async function removeCommand(context: Context, name: string): Promise<void> {
  const { output } = context;
  const removed = await removeTrust(await context.session(), name);
  const { agent, was, key, changed } = removed;
  await output.outcome(removed, () =>
    harmless(changed ? `You know ${agent} by no key any more; it was ${was}.` : `You know ${agent} by no key.`),
  );
  if (key !== undefined)
    await output.note(harmless(`Its next use trusts what its card says then; now that is ${key}.`));
}
