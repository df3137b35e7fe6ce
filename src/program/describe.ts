import type { Command } from 'commander';
import { findCommand } from '../cli/find-verb.ts';
import { fill } from '../cli/help/columns.ts';
import { commandOf, operationNames, operations } from '../contract/operations.ts';

/** What a verb, or each in a group, does and syncs stands in the table of operations. */
export function describe(program: Command): void {
  for (const name of operationNames) {
    const command = findCommand(program, commandOf(name)?.split(' ') ?? []);
    if (command === undefined || command === program) continue;
    const { summary, syncs } = operations[name];
    command.description(summary);
    if (syncs !== undefined) command.addHelpText('after', () => `\n${fill(`Syncs ${syncs}.`)}`);
  }
}
