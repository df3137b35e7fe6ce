/** Who may what. The native program leaves it to Node. */
import { example, type Verb } from './options.ts';

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
    group
      .command('set <file>')
      .option('--note <text>', 'why, for its versions')
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
    group.addHelpText('after', example('dreamos policy show\n  dreamos policy check send reviewer --as planner'));
  },
};
