/** Other roots: taking all that one holds there, and bridges to it. */
import { example, labelled, type Verb } from './options.ts';

export const dump: Verb = {
  words: 'dump [file]',
  setUp(command, context) {
    command
      .action(async (file) => (await import('../../commands/move/dump.ts')).dumpCommand(context, file))
      .addHelpText(
        'after',
        example(
          'dreamos dump mail.jsonl\n  dreamos dump - | ssh box dreamos load - --root /srv/mail',
          'Without a file, or with -, to standard output. Others go on meanwhile: what was acknowledged before it began is in it, each\nmessage once, with its claim, its receipt, its attempts and its events. For keeping there is `dreamos backup`.',
        ),
      );
  },
};

export const load: Verb = {
  words: 'load <file>',
  setUp(command, context) {
    command
      .action(async (file) => (await import('../../commands/move/load.ts')).loadCommand(context, file))
      .addHelpText(
        'after',
        example(
          'dreamos load mail.jsonl --root /home/ann/again',
          'From a file, or with - from standard input. The root appears when all of the dump was there, fitted its counts and digests,\nand is on disk; one that has mail is never touched.',
        ),
      );
  },
};

export const move: Verb = {
  words: 'move',
  setUp(command, context) {
    command
      .option('--to <place>', 'where to: file:<folder>, or an engine, redis://host:6379/0')
      .option('--durability <level>', 'of an engine: full (else refused; the default) or relaxed')
      .option('--replicas <number>', 'of an engine: what is sent is confirmed once so many replicas have it')
      .option('--resume', 'go on with a move that was cut off')
      .option('--abort', 'take back a move that was cut off: the root is where it was')
      .option('--dry-run', 'only say what would be moved')
      .option('--purge', 'remove what was left where roots were before they were moved')
      .action(async (options) => (await import('../../commands/move/move.ts')).moveCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos move --to file:/mnt/fast/mail\n  dreamos move --to redis://localhost:6379/0\n  dreamos move --purge',
          'Whoever has the root open is told so (ROOT_MOVED) and begins again in the new place; receipts stay good. The folder of\nthe root says where it is now, so nobody has to name the new one. What fails is given back.',
        ),
      );
  },
};

export const bridge: Verb = {
  words: 'bridge <peer>',
  setUp(command, context) {
    labelled(
      command
        .option(
          '--via <carrier>',
          "a command line that ends in `dreamos receive` there, a broker, or who listens there: 'ssh host-b dreamos receive', amqp://user@host/vhost, nats://user@host/stream, tcp://host-b:5555",
        )
        .option('--name <name>', 'what this root is called there; a broker needs it')
        .option('--key <file>', 'for tcp://: the keys of this root and its peers; made where it is missing')
        .option('--once', 'carry what is ready now, and end; for cron'),
      ', else bridge:<peer>',
    )
      .action(async (peer, options) =>
        (await import('../../commands/bridge/bridge.ts')).bridgeCommand(context, peer, options),
      )
      .addHelpText(
        'after',
        example(
          "dreamos agent register bob --at host-b\n  dreamos bridge host-b --via 'ssh host-b dreamos receive'\n  dreamos bridge host-b --via amqp://mail@broker/team --name host-a",
          'It carries the mail of agents whose card says `at` this peer, until a signal comes (Ctrl-C, SIGTERM): what is under way is finished then, or given back. It may be killed at any time: nothing is lost, and nothing comes twice. Exit 8 with --once: the peer cannot be reached. See: dreamos help bridges',
        ),
      );
  },
};

export const receive: Verb = {
  words: 'receive',
  setUp(command, context) {
    command
      .option('--listen <address>', 'for bridges that come by ZeroMQ, until a signal comes: tcp://192.0.2.2:5555')
      .option(
        '--key <file>',
        'for --listen: the keys of this root and of those that may connect; made where it is missing',
      )
      .action(async (options) => (await import('../../commands/bridge/receive.ts')).receiveCommand(context, options))
      .addHelpText(
        'after',
        example(
          "dreamos bridge host-b --via 'ssh host-b dreamos receive'\n  dreamos receive --listen tcp://192.0.2.2:5555 --key ~/.config/dreamos/zeromq",
          'A bridge starts it on the other machine and talks to it on stdin and stdout; it ends when they do. With --listen it is started there for all bridges. What it stores goes by the rules of this root: limits, policy, who has retired.',
        ),
      );
  },
};
