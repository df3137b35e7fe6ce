/** The server that DREAMOS_SERVER names, for the verbs that work through one. */
import { withoutServer } from '../../contract/remote/through-server.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import type { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { harmless } from '../harmless.ts';

/** @returns where it listens; `undefined`: this verb works without one @throws USAGE: and others cannot */
export function serverFor(context: Context): string | undefined {
  const { verb, around } = context;
  const without = withoutServer(verb);
  if (without === undefined) return around.env['DREAMOS_SERVER'];
  if ('here' in without) return undefined;
  throw notThroughServer(context, verb, without.why);
}

/** @param what is asked for, as it is typed */
export function notThroughServer({ argv }: Context, what: string, why: string): DreamosError {
  return usage(
    `"${what}" is not done through a server, which DREAMOS_SERVER asks for: it ${why}.`,
    `Without it, where the root is: DREAMOS_SERVER='' dreamos ${argv.map((word) => harmless(quoteWord(word))).join(' ')}`,
  );
}
