/** What the hooks of agents' tools call: of reaching agents the one verb that is called all the time. */
import { example, type Verb } from './options.ts';

export const hook: Verb = {
  words: 'hook [host]',
  setUp(command, context) {
    command
      .usage('<claude|codex|gemini|cursor|opencode> [options]')
      .option('--wait', 'wait on behalf of a session that rests, and end with 10 when there is mail')
      .option('--guard', 'before a tool changes files: refuse it what others have reserved')
      .option('--alone <id>', 'the session, instead of what is told on stdin; the tool goes on meanwhile')
      // Whatever is wrong with its words: 2 would block the user's prompt.
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (host, options: { wait?: boolean; guard?: boolean; alone?: string }) => {
        if (options.wait) await (await import('../../hooks/wait.ts')).waitCommand(context, host, options.alone);
        else if (options.guard) await (await import('../../hooks/guard.ts')).guardCommand(context, host);
        else await (await import('../../hooks/hook.ts')).hookCommand(context, host);
      })
      .addHelpText(
        'after',
        example(
          'dreamos hook claude --as reviewer < stop.json',
          'It reads what the tool tells on stdin, and prints what that tool can read, or\nnothing. It ends with 0 whatever happens, after 400 ms at most; what went wrong is\nin reach/hook.log.',
        ),
      );
    command
      .command('bind <agent>')
      .option('--host <host>', 'whose session it is: claude, codex, gemini, cursor or opencode')
      .option('--session <id>', 'which one, if it is not the one that this is run in')
      .action(async (agent, options) => (await import('../../hooks/bind.ts')).bindCommand(context, agent, options))
      .addHelpText('after', example('dreamos hook bind reviewer'));
  },
};
