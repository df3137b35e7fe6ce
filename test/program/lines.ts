import type { Command } from 'commander';
import { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/program/program.ts';

/** A command line, with at most one option. */
interface Line {
  readonly verb: string;
  readonly words: readonly string[];
  readonly option: string | undefined;
}

/** Every verb as short as it may be, and once more with each of its options. */
function linesOf(command: Command, before: readonly string[]): Line[] {
  const words = [...before, command.name()];
  const below = command.commands.flatMap((one) => linesOf(one, words));
  // A group that takes arguments or options is called by itself, too.
  if (below.length > 0 && command.registeredArguments.length + command.options.length === 0) return below;
  const given = command.registeredArguments.filter(({ required }) => required).map(() => 'reviewer');
  const verb = words.join(' ');
  const options = command.options.filter(({ mandatory }) => !mandatory);
  return [
    { verb, words: [...words, ...given], option: undefined },
    ...options.map((option) => {
      const value = option.required || option.optional ? ['1'] : [];
      return { verb, words: [...words, option.long ?? '', ...value, ...given], option: option.attributeName() };
    }),
    ...below,
  ];
}

export const lines = createProgram(new Context({} as never))
  .whole()
  .commands.flatMap((command) => linesOf(command, []));
