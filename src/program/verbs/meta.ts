/** Settings, numbers, and what dreamos says of itself. The native program leaves all of it to Node. */
import type { Command } from 'commander';
import { topicsLine } from '../../cli/help/topics.ts';
import { changing, example, type Verb } from './options.ts';

const ofAgent = (command: Command) => command.option('--agent <name>', 'the card of this agent, not the settings');

export const config: Verb = {
  words: 'config',
  setUp(command, context) {
    const group = command.description('validated settings (help settings)');
    group
      .command('get [key]')
      .action(async (key) => (await import('../../commands/people/config.ts')).getCommand(context, key))
      .addHelpText('after', example('dreamos config get maxAttempts'));
    group
      .command('show [key...]')
      .option('--origin', 'also where it is said, with which version it came, by whom and when')
      .option('--agent <name>', 'for this agent: its card comes before config.json')
      .action(async (keys, options) =>
        (await import('../../commands/people/config.ts')).showCommand(context, keys, options),
      )
      .addHelpText('after', example('dreamos config show lease --origin --agent reviewer'));
    changing(group.command('set <setting> [value...]'))
      .action(async (first, rest, options) =>
        (await import('../../commands/people/config.ts')).setCommand(context, [first, ...rest], options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos config set lease=30m maxAttempts=3 --note 'slow builds'\n  dreamos config set lease 30m",
          'All of them are one version. In force at once, also in what runs: nothing has to be started again.',
        ),
      );
    changing(group.command('unset <key...>'))
      .action(async (keys, options) =>
        (await import('../../commands/people/config.ts')).unsetCommand(context, keys, options),
      )
      .addHelpText('after', example('dreamos config unset lease'));
    group
      .command('validate [file]')
      .action(async (file) => (await import('../../commands/people/config.ts')).validateCommand(context, file))
      .addHelpText('after', example('dreamos config validate new.json', 'What cannot be used is exit 6.'));
    group
      .command('edit')
      .option('--file <file>', 'the whole text from this file, - for standard input, instead of an editor')
      .option('--note <text>', 'why, for the history')
      .action(async (options) => (await import('../../commands/people/config.ts')).editCommand(context, options))
      .addHelpText('after', example('dreamos config edit', 'The editor is VISUAL, else EDITOR, else vi.'));
    ofAgent(group.command('diff [from] [to]'))
      .action(async (from, to, options) =>
        (await import('../../commands/people/config.ts')).diffCommand(context, from, to, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos config diff 3',
          'From one version to another, else to what is in force; without both, what the last change was. Version 0 has no settings.',
        ),
      );
    ofAgent(group.command('history'))
      .option('-n, --limit <number>', 'only so many, the newest')
      .action(async (options) => (await import('../../commands/people/config.ts')).historyCommand(context, options))
      .addHelpText('after', example('dreamos config history --agent reviewer'));
    ofAgent(changing(group.command('rollback <version>')))
      .action(async (version, options) =>
        (await import('../../commands/people/config.ts')).rollbackCommand(context, version, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos config rollback 3',
          'It makes a new version. Of a card: its name, its kind, and whether the agent is paused or retired stay as they are.',
        ),
      );
    group.addHelpText(
      'after',
      example('dreamos config show\n  dreamos config set lease=30m\n  dreamos config history'),
    );
  },
};

export const stats: Verb = {
  words: 'stats [agent...]',
  setUp(command, context) {
    command
      .option('--window <duration>', 'how far back: 5m, 24h, 7d (1h)')
      .option('--by <what>', 'a row of each mailbox, agent (by what it claimed), type or topic (mailbox)')
      .option('--csv', 'as CSV, with all numbers')
      .action(async (names, options) =>
        (await import('../../commands/look/stats.ts')).statsCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example('dreamos stats --window 24h\n  dreamos stats --by agent', 'See: dreamos help numbers'),
      );
  },
};

export const metrics: Verb = {
  words: 'metrics',
  setUp(command, context) {
    command
      .option('--format <format>', 'openmetrics (the default) or prometheus, its older text')
      .option('--textfile <file>', "in one step into a file for node_exporter's textfile collector")
      .action(async (options) => (await import('../../commands/look/metrics.ts')).metricsCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos metrics --quiet --textfile /var/lib/node_exporter/dreamos.prom',
          'What each says, alert rules and a dashboard: dreamos help prometheus',
        ),
      );
  },
};

export const alerts: Verb = {
  words: 'alerts',
  setUp(command, context) {
    const group = command.description('who is told when numbers are not as they should be');
    group
      .command('list')
      .action(async () => (await import('../../commands/look/alerts.ts')).listCommand(context))
      .addHelpText(
        'after',
        example('dreamos alerts list', 'It notes nothing and tells nobody. See: dreamos help alerting'),
      );
    group
      .command('check')
      .action(async () => (await import('../../commands/look/alerts.ts')).checkCommand(context))
      .addHelpText(
        'after',
        example(
          '*/5 * * * * dreamos alerts check --quiet --root /home/ann/shop  (in a crontab)\n  dreamos alerts check -q; if [ $? = 3 ]; then echo all is well; fi',
          'Exit 0: an alert fires. Exit 3: none does. With -q it prints\nonly what begins or ends to fire. See: dreamos help alerting',
        ),
      );
    group
      .command('test <name>')
      .option('--mailbox <pattern>', 'as if it fired there')
      .option('--act', 'send the message and run the command, marked as a test')
      .action(async (name, options) =>
        (await import('../../commands/look/alerts.ts')).testCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos alerts test dead\n  dreamos alerts test dead --act'));
    group
      .command('silence [name]')
      .option('--for <duration>', 'for so long from now on (2h); 0 ends it')
      .option('--mailbox <pattern>', 'only there: a name in which * stands for anything')
      .action(async (name, options) =>
        (await import('../../commands/look/alerts.ts')).silenceCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos alerts silence dead --for 8h', 'Without a name all of them.'));
    group.addHelpText('after', example('dreamos alerts list\n  dreamos alerts check'));
  },
};

export const explain: Verb = {
  words: 'explain [code]',
  setUp(command, context) {
    command
      .action(async (code) => (await import('../../commands/meta/explain.ts')).explainCommand(context, code))
      .addHelpText('after', example('dreamos explain LEASE_LOST', 'Without a code it lists all of them.'));
  },
};

export const schema: Verb = {
  words: 'schema [name]',
  setUp(command, context) {
    command
      .action(async (name) => (await import('../../commands/meta/schema.ts')).schemaCommand(context, name))
      .addHelpText('after', example('dreamos schema message > message.schema.json'));
  },
};

export const completion: Verb = {
  words: 'completion <shell>',
  setUp(command, context, whole) {
    command
      .action(async (shell) =>
        (await import('../../commands/meta/completion.ts')).completionCommand(context, whole(), shell),
      )
      .addHelpText('after', example('dreamos completion bash >> ~/.bashrc'));
  },
};

export const help: Verb = {
  words: 'help [words...]',
  setUp(command, context, whole) {
    command
      .usage('[command or topic]')
      .action(async (words) => (await import('../../commands/meta/help.ts')).helpCommand(context, whole(), words))
      .addHelpText(
        'after',
        example('dreamos help format\n  dreamos help send\n  dreamos help man > dreamos.1', topicsLine),
      );
  },
};
