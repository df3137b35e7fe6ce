import { commandOf, operationNames } from '../../contract/operations.ts';
import { isAudited } from '../../core/audit/what.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Context } from '../context.ts';
import { asDreamosError, Interrupted, isCommanderError } from '../errors.ts';

/** Those that make a root, or take it elsewhere, and leave none open. */
const making = ['init', 'restore', 'load', 'move'];

/** Has the audit note how a command has ended, and what of it was denied. @param error what it threw */
export async function noteEnd(context: Context, error: unknown): Promise<void> {
  try {
    await noteIt(context, error);
  } catch (failed) {
    // What is done is done, also where the root cannot be opened once more.
    const done = error === undefined ? 'It is done, but the audit' : 'The audit';
    await context.output.warn(`${done} could not be written: ${(failed as Error).message}`);
  }
}

async function noteIt(context: Context, error: unknown): Promise<void> {
  const name = nameOf(context.verb);
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
  // What is done through a server is noted by that.
  if (opened?.gate?.away) return;
  if (opened) return note(opened);
  if (!making.includes(name) || context.signal.aborted) return;
  if (error !== undefined) {
    const { noteDenied } = await import('../../core/audit/note.ts');
    return noteDenied(() => context.around.openRoot(context.openOptions()), name, error);
  }
  const { at } = context;
  const made = await context.around.openRoot({ ...context.openOptions(), ...(at !== undefined && { root: at }) });
  try {
    await note(made);
  } finally {
    await made.close();
  }
}

/** The operation that a verb calls: `reserve` is reservations.reserve. What is none (`hook …`) goes by its own words. */
function nameOf(verb: string): string {
  return operationNames.find((one) => commandOf(one) === verb) ?? verb.replace(' ', '.');
}

/** What was typed behind the verb. */
function given({ called }: Context): unknown[] {
  const options = Object.entries(called?.opts() ?? {}).filter(([, value]) => value !== undefined);
  return [...(called?.args ?? []), ...(options.length > 0 ? [Object.fromEntries(options)] : [])];
}
