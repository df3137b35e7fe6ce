/**
 * The whole command surface on one page. Bodies are in commands/<verb>.ts and load when their command is called, so that
 * `send`, `read` and `ack` pay for nothing else.
 */
import { Command, CommanderError } from 'commander';
import { Context, type GlobalOptions } from './cli/context.ts';
import { topicsLine } from './cli/help/topics.ts';
import type { Surroundings } from './cli/surroundings.ts';
import { tell } from './cli/tell.ts';

/** Runs one command line. @param argv without node and script @returns the exit code; it never throws */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  const context = new Context(around);
  context.argv = argv;
  const program = createProgram(context, calledVerb(argv));
  let failed = 0;
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    failed = await tell(error, argv, program, context);
  }
  try {
    await context.close();
  } catch (error) {
    failed ||= await tell(error, argv, program, context);
  }
  if (around.signal.aborted) return around.signal.reason as number;
  return context.failed || failed;
}

const settleSyncs = 'Syncs nothing: after a power cut the message may be delivered again, never lost.';

/**
 * The one verb that a command line calls, so that only its options are set up (1.5 ms of a send). `undefined`: not so
 * simple, or a verb that speaks of all of them.
 */
function calledVerb(argv: readonly string[]): string | undefined {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--root' || word === '--as') i++;
    else if (!/^(?:--root=.*|--as=.*|--json|-q|--quiet|--no-color)$/s.test(word))
      return Object.hasOwn(surface, word) && word !== 'help' && word !== 'completion' ? word : undefined;
  }
  return undefined;
}

/** @param verb only this one's command; else all */
export function createProgram(context: Context, verb?: string): Command {
  const { around } = context;
  const program = new Command('dreamos')
    .description('Durable mail for agents, scripts and people on one machine: plain files, no server.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.output.data(text).catch(() => undefined),
      // Errors are told in one place, in `tell`, and on one line with --json.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .option(
      '--root <dir>',
      'the root, or the folder that holds runtime/agent_comms (else DREAMOS_ROOT, else found upward from here)',
    )
    .option('--as <agent>', 'who you are (else DREAMOS_AGENT)')
    .option('--json', 'print JSON Lines; an error is one JSON line on stderr')
    .option('-q, --quiet', 'print data and errors only')
    .option('--no-color', 'never use colour')
    .option('-V, --version', 'print the version')
    .hook('preAction', () => {
      context.options = program.opts<GlobalOptions>();
    })
    .on('option:version', () => {
      void context.output.data(`${around.version()}\n`).catch(() => undefined);
      throw new CommanderError(0, 'commander.version', 'version');
    });
  program.addHelpText('after', example(firstExample, topicsLine));
  for (const name of verb === undefined ? Object.keys(surface) : [verb]) surface[name]?.(program, context);
  return program;
}

const filters = (command: Command) =>
  command
    .option('--from <agent>', 'only from this sender')
    .option('--type <type>', 'only of this type')
    .option('--thread <id>', 'only of this thread')
    .option('--tag <tag>', 'only with this tag')
    .option('--priority <priority>', 'only urgent, high, normal or low')
    .option('--id <id>', 'only this message');
const durabilityHelp = 'full (synced before success; the default) or relaxed';
const wording = (command: Command) =>
  command
    .option('--body-file <file>', 'take the body from a file (- is the standard input)')
    .option('--allow-empty', 'an empty body is meant')
    .option('--subject <text>', 'at most 200 characters')
    .option('--type <type>', 'message, task, reply, event, alert, or your own')
    .option('--priority <priority>', 'urgent, high, normal or low')
    .option('--thread <id>', 'the thread it belongs to')
    .option('--tag <tag>', 'a tag; may be repeated', (tag: string, tags: string[] = []) => [...tags, tag])
    .option('--data <json>', 'any JSON beside the body')
    .option('--ttl <duration>', 'undelivered after this long, it goes to the dead-letter queue')
    .option('--ordering-key <key>', 'messages of one key are delivered one at a time, in order');
const sending = (command: Command) =>
  command
    .option('--dedupe-key <key>', 'sending again under the same key sends nothing new')
    .option('--durability <level>', durabilityHelp);
