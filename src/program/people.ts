/** Who can receive, and how it is set up. */
import { example, type Verb } from './options.ts';

export const init: Verb = (program, context) => {
  program
    .command('init [agent...]')
    .description('make the root (runtime/agent_comms) and the named agents; repeating it is fine')
    .action(async (agents) => (await import('../commands/people/init.ts')).initCommand(context, agents))
    .addHelpText(
      'after',
      example(
        'dreamos init planner reviewer',
        'With --root or DREAMOS_ROOT that folder itself becomes the root. Syncs the folders it makes.',
      ),
    );
};

export const agent: Verb = (program, context) => {
  const group = program.command('agent').description('who can receive');
  group
    .command('register <name>')
    .description('make an agent and its mailbox, or change its card')
    .option('--description <text>', 'what it does')
    .option(
      '--group <name>',
      "a group it is in instead of those it was in, '' for none; mail to @<name> reaches all in it; may be repeated",
      (name: string, names: string[] = []) => [...names, name],
    )
    .option(
      '--set <key=value>',
      'a setting of this agent (help settings), unset without a value; may be repeated',
      (pair: string, pairs: string[] = []) => [...pairs, pair],
    )
    .action(async (name, options) =>
      (await import('../commands/people/agent.ts')).registerCommand(context, name, options),
    )
    .addHelpText(
      'after',
      example(
        'dreamos agent register reviewer --description "reads patches" --group reviewers --set lease=30m',
        'Syncs the mailbox and its card.',
      ),
    );
  group
    .command('list')
    .description('every agent')
    .action(async () => (await import('../commands/people/agent.ts')).listCommand(context))
    .addHelpText('after', example('dreamos agent list --json'));
  group
    .command('show <name>')
    .description("one agent's card, and what it is subscribed to")
    .action(async (name) => (await import('../commands/people/agent.ts')).showCommand(context, name))
    .addHelpText('after', example('dreamos agent show reviewer'));
  group
    .command('retire <name>')
    .description('no new mail for this agent; what it has can still be read')
    .action(async (name) => (await import('../commands/people/agent.ts')).retireCommand(context, name))
    .addHelpText('after', example('dreamos agent retire reviewer', 'Syncs the card.'));
  group.addHelpText('after', example('dreamos agent register reviewer\n  dreamos agent list'));
};

export const subscribe: Verb = (program, context) => {
  program
    .command('subscribe <pattern...>')
    .description('from now on, what is published to matching topics arrives in your mailbox')
    .action(async (patterns) => (await import('../commands/people/subscribe.ts')).subscribeCommand(context, patterns))
    .addHelpText(
      'after',
      example(
        "dreamos subscribe 'build.*' 'deploy.>' --as reviewer",
        'In a pattern * is one part between dots, and > at the end is one or more. Quote them, for the shell.\nSyncs the subscriptions.',
      ),
    );
};

export const unsubscribe: Verb = (program, context) => {
  program
    .command('unsubscribe <pattern...>')
    .description('end subscriptions; what has arrived stays')
    .action(async (patterns) => (await import('../commands/people/subscribe.ts')).unsubscribeCommand(context, patterns))
    .addHelpText('after', example("dreamos unsubscribe 'build.*' --as reviewer", 'Syncs the subscriptions.'));
};

export const topics: Verb = (program, context) => {
  const group = program.command('topics').description('what was published, and who is subscribed');
  group
    .command('list')
    .description('every topic: how many messages its log holds, the last one, who is subscribed')
    .action(async () => (await import('../commands/people/topics.ts')).listCommand(context))
    .addHelpText('after', example('dreamos topics list'));
  group
    .command('show <topic>')
    .description('one topic, its subscribers and its newest messages')
    .option('-n, --limit <number>', 'so many messages (default 10)')
    .action(async (topic, options) =>
      (await import('../commands/people/topics.ts')).showCommand(context, topic, options),
    )
    .addHelpText('after', example('dreamos topics show build.done -n 3'));
  group
    .command('prune <topic...>')
    .description("delete old messages from topics' logs for good; by name or pattern")
    .option('--older-than <duration>', 'what was published before (default: the setting topicRetention, 7d)')
    .option('--dry-run', 'only say how much it is')
    .action(async (names, options) =>
      (await import('../commands/people/topics.ts')).pruneCommand(context, names, options),
    )
    .addHelpText(
      'after',
      example(
        "dreamos topics prune 'build.>' --older-than 2d",
        'What lies in mailboxes stays. Syncs nothing: after a power cut some of it may be there again.',
      ),
    );
  group.addHelpText('after', example("dreamos topics list\n  dreamos topics prune '>' --older-than 7d --dry-run"));
};

export const config: Verb = (program, context) => {
  const group = program.command('config').description('validated settings (help settings)');
  group
    .command('get [key]')
    .description('one setting or all, and where each comes from')
    .action(async (key) => (await import('../commands/people/config.ts')).getCommand(context, key))
    .addHelpText('after', example('dreamos config get maxAttempts'));
  group
    .command('set <key> <value>')
    .description("set it for the whole root; '' unsets it")
    .action(async (key, value) => (await import('../commands/people/config.ts')).setCommand(context, key, value))
    .addHelpText('after', example('dreamos config set lease 30m', 'Syncs the file and its folder.'));
  group.addHelpText('after', example('dreamos config get'));
};
