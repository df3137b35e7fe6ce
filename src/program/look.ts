/** Looking: none of these claims or finishes anything. */
import { deadFilters, endRemark, example, ownOrAll, type Verb } from './options.ts';

export const list: Verb = {
  words: 'list [agent]',
  setUp(command, context) {
    deadFilters(command)
      .option('--state <states>', 'ready, delayed, inflight, archived, dead; several with commas; or all')
      .action(async (name, options) => (await import('../commands/look/list.ts')).listCommand(context, name, options))
      .addHelpText('after', example('dreamos list reviewer --state inflight,dead', ownOrAll));
  },
};

export const show: Verb = {
  words: 'show <id>',
  setUp(command, context) {
    command
      .option('--mailbox <agent>', 'only in this mailbox')
      .option('--body', 'only the body, as it was sent')
      .action(async (id, options) => (await import('../commands/look/show.ts')).showCommand(context, id, options))
      .addHelpText(
        'after',
        example('dreamos show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE\n  dreamos show 4RCE --body > patch.diff', endRemark),
      );
  },
};

export const trace: Verb = {
  words: 'trace <id>',
  setUp(command, context) {
    command
      .option('--mermaid', 'as a sequence diagram for Markdown')
      .action(async (id, options) => (await import('../commands/look/trace.ts')).traceCommand(context, id, options))
      .addHelpText(
        'after',
        example(
          'dreamos trace 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
          'Times are what the logs still hold; it warns where they do not go back to the arrival.',
        ),
      );
  },
};

export const thread: Verb = {
  words: 'thread <id>',
  setUp(command, context) {
    command
      .action(async (id) => (await import('../commands/look/thread.ts')).threadCommand(context, id))
      .addHelpText('after', example('dreamos thread 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 'Reads every message there is.'));
  },
};

export const search: Verb = {
  words: 'search <text> [agent]',
  setUp(command, context) {
    deadFilters(command)
      .option('--state <states>', 'ready, delayed, inflight, archived, dead; several with commas; by default all')
      .action(async (text, name, options) =>
        (await import('../commands/look/search.ts')).searchCommand(context, text, name, options),
      )
      .addHelpText(
        'after',
        example('dreamos search "release notes" --state ready,dead', 'Reads every message there is.'),
      );
  },
};

export const status: Verb = {
  words: 'status [agent...]',
  setUp(command, context) {
    command
      .option('--watch', 'refresh as things happen')
      .action(async (names, options) =>
        (await import('../commands/look/status.ts')).statusCommand(context, names, options),
      )
      .addHelpText('after', example('dreamos status\n  dreamos status reviewer --watch'));
  },
};

export const top: Verb = {
  words: 'top',
  setUp(command, context) {
    command
      .option('--once', 'print it once, as it does without a terminal')
      .option('--interval <duration>', 'draw it not more often than that (1s)')
      .option('--sort <order>', 'state, load, seen or name of agents; backlog, oldest, in, out or name of mailboxes')
      .action(async (options) => (await import('../commands/look/top.ts')).topCommand(context, options))
      .addHelpText('after', example('dreamos top\n  dreamos top --json | jq .stuck', 'Its keys: ? on the page.'));
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
        (await import('../commands/look/stats.ts')).statsCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example('dreamos stats --window 24h\n  dreamos stats --by agent', 'See: dreamos help numbers'),
      );
  },
};

export const resources: Verb = {
  words: 'resources',
  setUp(command, context) {
    const group = command.description('what each agent may use, and uses');
    group
      .command('show [agent]')
      .action(async (name) => (await import('../commands/look/resources.ts')).showCommand(context, name))
      .addHelpText(
        'after',
        example(
          'dreamos resources show reviewer',
          'Without a name of all. How it is limited: dreamos help housekeeping',
        ),
      );
    group.addHelpText('after', example('dreamos resources show'));
  },
};

export const metrics: Verb = {
  words: 'metrics',
  setUp(command, context) {
    command
      .option('--format <format>', 'openmetrics (the default) or prometheus, its older text')
      .option('--textfile <file>', "in one step into a file for node_exporter's textfile collector")
      .action(async (options) => (await import('../commands/look/metrics.ts')).metricsCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos metrics --quiet --textfile /var/lib/node_exporter/dreamos.prom',
          'What each says, alert rules and a dashboard: dreamos help prometheus',
        ),
      );
  },
};

export const who: Verb = {
  words: 'who [agent...]',
  setUp(command, context) {
    command
      .option('--all', 'also those that never said that they are there')
      .action(async (names, options) => (await import('../commands/look/who.ts')).whoCommand(context, names, options))
      .addHelpText(
        'after',
        example(
          'dreamos who\n  dreamos who reviewer',
          'ready, busy and paused are there; late: not heard of for two of its intervals (setting heartbeat, 5m); gone: for five, or its process has ended. See: dreamos help addressing',
        ),
      );
  },
};

export const watch: Verb = {
  words: 'watch [agent...]',
  setUp(command, context) {
    command
      .option('--since <cursor>', 'go on behind this cursor, behind the last line of @<file>, or from start')
      .option('--count <number>', 'end after this many events')
      .option('--wait <duration>', 'end when nothing came for this long')
      .action(async (names, options) =>
        (await import('../commands/look/watch.ts')).watchCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos watch reviewer\n  dreamos watch --json --since @seen.jsonl >> seen.jsonl',
          'Exit 3: nothing came within --wait. See: dreamos help cursors',
        ),
      );
  },
};

export const listen: Verb = {
  words: 'listen <pattern...>',
  setUp(command, context) {
    command
      .option(
        '--since <place>',
        'behind this cursor, behind the last line of @<file>, from start, or so long ago (10m)',
      )
      .option('--count <number>', 'end after this many messages')
      .option('--wait <duration>', 'end when nothing came for this long')
      .action(async (patterns, options) =>
        (await import('../commands/look/listen.ts')).listenCommand(context, patterns, options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos listen 'build.>'\n  dreamos listen '>' --since 1h --json | jq -r .message.body",
          'What must not be missed is subscribed to. Exit 3: nothing came within --wait. See: dreamos help cursors',
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
      .action(async () => (await import('../commands/look/alerts.ts')).listCommand(context))
      .addHelpText(
        'after',
        example('dreamos alerts list', 'It notes nothing and tells nobody. See: dreamos help alerting'),
      );
    group
      .command('check')
      .action(async () => (await import('../commands/look/alerts.ts')).checkCommand(context))
      .addHelpText(
        'after',
        example(
          '*/5 * * * * dreamos alerts check --quiet --root /home/ann/shop  (in a crontab)\n  dreamos alerts check --quiet || echo all is well',
          'Exit 0: an alert fires. Exit 3: none does. See: dreamos help alerting',
        ),
      );
    group
      .command('test <name>')
      .option('--mailbox <pattern>', 'as if it fired there')
      .option('--act', 'send the message and run the command, marked as a test')
      .action(async (name, options) => (await import('../commands/look/alerts.ts')).testCommand(context, name, options))
      .addHelpText('after', example('dreamos alerts test dead\n  dreamos alerts test dead --act'));
    group
      .command('silence [name]')
      .option('--for <duration>', 'for so long from now on (2h); 0 ends it')
      .option('--mailbox <pattern>', 'only there: a name in which * stands for anything')
      .action(async (name, options) =>
        (await import('../commands/look/alerts.ts')).silenceCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos alerts silence dead --for 8h', 'Without a name all of them.'));
    group.addHelpText('after', example('dreamos alerts list\n  dreamos alerts check'));
  },
};
