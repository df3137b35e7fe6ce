/** Who can receive, how it is set up, who is there and what each may use. */
import type { Command } from 'commander';
import { example, type Verb } from './options.ts';

export const init: Verb = {
  words: 'init [agent...]',
  setUp(command, context) {
    command
      .option(
        '--store <address>',
        'its mail is in Redis or Valkey, there: redis://host:6379/0; with #<id> a root that is there',
      )
      .option('--durability <level>', 'of a store: full (else refused; the default) or relaxed')
      .option('--replicas <number>', 'of a store: what is sent is confirmed once so many replicas have it')
      .action(async (agents, flags) =>
        (await import('../../commands/people/init.ts')).initCommand(context, agents, flags),
      )
      .addHelpText(
        'after',
        example(
          'dreamos init planner reviewer\n  dreamos init --store redis://localhost:6379/0 planner reviewer',
          'With --root or DREAMOS_ROOT that folder itself becomes the root. Of stores, and their passwords: dreamos help engines',
        ),
      );
  },
};

const several = (value: string, values: string[] = []) => [...values, value];

/** What an agent's card is to say. */
const registering = (command: Command) =>
  command
    .option('--description <text>', 'what it does')
    .option('--title <text>', 'what people call it')
    .option('--card <json>', 'what else its card says, a field taken out by null; @<file> takes it from a file')
    .option(
      '--group <name>',
      "a group it is in instead of those it was in, '' for none; mail to @<name> reaches all in it; may be repeated",
      several,
    )
    .option('--kind <kind>', "core, specialist, utility or coordinator, '' for none")
    .option(
      '--capability <list>',
      "what it can, for tasks that ask for it: ts,review; '' for none; may be repeated",
      several,
    )
    .option('--max-tasks <number>', "so many tasks at once (default 1); '' unsets it")
    .option(
      '--standby-for <agents>',
      "it takes over their tasks when they are gone; '' for none; may be repeated",
      several,
    )
    .option('--mail-to-standby', 'when it is gone, its unread mail goes to its standby, too')
    .option('--no-mail-to-standby', 'its mail stays, which is the default')
    .option('--at <peer>', "it lives in another root, to which `dreamos bridge` carries its mail; '' for here")
    .option(
      '--set <key=value>',
      'a setting of this agent (help settings), unset without a value; may be repeated',
      several,
    );

export const agent: Verb = {
  words: 'agent',
  setUp(command, context) {
    const group = command.description('who can receive');
    registering(group.command('register <name>'))
      .action(async (name, options) =>
        (await import('../../commands/people/register.ts')).registerCommand(context, name, options),
      )
      .addHelpText('after', example(registerExample, cardRemark));
    registering(group.command('start [name]'))
      .option('--note <text>', 'what it is at')
      .option('--pid <number>', 'the process that it is: when that has ended, it is gone at once')
      .action(async (name, options) =>
        (await import('../../commands/people/register.ts')).startCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos agent start reviewer --capability ts,review --pid $$',
          'For a script that is an agent: registers it, says that it is idle, and prints what waits for it. It may be run again at any time.',
        ),
      );
    group
      .command('heartbeat [agent]')
      .option('--status <status>', 'idle, busy or paused; else as it was')
      .option('--note <text>', "what it is at, '' for nothing")
      .option('--pid <number>', 'the process that it is: when that has ended, it is gone at once')
      .action(async (name, options) =>
        (await import('../../commands/people/heartbeat.ts')).heartbeatCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos agent heartbeat reviewer --status busy --note "reads a patch"',
          'What an agent does says that it is there as well: read, ack, nack, renew, work, watch, peek --wait and its hooks. See: dreamos help addressing',
        ),
      );
    group
      .command('list')
      .action(async () => (await import('../../commands/people/agent.ts')).listCommand(context))
      .addHelpText('after', example('dreamos agent list --json'));
    group
      .command('show <name>')
      .option('--a2a', 'as an AgentCard of the A2A protocol, version 1.0')
      .option('--url <url>', 'where it answers A2A: https, or http on this machine; with --a2a')
      .option('--binding <name>', 'how it answers there: JSONRPC (the default), GRPC or HTTP+JSON')
      .action(async (name, options) =>
        (await import('../../commands/people/agent.ts')).showCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos agent show reviewer\n  dreamos agent show reviewer --a2a --url https://agents.example/reviewer',
          'What answers at that URL is not dreamos: the card is for what stands there.',
        ),
      );
    group
      .command('retire <name>')
      .action(async (name) => (await import('../../commands/people/agent.ts')).retireCommand(context, name))
      .addHelpText('after', example('dreamos agent retire reviewer'));
    group
      .command('rename <name> <new>')
      .action(async (name, to) => (await import('../../commands/people/agent.ts')).renameCommand(context, name, to))
      .addHelpText(
        'after',
        example(
          'dreamos agent rename builder builder-2',
          'Who holds a message settles it with the receipt that he has. A send to the old\nname is refused (exit 4) and says the new one; who waits or works under it ends.\nCut off, the same again finishes it.',
        ),
      );
    group
      .command('delete <name>')
      .option('--archive', 'archive what is unfinished as cancelled, also what is claimed; its tasks go to others')
      .action(async (name, options) =>
        (await import('../../commands/people/agent.ts')).deleteCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos agent delete reviewer --archive',
          'Without --archive it is refused (exit 5) while something is unfinished. Dead\nletters stay where they are; archive restore and dlq retry are refused.\nRegistered again it is new, over the same archive.',
        ),
      );
    group.addHelpText('after', example('dreamos agent register reviewer\n  dreamos agent list'));
  },
};

