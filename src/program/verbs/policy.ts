/** Who may what. The native program leaves it to Node. */
import { changing, example, type Verb } from './options.ts';

export const policy: Verb = {
  words: 'policy',
  setUp(command, context) {
    const group = command.description('who may what in this root (help policies)');
    group
      .command('show')
      .action(async () => (await import('../../commands/security/policy.ts')).showCommand(context))
      .addHelpText(
        'after',
        example('dreamos policy show > policy.json', 'The policy is on stdout, since when it holds on stderr.'),
      );
    changing(group.command('set <file>'))
      .action(async (file, options) =>
        (await import('../../commands/security/policy.ts')).setCommand(context, file, options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos policy set policy.json --note 'builders may publish'",
          'In force at once, also in what runs. What it may say: dreamos help policies',
        ),
      );
    group
      .command('check <verb> [mailbox]')
      .action(async (verb, mailbox) =>
        (await import('../../commands/security/policy.ts')).checkCommand(context, verb, mailbox),
      )
      .addHelpText(
        'after',
        example(
          "dreamos policy check send reviewer --as planner\n  dreamos policy check 'dlq purge' reviewer --as planner\n  dreamos policy check publish '#build.done' --as builder",
          'A verb is a command, or one of the actions send, publish, subscribe, read, look, manage and admin.\nExit 0: he may. Exit 9: he may not.',
        ),
      );
    group
      .command('test <file>')
      .action(async (file) => (await import('../../commands/security/policy.ts')).testCommand(context, file))
      .addHelpText(
        'after',
        example(
          'dreamos policy test policy.json',
          'It need not be in force. What cannot be used, or fails, is exit 6.',
        ),
      );
    changing(group.command('remove'))
      .action(async (options) => (await import('../../commands/security/policy.ts')).removeCommand(context, options))
      .addHelpText(
        'after',
        example(
          "dreamos policy remove --note 'one agent is left'",
          'A version like any other, so policy rollback has the one before again. Whatever runs\ngoes by it a second later.',
        ),
      );
    group
      .command('diff [from] [to]')
      .action(async (from, to) => (await import('../../commands/security/policy.ts')).diffCommand(context, from, to))
      .addHelpText(
        'after',
        example(
          'dreamos policy diff 3',
          'From one version to another, else to what is in force; without both, what the last\nchange was. Version 0 is no policy.',
        ),
      );
    group
      .command('history')
      .option('-n, --limit <number>', 'only so many, the newest')
      .action(async (options) => (await import('../../commands/security/policy.ts')).historyCommand(context, options))
      .addHelpText('after', example('dreamos policy history', 'Which rules each has changed: dreamos policy diff'));
    changing(group.command('rollback <version>'))
      .action(async (version, options) =>
        (await import('../../commands/security/policy.ts')).rollbackCommand(context, version, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos policy rollback 3',
          'It makes a new version, if the old one still could be set: its tests hold, and\nsomebody could change it again. Version 0 is no policy.',
        ),
      );
    group.addHelpText(
      'after',
      example('dreamos policy show\n  dreamos policy check send reviewer --as planner\n  dreamos policy history'),
    );
  },
};
