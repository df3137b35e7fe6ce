/** What tells about the command itself. */
import { topicsLine } from '../cli/help/topics.ts';
import { example, type Verb } from './options.ts';

export const schema: Verb = (program, context) => {
  program
    .command('schema [name]')
    .action(async (name) => (await import('../commands/meta/schema.ts')).schemaCommand(context, name))
    .addHelpText('after', example('dreamos schema message > message.schema.json'));
};

export const completion: Verb = (program, context) => {
  program
    .command('completion <shell>')
    .action(async (shell) =>
      (await import('../commands/meta/completion.ts')).completionCommand(context, program, shell),
    )
    .addHelpText('after', example('dreamos completion bash >> ~/.bashrc'));
};

export const help: Verb = (program, context) => {
  program
    .command('help [words...]')
    .usage('[command or topic]')
    .action(async (words) => (await import('../commands/meta/help.ts')).helpCommand(context, program, words))
    .addHelpText('after', example('dreamos help format\n  dreamos help send', topicsLine));
};
