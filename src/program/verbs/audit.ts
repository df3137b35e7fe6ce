/** What was done in a root, and what proves it. */
import { example, type Verb } from './options.ts';

export const audit: Verb = {
  words: 'audit',
  setUp(command, context) {
    const group = command.description('what was done in this root, and by whom');
    group
      .command('list')
      .option('--since <time>', 'what was done from then on: 2026-11-20, or how long ago: 7d')
      .option('--op <name>', 'only this operation, config.set, or those of a group, config')
      .option('--by <agent>', 'only what this agent did')
      .option('--denied', 'only what was refused')
      .option('-n, --limit <number>', 'only so many, the newest')
      .action(async (options) => (await import('../../commands/security/audit.ts')).listCommand(context, options))
      .addHelpText('after', example('dreamos audit list --since 7d\n  dreamos audit list --denied'));
    group
      .command('verify')
      .option('--anchor <anchor>', 'it has to hold this one, which `audit anchor` gave once')
      .action(async (options) => (await import('../../commands/security/audit.ts')).verifyCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos audit verify\n  dreamos audit verify --anchor "$(cat ~/audit.anchor)"',
          'Exit 0: every line that a checkpoint has seen is as it was. Exit 6: it is not. A log that was cut together with its checkpoints, or made anew from its beginning, is only found with an anchor; else the age of the newest checkpoint tells, which it prints.',
        ),
      );
    group
      .command('anchor')
      .action(async () => (await import('../../commands/security/audit.ts')).anchorCommand(context))
      .addHelpText(
        'after',
        example(
          'dreamos audit anchor > ~/audit.anchor',
          'Keep it where nobody who writes into the root can change it: on another machine, or on paper.',
        ),
      );
    group
      .command('prune')
      .option('--older-than <duration>', 'days older than this')
      .option('--dry-run', 'only say what would be deleted')
      .action(async (options) => (await import('../../commands/security/audit.ts')).pruneCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos audit prune --older-than 365d --dry-run',
          "Never yesterday's and today's. The checkpoints stay.",
        ),
      );
    group.addHelpText('after', example('dreamos audit list\n  dreamos audit verify'));
  },
};