const registerExample = `dreamos agent register reviewer --group reviewers --set lease=30m \\
    --description "reads patches"
  dreamos agent register reviewer --card @card.json
  dreamos agent register reviewer --card '{"version":"1.2.0","skills":[{
    "id":"ts","name":"TypeScript","description":"reviews it","tags":["ts"]}]}'`;

const cardRemark = `A card may say: title, description, version; skills, each with id, name, description, tags and, if it has some, examples;
modes, the media types of its input and output; provider, its organization and url; urls of its documentation and icon.
Further fields are kept as they are. What is not given stays as it was.`;

export const pause: Verb = {
  words: 'pause [agent]',
  setUp(command, context) {
    command
      .action(async (name) => (await import('../../commands/people/pause.ts')).pauseCommand(context, name))
      .addHelpText(
        'after',
        example(
          'dreamos pause reviewer --as lead',
          'What somebody holds he can still finish, and an answer goes to the request that\nwaits for it. A time-to-live goes on. read, work, list and status say since when\nit is paused, and by whom.',
        ),
      );
  },
};

export const resume: Verb = {
  words: 'resume [agent]',
  setUp(command, context) {
    command
      .action(async (name) => (await import('../../commands/people/pause.ts')).resumeCommand(context, name))
      .addHelpText('after', example('dreamos resume reviewer', 'Who waits goes on within a second.'));
  },
};

export const subscribe: Verb = {
  words: 'subscribe <pattern...>',
  setUp(command, context) {
    command
      .action(async (patterns) =>
        (await import('../../commands/people/subscribe.ts')).subscribeCommand(context, patterns),
      )
      .addHelpText(
        'after',
        example(
          "dreamos subscribe 'build.*' 'deploy.>' --as reviewer",
          'In a pattern * is one part between dots, and > at the end is one or more. Quote them, for the shell.',
        ),
      );
  },
};

export const unsubscribe: Verb = {
  words: 'unsubscribe <pattern...>',
  setUp(command, context) {
    command
      .action(async (patterns) =>
        (await import('../../commands/people/subscribe.ts')).unsubscribeCommand(context, patterns),
      )
      .addHelpText('after', example("dreamos unsubscribe 'build.*' --as reviewer"));
  },
};

export const topics: Verb = {
  words: 'topics',
  setUp(command, context) {
    const group = command.description('what was published, and who is subscribed');
    group
      .command('list')
      .action(async () => (await import('../../commands/people/topics.ts')).listCommand(context))
      .addHelpText('after', example('dreamos topics list'));
    group
      .command('show <topic>')
      .option('-n, --limit <number>', 'so many messages (default 10)')
      .action(async (topic, options) =>
        (await import('../../commands/people/topics.ts')).showCommand(context, topic, options),
      )
      .addHelpText('after', example('dreamos topics show build.done -n 3'));
    group
      .command('prune <topic...>')
      .option('--older-than <duration>', 'what was published before (default: the setting topicRetention, 7d)')
      .option('--dry-run', 'only say how much it is')
      .action(async (names, options) =>
        (await import('../../commands/people/topics.ts')).pruneCommand(context, names, options),
      )
      .addHelpText('after', example("dreamos topics prune 'build.>' --older-than 2d", 'What lies in mailboxes stays.'));
    group.addHelpText('after', example("dreamos topics list\n  dreamos topics prune '>' --older-than 7d --dry-run"));
  },
};

export const resources: Verb = {
  words: 'resources',
  setUp(command, context) {
    const group = command.description('what each agent may use, and uses');
    group
      .command('show [agent]')
      .action(async (name) => (await import('../../commands/look/resources.ts')).showCommand(context, name))
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

export const who: Verb = {
  words: 'who [agent...]',
  setUp(command, context) {
    command
      .option('--all', 'also those that never said that they are there')
      .action(async (names, options) =>
        (await import('../../commands/look/who.ts')).whoCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos who\n  dreamos who reviewer',
          'ready, busy and paused are there; late: not heard of for two of its intervals (setting heartbeat, 5m); gone: for five, or its process has ended. See: dreamos help addressing',
        ),
      );
  },
};