const content = (command: Command) =>
  sending(
    wording(command)
      .option('--delay <duration>', 'not before this long from now')
      .option('--at <time>', 'not before this time: 2026-11-21T09:00Z, or with +02:00; without either it is UTC'),
  );

/** Every command, in the order of the help page. */
const surface: Record<string, (program: Command, context: Context) => void> = {
  init: (program, context) => {
    program
      .command('init [agent...]')
      .description('make the root (runtime/agent_comms) and the named agents; repeating it is fine')
      .action(async (agents) => (await import('./commands/init.ts')).initCommand(context, agents))
      .addHelpText(
        'after',
        example(
          'dreamos init planner reviewer',
          'With --root or DREAMOS_ROOT that folder itself becomes the root. Syncs the folders it makes.',
        ),
      );
  },

  agent: (program, context) => {
    const agent = program.command('agent').description('who can receive');
    agent
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
      .action(async (name, options) => (await import('./commands/agent.ts')).registerCommand(context, name, options))
      .addHelpText(
        'after',
        example(
          'dreamos agent register reviewer --description "reads patches" --group reviewers --set lease=30m',
          'Syncs the mailbox and its card.',
        ),
      );
    agent
      .command('list')
      .description('every agent')
      .action(async () => (await import('./commands/agent.ts')).listCommand(context))
      .addHelpText('after', example('dreamos agent list --json'));
    agent
      .command('show <name>')
      .description("one agent's card, and what it is subscribed to")
      .action(async (name) => (await import('./commands/agent.ts')).showCommand(context, name))
      .addHelpText('after', example('dreamos agent show reviewer'));
    agent
      .command('retire <name>')
      .description('no new mail for this agent; what it has can still be read')
      .action(async (name) => (await import('./commands/agent.ts')).retireCommand(context, name))
      .addHelpText('after', example('dreamos agent retire reviewer', 'Syncs the card.'));
    agent.addHelpText('after', example('dreamos agent register reviewer\n  dreamos agent list'));
  },

  send: (program, context) => {
    content(program.command('send [to] [body]'))
      .description('send a message to agents, @groups or @all; prints its id')
      .option('--from <agent>', 'the sender, instead of --as')
      .option('--reply-to <id>', 'the message it answers')
      .option('--batch', 'read JSON Lines from the standard input, one message a line')
      .option('--dry-run', 'only say who would get it and why')
      .option('--until <step>', 'then wait until every recipient has claimed or acked it (60s, or --wait)')
      .option('--wait <duration>', 'wait this long: for room in a full mailbox, and for what --until names')
      .action(async (to, body, options) => (await import('./commands/send.ts')).sendCommand(context, to, body, options))
      .addHelpText(
        'after',
        example(
          sendExample,
          'A group leaves out who has retired, and the sender, unless named beside it. One commit for all of them.\nSyncs the message before it prints the id, unless --durability relaxed. With --until, exit 3: it is sent, but that has\nnot happened in time; exit 5: it went to the dead-letter queue, or was cancelled.',
        ),
      );
  },

  reply: (program, context) => {
    content(program.command('reply <message> [body]'))
      .description('answer a message, by receipt or id, in its thread')
      .option('--ack', 'finish the original with it')
      .option('--again', 'answer although it was answered before')
      .option('--wait <duration>', 'wait this long for room in a full mailbox')
      .action(async (message, body, options) =>
        (await import('./commands/reply.ts')).replyCommand(context, message, body, options),
      )
      .addHelpText(
        'after',
        example(
          'git diff --stat | dreamos reply "$RECEIPT" --ack',
          'Syncs the answer before it prints its id; the ack is not synced. A second answer to the same message is noticed for\ntwo days; --again sends it all the same.',
        ),
      );
  },

  request: (program, context) => {
    wording(program.command('request <to> [body]'))
      .description('send a message and wait for the answer; prints it')
      .option('--durability <level>', durabilityHelp)
      .option('--from <agent>', 'who asks, instead of --as')
      .option('--wait <duration>', 'wait this long (default 30s, at most 12h)')
      .action(async (to, body, options) =>
        (await import('./commands/request.ts')).requestCommand(context, to, body, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos request reviewer --as planner --wait 5m --body-file question.md',
          'Whoever answers does it with `reply` (or `send --reply-to`). While the request waits, no other reader of your mailbox can\ntake the answer; what comes later, and all but the first of several, goes to your mailbox. Exit 3: none came in time.\nSyncs the inbox and the request before it waits; acks the answer once it has been written out.',
        ),
      );
  },

  read: (program, context) => {
    filters(program.command('read [agent]'))
      .description('claim the next message under a lease')
      .option('-n, --count <number>', 'up to this many')
      .option('--lease <duration>', 'how long it is yours (default 15m, at most 12h)')
      .option('--wait <duration>', 'wait this long for one to come')
      .option('--ack', 'finish each once it has been written out')
      .action(async (name, options) => (await import('./commands/read.ts')).readCommand(context, name, options))
      .addHelpText(
        'after',
        example(
          'dreamos read reviewer --wait 30s\n  dreamos read reviewer --json | jq -r .receipt',
          `${settleSyncs} Exit 3: nothing came.`,
        ),
      );
  },

  work: (program, context) => {
    filters(program.command('work [agent]'))
      .usage('[options] [agent] -- <command...>')
      .description('run a command for each message: work [agent] -- <command...>')
      .option('-n, --count <number>', 'end after this many')
      .option('--lease <duration>', 'how long a claim holds; it renews itself while the command runs (default 15m)')
      .option('--wait <duration>', 'end when nothing came for this long (default: never)')
      .option('--concurrency <number>', 'run up to this many at a time (default 1)')
      .option('--handler-timeout <duration>', 'end the command and all it has started after this long')
      .option('--map-exit <pairs>', 'what exit codes mean: 3=dead,4=ack,5=retry,6=fail')
      .option('--reply', 'send what the command prints as the reply; nothing printed: no reply')
      .allowExcessArguments()
      .action(async (_name, options, command: Command) =>
        (await import('./commands/work.ts')).workCommand(context, command.args, options),
      )
      .addHelpText('after', example(workExample, workRemark));
  },

  peek: (program, context) => {
    filters(program.command('peek [agent]'))
      .description('look at the next message; claims nothing')
      .option('-n, --count <number>', 'up to this many')
      .option('--wait <duration>', 'wait this long for one to come: the doorbell')
      .action(async (name, options) => (await import('./commands/peek.ts')).peekCommand(context, name, options))
      .addHelpText(
        'after',
        example('dreamos peek reviewer --wait 10m --quiet >/dev/null && notify-send "mail"', 'Exit 3: nothing came.'),
      );
  },

  ack: (program, context) => {
    program
      .command('ack <message...>')
      .description('finish, by receipt or id')
      .action(async (messages) => (await import('./commands/ack.ts')).ackCommand(context, messages))
      .addHelpText(
        'after',
        example('dreamos ack "$RECEIPT"\n  dreamos ack 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --as reviewer', settleSyncs),
      );
  },

  nack: (program, context) => {
    program
      .command('nack <message...>')
      .description('give back, by receipt or id; it comes again, or goes to the dead-letter queue')
      .option('--delay <duration>', 'rest this long (default: 1s, doubling to 5m, with jitter)')
      .option('--reason <text>', 'why; kept in the event log and with dead letters')
      .option('--dead', 'do not try again')
      .action(async (messages, options) => (await import('./commands/nack.ts')).nackCommand(context, messages, options))
      .addHelpText(
        'after',
        example(
          'dreamos nack "$RECEIPT" --delay 5m --reason "build is red"',
          `${settleSyncs} Dead letters are synced.`,
        ),
      );
  },

  renew: (program, context) => {
    program
      .command('renew <message...>')
      .description('extend the lease, by receipt or id')
      .option('--lease <duration>', 'from now on (default: as configured, at most 12h)')
      .action(async (messages, options) =>
        (await import('./commands/renew.ts')).renewCommand(context, messages, options),
      )
      .addHelpText('after', example('dreamos renew "$RECEIPT" --lease 30m', 'Syncs nothing.'));
  },

  list: (program, context) => {
    filters(program.command('list [agent]'))
      .description('what is where: by default ready, delayed and inflight; with the receipts of what you hold')
      .option('--state <states>', 'ready, delayed, inflight, archived, dead; several with commas; or all')
      .option('-n, --limit <number>', 'at most this many')
      .action(async (name, options) => (await import('./commands/list.ts')).listCommand(context, name, options))
      .addHelpText('after', example('dreamos list reviewer --state inflight,dead'));
  },

  show: (program, context) => {
    program
      .command('show <id>')
      .description('one message whole, and where it is')
      .option('--mailbox <agent>', 'only in this mailbox')
      .action(async (id, options) => (await import('./commands/show.ts')).showCommand(context, id, options))
      .addHelpText('after', example('dreamos show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
  },

  trace: (program, context) => {
    program
      .command('trace <id>')
      .description("one message's life in all mailboxes and topics, from the event logs")
      .option('--mermaid', 'as a sequence diagram for Markdown')
      .action(async (id, options) => (await import('./commands/trace.ts')).traceCommand(context, id, options))
      .addHelpText(
        'after',
        example(
          'dreamos trace 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
          'Times are what the logs still hold; it warns where they do not go back to the arrival.',
        ),
      );
  },

  thread: (program, context) => {
    program
      .command('thread <id>')
      .description('a conversation, oldest first, by its thread or any message in it')
      .action(async (id) => (await import('./commands/thread.ts')).threadCommand(context, id))
      .addHelpText('after', example('dreamos thread 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 'Reads every message there is.'));
  },

  search: (program, context) => {
    filters(program.command('search <text> [agent]'))
      .description('messages with this text in subject, body, sender, id, tags or data; without a name, everywhere')
      .option('--state <states>', 'ready, delayed, inflight, archived, dead; several with commas; by default all')
      .option('-n, --limit <number>', 'at most this many')
      .action(async (text, name, options) =>
        (await import('./commands/search.ts')).searchCommand(context, text, name, options),
      )
      .addHelpText(
        'after',
        example('dreamos search "release notes" --state ready,dead', 'Reads every message there is.'),
      );
  },

  cancel: (program, context) => {
    program
      .command('cancel <id...>')
      .description('take back what nobody has claimed; it goes to the archive')
      .action(async (ids) => (await import('./commands/cancel.ts')).cancelCommand(context, ids))
      .addHelpText('after', example('dreamos cancel 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 'Syncs nothing.'));
  },

  schedule: (program, context) => {
    const schedule = program.command('schedule').description('sends that come again and again, by cron lines');
    wording(schedule.command('add <name> <cron> <to> [body]'))
      .description('send this message each time a cron line says so')
      .option('--tz <zone>', 'an IANA time zone, such as Europe/Berlin', 'UTC')
      .option('--from <agent>', 'the sender, instead of --as')
      .action(async (name, cron, to, body, options) =>
        (await import('./commands/schedule.ts')).addCommand(context, [name, cron, to, body], options),
      )
      .addHelpText('after', example(scheduleExample, scheduleRemark));
    schedule
      .command('list')
      .description('every schedule: when it comes next, and what became of the last time')
      .action(async () => (await import('./commands/schedule.ts')).listCommand(context))
      .addHelpText('after', example('dreamos schedule list'));
    schedule
      .command('show <name>')
      .description('one schedule whole, with its next five times')
      .action(async (name) => (await import('./commands/schedule.ts')).showCommand(context, name))
      .addHelpText('after', example('dreamos schedule show nightly'));
    schedule
      .command('remove <name...>')
      .description('end schedules; what they have sent stays')
      .action(async (names) => (await import('./commands/schedule.ts')).removeCommand(context, names))
      .addHelpText('after', example('dreamos schedule remove nightly', 'Syncs the file and its folder.'));
    schedule.addHelpText('after', example('dreamos schedule list\n  dreamos help schedule add'));
  },

  watch: (program, context) => {
    program
      .command('watch [agent...]')
      .description('one line per event as it happens; without a name, all mailboxes')
      .option('--since <cursor>', 'go on behind this cursor, behind the last line of @<file>, or from start')
      .option('--count <number>', 'end after this many events')
      .option('--wait <duration>', 'end when nothing came for this long')
      .action(async (names, options) => (await import('./commands/watch.ts')).watchCommand(context, names, options))
      .addHelpText(
        'after',
        example(
          'dreamos watch reviewer\n  dreamos watch --json --since @seen.jsonl >> seen.jsonl',
          'Exit 3: nothing came within --wait. See: dreamos help cursors',
        ),
      );
  },

  status: (program, context) => {
    program
      .command('status [agent...]')
      .description('ready, inflight, delayed, dead, archived, oldest age, last read')
      .option('--watch', 'refresh as things happen')
      .action(async (names, options) => (await import('./commands/status.ts')).statusCommand(context, names, options))
      .addHelpText('after', example('dreamos status\n  dreamos status reviewer --watch'));
  },

  publish: (program, context) => {
    sending(wording(program.command('publish <topic> [body]')))
      .description('publish a message to all who are subscribed to its topic; prints its id')
      .option('--from <agent>', 'the sender, instead of --as')
      .option('--reply-to <id>', 'the message it answers')
      .option('--wait <duration>', "wait this long for room in a subscriber's full mailbox")
      .action(async (topic, body, options) =>
        (await import('./commands/publish.ts')).publishCommand(context, topic, body, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos publish build.done "all green" --as ci\n  npm test 2>&1 | dreamos publish build.log --as ci --subject "the tests"',
          "It goes into the topic's log and into each subscriber's mailbox, the sender's own included, as one commit; without a\nsubscriber into the log alone. A topic needs no set-up. Exit 5: a subscriber's mailbox is full, nothing was published.\nSyncs the message before it prints the id, unless --durability relaxed.",
        ),
      );
  },

  subscribe: (program, context) => {
    program
      .command('subscribe <pattern...>')
      .description('from now on, what is published to matching topics arrives in your mailbox')
      .action(async (patterns) => (await import('./commands/subscribe.ts')).subscribeCommand(context, patterns))
      .addHelpText(
        'after',
        example(
          "dreamos subscribe 'build.*' 'deploy.>' --as reviewer",
          'In a pattern * is one part between dots, and > at the end is one or more. Quote them, for the shell.\nSyncs the subscriptions.',
        ),
      );
  },

  unsubscribe: (program, context) => {
    program
      .command('unsubscribe <pattern...>')
      .description('end subscriptions; what has arrived stays')
      .action(async (patterns) => (await import('./commands/subscribe.ts')).unsubscribeCommand(context, patterns))
      .addHelpText('after', example("dreamos unsubscribe 'build.*' --as reviewer", 'Syncs the subscriptions.'));
  },

  listen: (program, context) => {
    program
      .command('listen <pattern...>')
      .description('one line per message as it is published; keeps nothing for you')
      .option(
        '--since <place>',
        'behind this cursor, behind the last line of @<file>, from start, or so long ago (10m)',
      )
      .option('--count <number>', 'end after this many messages')
      .option('--wait <duration>', 'end when nothing came for this long')
      .action(async (patterns, options) =>
        (await import('./commands/listen.ts')).listenCommand(context, patterns, options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos listen 'build.>'\n  dreamos listen '>' --since 1h --json | jq -r .message.body",
          'What must not be missed is subscribed to. Exit 3: nothing came within --wait. See: dreamos help cursors',
        ),
      );
  },

  topics: (program, context) => {
    const topics = program.command('topics').description('what was published, and who is subscribed');
    topics
      .command('list')
      .description('every topic: how many messages its log holds, the last one, who is subscribed')
      .action(async () => (await import('./commands/topics.ts')).listCommand(context))
      .addHelpText('after', example('dreamos topics list'));
    topics
      .command('show <topic>')
      .description('one topic, its subscribers and its newest messages')
      .option('-n, --limit <number>', 'so many messages (default 10)')
      .action(async (topic, options) => (await import('./commands/topics.ts')).showCommand(context, topic, options))
      .addHelpText('after', example('dreamos topics show build.done -n 3'));
    topics
      .command('prune <topic...>')
      .description("delete old messages from topics' logs for good; by name or pattern")
      .option('--older-than <duration>', 'what was published before (default: the setting topicRetention, 7d)')
      .option('--dry-run', 'only say how much it is')
      .action(async (names, options) => (await import('./commands/topics.ts')).pruneCommand(context, names, options))
      .addHelpText(
        'after',
        example(
          "dreamos topics prune 'build.>' --older-than 2d",
          'What lies in mailboxes stays. Syncs nothing: after a power cut some of it may be there again.',
        ),
      );
    topics.addHelpText('after', example("dreamos topics list\n  dreamos topics prune '>' --older-than 7d --dry-run"));
  },

  archive: (program, context) => {
    const archive = program.command('archive').description('what was finished');
    filters(archive.command('list [agent]'))
      .description('finished messages, newest first')
      .option('-n, --limit <number>', 'at most this many')
      .action(async (name, options) => (await import('./commands/archive.ts')).listCommand(context, name, options))
      .addHelpText('after', example('dreamos archive list reviewer -n 20'));
    archive
      .command('show [words...]')
      .usage('[options] [agent] <id>')
      .description('one finished message whole')
      .action(async (words) => (await import('./commands/archive.ts')).showCommand(context, words))
      .addHelpText('after', example('dreamos archive show reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
    archive
      .command('search <text> [agent]')
      .description(
        'finished messages with this text in subject, body, sender, id, tags or data; without a name, of all mailboxes',
      )
      .action(async (text, name) => (await import('./commands/archive.ts')).searchCommand(context, text, name))
      .addHelpText('after', example('dreamos archive search "release notes" reviewer'));
    archive
      .command('restore [words...]')
      .usage('[options] [agent] <id...>')
      .description('make finished messages ready again')
      .action(async (words) => (await import('./commands/archive.ts')).restoreCommand(context, words))
      .addHelpText(
        'after',
        example(
          'dreamos archive restore reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
          'Syncs nothing, but what it takes out of a pack.',
        ),
      );
    archive
      .command('pack [agent]')
      .description('pack whole past days into .jsonl.gz files; they are listed, searched, shown and restored as before')
      .option('--before <day>', 'only days before this one: 2026-11-20, or how long ago: 7d (default: today)')
      .option('--dry-run', 'only say what would be packed')
      .action(async (name, options) => (await import('./commands/archive.ts')).packCommand(context, name, options))
      .addHelpText(
        'after',
        example('dreamos archive pack reviewer --before 7d', 'Syncs each pack before it removes what is in it.'),
      );
    archive
      .command('prune [agent]')
      .description('delete whole past days of the archive for good')
      .option('--older-than <duration>', 'days older than this')
      .option('--keep-bytes <number>', 'the oldest days, until no more than this is left')
      .option('--dry-run', 'only say what would be deleted')
      .action(async (name, options) => (await import('./commands/archive.ts')).pruneCommand(context, name, options))
      .addHelpText(
        'after',
        example(
          'dreamos archive prune reviewer --older-than 30d --dry-run',
          "Never today's. Syncs nothing: what a power cut brings back, the next run deletes.",
        ),
      );
    archive
      .command('export [agent]')
      .description('finished messages as JSON Lines, packed or not, the oldest first')
      .option('--since <time>', 'finished from then on: 2026-11-20, 2026-11-20T09:00:00Z, or how long ago: 7d')
      .option('--until <time>', 'finished before then')
      .action(async (name, options) => (await import('./commands/archive.ts')).exportCommand(context, name, options))
      .addHelpText('after', example('dreamos archive export reviewer --since 30d > reviewer.jsonl'));
    archive.addHelpText('after', example('dreamos archive list reviewer'));
  },

  dlq: (program, context) => {
    const dlq = program.command('dlq').description('what failed, why, and again');
    dlq
      .command('list [agent]')
      .description('dead letters and why they are dead, newest first')
      .action(async (name) => (await import('./commands/dlq.ts')).listCommand(context, name))
      .addHelpText('after', example('dreamos dlq list reviewer'));
    dlq
      .command('show [words...]')
      .usage('[options] [agent] <id>')
      .description('one dead letter whole, with its history')
      .action(async (words) => (await import('./commands/dlq.ts')).showCommand(context, words))
      .addHelpText('after', example('dreamos dlq show reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
    dlq
      .command('retry [words...]')
      .usage('[options] [agent] <id...>')
      .description('make dead letters ready again; attempts start anew')
      .option('--all', 'every one in the mailbox')
      .action(async (words, options) => (await import('./commands/dlq.ts')).retryCommand(context, words, options))
      .addHelpText(
        'after',
        example('dreamos dlq retry reviewer --all', 'Syncs nothing: after a power cut it may still be in the DLQ.'),
      );
    dlq
      .command('purge [words...]')
      .usage('[options] [agent] <id...>')
      .description('delete dead letters for good')
      .option('--all', 'every one in the mailbox')
      .action(async (words, options) => (await import('./commands/dlq.ts')).purgeCommand(context, words, options))
      .addHelpText(
        'after',
        example(
          'dreamos dlq purge reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
          'Syncs nothing: after a power cut it may still be in the DLQ.',
        ),
      );
    dlq.addHelpText('after', example('dreamos dlq list reviewer\n  dreamos dlq retry reviewer --all'));
  },

  config: (program, context) => {
    const config = program.command('config').description('validated settings (help settings)');
    config
      .command('get [key]')
      .description('one setting or all, and where each comes from')
      .action(async (key) => (await import('./commands/config.ts')).getCommand(context, key))
      .addHelpText('after', example('dreamos config get maxAttempts'));
    config
      .command('set <key> <value>')
      .description("set it for the whole root; '' unsets it")
      .action(async (key, value) => (await import('./commands/config.ts')).setCommand(context, key, value))
      .addHelpText('after', example('dreamos config set lease 30m', 'Syncs the file and its folder.'));
    config.addHelpText('after', example('dreamos config get'));
  },

  doctor: (program, context) => {
    program
      .command('doctor')
      .description('check every rule of the files (help format) and say what to run next')
      .option('--fix', 'repair what is safe to repair')
      .action(async (options) => (await import('./commands/doctor.ts')).doctorCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos doctor --fix',
          'Exit 0: nothing is wrong, or all of it was repaired. Exit 6: problems remain.\nSyncs the cards and reasons that it writes anew, not what it moves or removes: after a power cut, run it again.',
        ),
      );
  },

  maintain: (program, context) => {
    program
      .command('maintain [agent...]')
      .description('keep house as the settings say (packing, retention, what is due); for cron, safe at any time')
      .option('--dry-run', 'only say what would be done')
      .action(async (names, options) =>
        (await import('./commands/maintain.ts')).maintainCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos maintain --dry-run\n  17 3 * * * dreamos maintain --quiet --root /home/ann/shop    (a line of a crontab)',
          'Packs and removes what packAfterDays, archiveDays, archiveBytes, eventDays, eventBytes and topicRetention say (dreamos help\nsettings), moves what is due or expired, sends what schedules say, and forgets old dedupe keys; with names,\nonly what concerns these mailboxes. What fails does not keep the rest. A dry run counts what is not packed yet as it is, so\nwith archiveBytes it may name days that fit once they are packed.\nSyncs each pack before it removes what is in it, dead letters, and what it sends.',
        ),
      );
  },

  import: (program, context) => {
    program
      .command('import <dir>')
      .description('bring in older mailbox trees; they go to the archive')
      .option('--format <name>', 'auto, or dreamos-lenient, which also mends two kinds of broken JSON', 'auto')
      .option(
        '--map <old=new>',
        'import the agent old as new; may be repeated',
        (pair: string, pairs: string[] = []) => [...pairs, pair],
      )
      .option('--deliver', 'make the unfinished ones ready instead')
      .option('--dry-run', 'only say what would happen')
      .action(async (dir, options) => (await import('./commands/import.ts')).importCommand(context, dir, options))
      .addHelpText(
        'after',
        example(
          'dreamos import old/mail --dry-run\n  dreamos import old/mail --map Agent3=Agent-3',
          'Unreadable files are listed, a copy of each is kept in corrupt/, and they do not change the exit code. The old tree\nstays as it is. Syncs what it imports, and those copies.',
        ),
      );
  },

  schema: (program, context) => {
    program
      .command('schema [name]')
      .description('the JSON Schema of a file or of what --json prints; without a name, their names')
      .action(async (name) => (await import('./commands/schema.ts')).schemaCommand(context, name))
      .addHelpText('after', example('dreamos schema message > message.schema.json'));
  },

  completion: (program, context) => {
    program
      .command('completion <shell>')
      .description('a completion script for bash, zsh or fish')
      .action(async (shell) => (await import('./commands/completion.ts')).completionCommand(context, program, shell))
      .addHelpText('after', example('dreamos completion bash >> ~/.bashrc'));
  },

  help: (program, context) => {
    program
      .command('help [words...]')
      .usage('[command or topic]')
      .description('help on a command, or on a topic; without words, what there is')
      .action(async (words) => (await import('./commands/help.ts')).helpCommand(context, program, words))
      .addHelpText('after', example('dreamos help format\n  dreamos help send', topicsLine));
  },
};

const firstExample = `dreamos init planner reviewer
  dreamos send reviewer --as planner --body-file notes.md
  dreamos read reviewer --wait 30s`;

const sendExample = `dreamos send reviewer --as planner --subject "Please look at this" --body-file notes.md
  git diff | dreamos send reviewer,tester --as planner --type task
  dreamos send @reviewers,planner --as lead --dry-run "Standup at ten"
  printf '%s\\n' '{"to":"reviewer","body":"one"}' '{"to":"tester","body":"two"}' | dreamos send --batch --as planner
  dreamos send reviewer --as planner -- "-- a body that begins with a dash"`;

const scheduleExample = `dreamos schedule add nightly "0 3 * * *" reviewer "check the build" --as planner --tz Europe/Berlin
  dreamos schedule add standup "30 9 * * mon-fri" reviewer,tester --as planner --body-file standup.md --ttl 2h`;

const scheduleRemark = `The line: minute, hour, day of month, month, day of week; a sixth field in front is seconds; also @hourly, @daily, @weekly,
@monthly, @yearly, and L (last), W (nearest weekday) and # (nth weekday) as croner has them. Where clocks are put forward,
a fixed time that does not exist comes right after the gap; where they are put back, it comes once. Lines with * or a step
in minute or hour go by the clock on the wall: they skip the gap, and come in both passes of an hour.

Nothing runs in the background: a schedule is sent while some dreamos process waits (watch, read --wait, work, a consumer),
for example dreamos watch as a service, or when cron calls dreamos maintain. Each time is sent once, however many wait. Of
times that nobody waited for, only the latest is sent, when the next one begins to wait. A send that is refused (the
recipient has retired, or its mailbox is full) is skipped: see list.

Syncs the file and its folder before it says so.`;

const workExample = `dreamos work reviewer -- ./handle
  dreamos work reviewer --reply --concurrency 4 --handler-timeout 5m -- sh -c 'jq -r .message.body | wc -w'`;

const workRemark = `The command gets the message on stdin as read --json prints it, its short fields in DREAMOS_MSG_ID, _FROM, _SUBJECT,
_TYPE, _PRIORITY, _THREAD, _REPLY_TO, _TOPIC, _ORDERING_KEY, _CREATED_AT, _EXPIRES_AT, _MAILBOX, _ATTEMPT and _RECEIPT
(control characters written out), and DREAMOS_ROOT and DREAMOS_AGENT. No shell comes between.

  exit 0                     done: acked
  exit 75                    not now: comes again after a rest that doubles each time, and uses up no attempt
  exit 65                    never: to the dead-letter queue
  any other, or a signal     a failed attempt: comes again after its backoff; the last one goes to the dead-letter queue

The last lines on stderr are the reason, in the event log and with dead letters. stdout goes to stdout, with --json to
stderr: then stdout has one line for each message that is finished. stdin, stdout and stderr are sockets: write - and >&2,
not /dev/stdin and /dev/stderr.

SIGTERM or Ctrl-C: finishes what runs, takes nothing new, exits 143 or 130. A second one ends the commands and gives their
messages back. A lost lease and --handler-timeout send SIGTERM to the whole process group, and SIGKILL after 5 s. If the
worker itself is killed, its messages come again when their leases end. Exit 3: nothing came within --wait.
Syncs nothing but dead letters and replies.`;

function example(lines: string, remark?: string): string {
  return `\nExample:\n  ${lines}${remark === undefined ? '' : `\n\n${remark}`}`;
}
