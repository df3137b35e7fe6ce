import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Context } from '../context.ts';

/**
 * `send "hello" bob`: whoever is not there was the text, if the text is somebody who is.
 * @param verb `send`
 */
export async function orOtherWayRound<T>(
  context: Context,
  verb: string,
  to: string,
  text: string | undefined,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof DreamosError) || !['AGENT_NOT_FOUND', 'NAME_INVALID'].includes(error.code)) throw error;
    if (text === undefined || /\p{Cc}/u.test(to) || !(await context.names()).includes(text)) throw error;
    const { kind, code, message } = error;
    const hint = `The recipient comes first: dreamos ${verb} ${text} ${quoteWord(to)}${context.flagsTyped()}`;
    throw new DreamosError(kind, code, message, { hint, cause: error });
  }
}
