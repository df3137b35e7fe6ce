import { isAudited } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Context } from '../context.ts';
import { asDreamosError, Interrupted, isCommanderError } from '../errors.ts';

/** Those that make a root, and open none. */
const making = ['init', 'restore'];

/** Has the audit note how a command has ended, and what of it was denied. @param error what it threw */
export async function noteEnd(context: Context, error: unknown): Promise<void> {
  // `dlq purge`: dlq.purge. None that is noted is called in another way.
  const name = context.verb.replace(' ', '.');
  const isDenied = error instanceof DreamosError && error.kind === 'denied';
  const isNoted = isDenied || (isAudited(name) && !isCommanderError(error) && !(error instanceof Interrupted));
  if (!isNoted && context.denied.length === 0) return;
  const note = async (session: Session): Promise<void> => {
    const { noteCall } = await import('../../core/audit/note.ts');
    for (const one of context.denied) await noteCall(session, name, [], one);
    const ended = error === undefined ? undefined : asDreamosError(error);
    if (isNoted) await noteCall(session, name, given(context), ended);
  };
  const opened = await context.opened();
  if (opened) return note(opened);
  if (!making.includes(name) || error !== undefined || context.signal.aborted) return;
  const made = await context.around.openRoot(context.openOptions());
  try {
    await note(made);
  } finally {
    await made.close();
  }
}

/** What was typed behind the verb. */
function given({ called }: Context): unknown[] {
  const options = Object.entries(called?.opts() ?? {}).filter(([, value]) => value !== undefined);
  return [...(called?.args ?? []), ...(options.length > 0 ? [Object.fromEntries(options)] : [])];
}
