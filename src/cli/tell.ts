import type { Command } from 'commander';
import { DreamosError } from '../model/errors.ts';
import type { Context, GlobalOptions } from './context.ts';
import { asDreamosError, exitCodeOf, Interrupted, isCommanderError } from './errors.ts';

/** How a command line ended that did not end well, told once. @returns its exit code */
export async function tell(
  error: unknown,
  argv: readonly string[],
  program: Command,
  context: Context,
): Promise<number> {
  // --help and --version leave this way too.
  if (isCommanderError(error) && error.exitCode === 0) return 0;
  if (error instanceof Interrupted) return 0;
  // A reader that has gone (`| head -1`) has seen enough, unless there is something it has to know.
  if (error instanceof DreamosError && error.code === 'OUTPUT_CLOSED' && error.hint === undefined) return 0;
  if (isCommanderError(error)) {
    // Before the options were parsed --json has not been seen yet.
    context.options = { ...program.opts<GlobalOptions>(), ...(argv.includes('--json') ? { json: true } : {}) };
    const verb = argv.find((word) => program.commands.some((command) => command.name() === word));
    const { kind, code, message, hint } =
      error.code === 'commander.help' ? noVerb(program, verb) : asDreamosError(error);
    const see = `${hint ? `${hint} ` : ''}See: dreamos ${verb === undefined ? '' : `${verb} `}--help`;
    await context.output.error(new DreamosError(kind, code, message, { hint: see }));
    return exitCodeOf(error);
  }
  await context.output.error(error);
  return exitCodeOf(error);
}

// `dreamos agent` alone: commander would print the whole help as an error.
function noVerb(program: Command, name: string | undefined): DreamosError {
  const group = program.commands.find((command) => command.name() === name) ?? program;
  const verbs = group.commands.map((command) => command.name()).join(', ');
  return new DreamosError('usage', 'USAGE', `"${group.name()}" needs one of: ${verbs}.`);
}
