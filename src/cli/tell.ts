import type { Command } from 'commander';
import { DreamosError } from '../model/errors.ts';
import { usage } from '../model/refusals.ts';
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
    const verbs = verbsIn(argv, program);
    const { kind, code, message, hint } =
      error.code === 'commander.help' ? noVerb(program, verbs[0]) : asDreamosError(error);
    const quotes = error.code === 'commander.excessArguments' ? 'A text of several words needs quotes.' : undefined;
    const see = `See: ${['dreamos', ...verbs, '--help'].join(' ')}`;
    await context.output.error(
      new DreamosError(kind, code, message, { hint: [hint, quotes, see].filter(Boolean).join(' ') }),
    );
    return exitCodeOf(error);
  }
  await context.output.error(error);
  return exitCodeOf(error);
}

// `['dlq', 'show']` of `dreamos --json dlq show`.
function verbsIn(argv: readonly string[], program: Command): string[] {
  const verbs: string[] = [];
  let group = program;
  for (const word of argv) {
    const found = group.commands.find((command) => command.name() === word);
    if (found === undefined) continue;
    verbs.push(word);
    group = found;
  }
  return verbs;
}

// `dreamos agent` alone: commander would print the whole help as an error.
function noVerb(program: Command, name: string | undefined): DreamosError {
  const group = program.commands.find((command) => command.name() === name) ?? program;
  const verbs = group.commands.map((command) => command.name()).join(', ');
  return usage(`"${group.name()}" needs one of: ${verbs}.`);
}
