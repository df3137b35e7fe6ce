import { resolveMailbox } from '../../core/agents/agents.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import { nearestName } from '../../model/refusals.ts';
import type { Context } from '../context.ts';

/**
 * Of `search release notes` the second word is taken for a mailbox.
 * @throws AGENT_NOT_FOUND, with the quotes, if no agent has nearly that name
 */
export async function checkQuoted(context: Context, verb: string, text: string, mailbox?: string): Promise<void> {
  if (mailbox === undefined) return;
  try {
    await resolveMailbox(await context.session(), mailbox);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'AGENT_NOT_FOUND') throw error;
    if (nearestName(mailbox, await context.names()) !== undefined) throw error;
    const hint = `A text of several words needs quotes: dreamos ${verb} ${quoteWord(`${text} ${mailbox}`)}`;
    throw new DreamosError(error.kind, error.code, error.message, { hint, cause: error });
  }
}
