/** What tells about the command itself. */
import { topicsLine } from '../cli/help/topics.ts';
import { example, type Verb } from './options.ts';

export const explain: Verb = {
  words: 'explain [code]',
  setUp(command, context) {
    command
      .action(async (code) => (await import('../commands/meta/explain.ts')).explainCommand(context, code))
      .addHelpText('after', example('dreamos explain LEASE_LOST', 'Without a code it lists all of them.'));
  },
};

export const schema: Verb = {
  words: 'schema [name]',
  setUp(command, context) {
    command
      .action(async (name) => (await import('../commands/meta/schema.ts')).schemaCommand(context, name))
      .addHelpText('after', example('dreamos schema message > message.schema.json'));
  },
};

export const completion: Verb = {
  words: 'completion <shell>',
  setUp(command, context, whole) {
    command
      .action(async (shell) =>
        (await import('../commands/meta/completion.ts')).completionCommand(context, whole(), shell),
      )
      .addHelpText('after', example('dreamos completion bash >> ~/.bashrc'));
  },
};

export const help: Verb = {
  words: 'help [words...]',
  setUp(command, context, whole) {
    command
      .usage('[command or topic]')
      .action(async (words) => (await import('../commands/meta/help.ts')).helpCommand(context, whole(), words))
      .addHelpText(
        'after',
        example('dreamos help format\n  dreamos help send\n  dreamos help man > dreamos.1', topicsLine),
      );
  },
};
