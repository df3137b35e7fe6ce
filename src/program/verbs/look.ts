/** Looking: none of these claims or finishes anything. */
import { deadFilters, endRemark, example, joined, ownOrAll, unsealRemark, type Verb } from './options.ts';

export const list: Verb = {
  words: 'list [agent]',
  setUp(command, context) {
    deadFilters(command)
      .option('--state <states>', 'ready, delayed, inflight, archived, dead; several with commas; or all', joined)
      .option('--unseal', 'open what is sealed, with your private key')
      .action(async (name, options) =>
        (await import('../../commands/look/list.ts')).listCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos list reviewer --state inflight,dead', `${ownOrAll}\n${unsealRemark}`));
  },
};

export const show: Verb = {
  words: 'show <id>',
  setUp(command, context) {
    command
      .option('--mailbox <agent>', 'only in this mailbox')
      .option('--body', 'only the body, as it was sent')
      .option('--unseal', 'open what is sealed, with your private key')
      .action(async (id, options) => (await import('../../commands/look/show.ts')).showCommand(context, id, options))
      .addHelpText(
        'after',
        example('dreamos show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE\n  dreamos show 4RCE --body > patch.diff', showRemark),
      );
  },
};

const showRemark = `${endRemark}
--unseal: with the key of --as or DREAMOS_AGENT; where neither is said, of any recipient or its sender whose key is here. Exit 9: none
is here, none opens it, or what is in it is not this message's.`;

export const trace: Verb = {
  words: 'trace <id>',
  setUp(command, context) {
    command
      .option('--mermaid', 'as a sequence diagram for Markdown')
      .action(async (id, options) => (await import('../../commands/look/trace.ts')).traceCommand(context, id, options))
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
      .option('--unseal', 'open what is sealed, with your private key')
      .action(async (id, options) =>
        (await import('../../commands/look/thread.ts')).threadCommand(context, id, options),
      )
      .addHelpText(
        'after',
        example('dreamos thread 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', `Reads every message there is. ${unsealRemark}`),
      );
  },
};

export const search: Verb = {
  words: 'search <text> [agent]',
  setUp(command, context) {
    deadFilters(command)
      .option(
        '--state <states>',
        'ready, delayed, inflight, archived, dead; several with commas; by default all',
        joined,
      )
      .option('--unseal', 'look into what is sealed, too, with your private key')
      .action(async (text, name, options) =>
        (await import('../../commands/look/search.ts')).searchCommand(context, text, name, options),
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
        (await import('../../commands/look/status.ts')).statusCommand(context, names, options),
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
      .action(async (options) => (await import('../../commands/look/top.ts')).topCommand(context, options))
      .addHelpText('after', example('dreamos top\n  dreamos top --json | jq .stuck', 'Its keys: ? on the page.'));
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
        (await import('../../commands/look/watch.ts')).watchCommand(context, names, options),
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
      .option('--at <peer>', 'to topics of another root, which is called so here; with --via, --key and --as')
      .option('--via <address>', 'where `dreamos receive --listen` runs there: tcp://host-b:5555')
      .option('--key <file>', 'the keys of this root and its peers; made where it is missing')
      .action(async (patterns, options) =>
        options.at === undefined && options.via === undefined && options.key === undefined
          ? (await import('../../commands/look/listen.ts')).listenCommand(context, patterns, options)
          : (await import('../../commands/bridge/listen.ts')).listenFarCommand(context, patterns, options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos listen 'build.>'\n  dreamos listen '>' --since 1h --json | jq -r .message.body",
          'What must not be missed is subscribed to. Exit 3: nothing came within --wait. See: dreamos help cursors; of another root: dreamos help bridges',
        ),
      );
  },
};
