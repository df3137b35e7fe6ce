/** The server of a root, its page, and tokens for who comes over TCP. */
import { example, type Verb } from './options.ts';

const several = (value: string, all: string[] = []): string[] => [...all, value];

export const serve: Verb = {
  words: 'serve',
  setUp(command, context) {
    const group = command
      .option('--socket <path>', 'listen at this unix socket (else server.sock in the root)')
      .option('--http [address]', 'also on TCP, of this machine alone and with tokens: 127.0.0.1:7420')
      .option(
        '--agent-sockets <dir>',
        'also a socket for each agent, in a folder of its user: who he is, the kernel says',
      )
      .option(
        '--agent-user <agent=user>',
        'whose folder that of an agent is, if not that of the user of its name',
        several,
      )
      .option('--read-only', 'only looks; nothing is sent, claimed or changed')
      .action(async (options) => (await import('../../commands/serve/serve.ts')).serveCommand(context, options))
      .addHelpText('after', example(serveExample, serveRemark));
    group
      .command('status')
      .action(async () => (await import('../../commands/serve/serve.ts')).statusCommand(context))
      .addHelpText('after', example('dreamos serve status', 'Exit 3: none runs.'));
    group
      .command('stop')
      .action(async () => (await import('../../commands/serve/serve.ts')).stopCommand(context))
      .addHelpText(
        'after',
        example(
          'dreamos serve stop',
          'Exit 3: none runs. It has ended when this ends; by then it has done what it was at.',
        ),
      );
  },
};

const serveExample = `dreamos serve &
  curl --unix-socket runtime/agent_comms/server.sock localhost/v1/status
  dreamos serve --http 127.0.0.1:7420`;

const serveRemark = `It runs until a signal comes (Ctrl-C, SIGTERM) and then ends with 0, once what it is at is done, after 10 seconds at most; a second signal ends it at once. It may be killed at any time: what it has confirmed is in the root, and the next one takes its place. Commands go on working without it, and beside it. See: dreamos help server; how to ask it, from any language: dreamos help http`;

export const dashboard: Verb = {
  words: 'dashboard',
  setUp(command, context) {
    command
      .option('--open', 'open it in the browser')
      .option(
        '--port <number>',
        'where it is served, if no server of this root is there yet (else 7420, or one that is free)',
      )
      .action(async (options) => (await import('../../commands/serve/dashboard.ts')).dashboardCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos dashboard --open --as planner',
          'Where `dreamos serve --http` runs, it prints the address and ends. Else it serves the page itself until Ctrl-C. Who has the address acts as you for twelve hours: show it to nobody.',
        ),
      );
  },
};

export const token: Verb = {
  words: 'token',
  setUp(command, context) {
    const group = command.description('by what a program proves over TCP which agent it acts as (help server)');
    group
      .command('create [agent]')
      .option('--expires <duration>', 'how long it holds (else until it is revoked): 30d')
      .action(async (agent, options) =>
        (await import('../../commands/serve/token.ts')).createCommand(context, agent, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos token create planner --expires 30d --quiet > planner.token',
          'It is printed once; the root keeps only a digest of it.',
        ),
      );
    group
      .command('list [agent]')
      .action(async (agent) => (await import('../../commands/serve/token.ts')).listCommand(context, agent))
      .addHelpText('after', example('dreamos token list'));
    group
      .command('revoke [agent]')
      .option('--id <id>', 'only this one; else all of the agent')
      .action(async (agent, options) =>
        (await import('../../commands/serve/token.ts')).revokeCommand(context, agent, options),
      )
      .addHelpText('after', example('dreamos token revoke planner', 'What goes on by it ends within a second.'));
    group.addHelpText('after', example('dreamos token create planner\n  dreamos token list'));
  },
};
