import type { Command } from 'commander';
import { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/program/program.ts';
import { markdownTable } from './markdown-table.ts';

/** Every command and what it does, as the program has them. */
export function commandTable(): string {
  return markdownTable([
    ['command', 'does'],
    ...allCommands().map((one) => [`\`${usageOf(one)}\``, one.description()]),
  ]);
}

/** The first words of all that can be called. */
export function verbs(): string[] {
  return program().commands.map((command) => command.name());
}

function program(): Command {
  return createProgram(new Context({} as never)).whole();
}

// Of a group what is in it: alone it does nothing, unless it takes arguments or options.
function allCommands(): Command[] {
  return program().commands.flatMap((one) =>
    one.commands.length > 0 && one.registeredArguments.length + one.options.length === 0
      ? one.commands
      : [one, ...one.commands],
  );
}

function usageOf(command: Command): string {
  const group = command.parent?.parent ? [command.parent.name()] : [];
  // A usage line of its own says more than the arguments; what commander makes begins with the options, too.
  const words = command.usage().replace(/^\[options\] ?/, '');
  // A pipe ends a cell also within code, unless escaped.
  return [...group, command.name(), words]
    .filter((word) => word !== '')
    .join(' ')
    .replaceAll('|', '\\|');
}
