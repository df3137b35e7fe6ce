import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Context } from '../context.ts';

const answered: ReadonlySet<string> = new Set(['AGENT_NOT_FOUND', 'NAME_INVALID', 'USAGE']);

/**
 * `send "hello" bob`: whoever is not there was the text, if the text is somebody who is. `send "hello there"`: nobody is named.
 * @param send reads the body, or sends
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
    if (!(error instanceof DreamosError) || !answered.has(error.code) || /\p{Cc}/u.test(to)) throw error;
    const { kind, code, message } = error;
    const names = await context.names();
    if (text === undefined && to.includes(' ')) {
      const [me = '<agent>', other = me] = names;
      const whole = `dreamos ${verb} ${other} ${quoteWord(to)}${context.flagsTyped()}`;
      const nobody = `${JSON.stringify(to)} is a text, and nobody is named who gets it.`;
      throw new DreamosError(kind, code, nobody, { hint: `For example: ${whole}`, cause: error });
    }
    if (error.code === 'USAGE' || text === undefined || !names.includes(text)) throw error;
    const hint = `The recipient comes first: dreamos ${verb} ${text} ${quoteWord(to)}${context.flagsTyped()}`;
    throw new DreamosError(kind, code, message, { hint, cause: error });
  }
}
