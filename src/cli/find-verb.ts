import type { Command } from 'commander';

/** `dlq`, `retry`: the command that these words name; without words the program itself. */
export function findCommand(program: Command, words: readonly string[]): Command | undefined {
  let command: Command | undefined = program;
  for (const word of words) command = command?.commands.find((one) => one.name() === word);
  return command;
}
