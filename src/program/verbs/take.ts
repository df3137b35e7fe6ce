/** Taking mail, and finishing it. */
import type { Command } from 'commander';
import { filters, example, labelled, unsealRemark, type Verb } from './options.ts';

export const read: Verb = {
  words: 'read [agent]',
  setUp(command, context) {
    labelled(filters(command))
      .option('-n, --count <number>', 'up to this many')
      .option('--lease <duration>', 'how long it is yours (default 15m, at most 12h)')
      .option('--wait <duration>', 'wait this long for one to come')
      .option('--ack', 'finish each once it has been written out')
      .option('--brief', 'in few words, for a model; of a long body the first 8 KiB')
      .option('--unseal', 'open what is sealed, with your private key')
      .action(async (name, options) =>
        (await import('../../commands/take/read.ts')).readCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example('dreamos read reviewer --wait 30s\n  dreamos read reviewer --json | jq -r .receipt', readRemark),
      );
  },
};

const readRemark = `Exit 3: nothing came. With --unseal what does not open is given back as a failed attempt, and a warning says why.
Where no key is here (exit 9) it is given back as it was.`;

export const work: Verb = {
  words: 'work [agent]',
  setUp(command, context) {
    labelled(filters(command), ', else host:pid')
      .usage('[options] [agent] -- <command...>')
      .option('-n, --count <number>', 'end after this many')
      .option('--lease <duration>', 'how long a claim holds; it renews itself while the command runs (default 15m)')
      .option('--wait <duration>', 'end when nothing came for this long (default: never)')
      .option('--concurrency <number>', 'run up to this many at a time (default 1)')
      .option('--handler-timeout <duration>', 'end the command and all it has started after this long')
      .option('--map-exit <pairs>', 'what exit codes mean: 3=dead,4=ack,5=retry,6=fail')
      .option('--reply', 'send what the command prints as the reply; nothing printed: no reply')
      .option('--no-unseal', 'hand sealed mail over as it lies')
      .allowExcessArguments()
      .action(async (_name, options, called: Command) =>
        (await import('../../commands/take/work.ts')).workCommand(context, called.args, options),
      )
      .addHelpText('after', example(workExample, workRemark));
  },
};

export const peek: Verb = {
  words: 'peek [agent]',
  setUp(command, context) {
    filters(command)
      .option('-n, --count <number>', 'up to this many')
      .option('--wait <duration>', 'wait this long for one to come: the doorbell')
      .option('--unseal', 'open what is sealed, with your private key')
      .action(async (name, options) =>
        (await import('../../commands/take/peek.ts')).peekCommand(context, name, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos peek reviewer --wait 10m --quiet >/dev/null && notify-send "mail"',
          `Exit 3: nothing came. ${unsealRemark}`,
        ),
      );
  },
};

export const ack: Verb = {
  words: 'ack [message...]',
  setUp(command, context) {
    labelled(command)
      .option('--score <number>', 'how good the work is, 0 to 1; kept in the event log')
      .option('--note <text>', 'the same in words')
      .action(async (messages, options) =>
        (await import('../../commands/take/ack.ts')).ackCommand(context, messages, options),
      )
      .addHelpText(
        'after',
        example('dreamos ack\n  dreamos ack "$RECEIPT" --score 0.9\n  dreamos ack 4RCE --as reviewer', heldRemark),
      );
  },
};

export const nack: Verb = {
  words: 'nack [message...]',
  setUp(command, context) {
    labelled(command)
      .option('--delay <duration>', 'rest this long (default: 1s, doubling to 5m, with jitter)')
      .option('--reason <text>', 'why; kept in the event log and with dead letters')
      .option('--dead', 'do not try again')
      .action(async (messages, options) =>
        (await import('../../commands/take/nack.ts')).nackCommand(context, messages, options),
      )
      .addHelpText('after', example('dreamos nack "$RECEIPT" --delay 5m --reason "build is red"', heldRemark));
  },
};

export const renew: Verb = {
  words: 'renew [message...]',
  setUp(command, context) {
    labelled(command)
      .option('--lease <duration>', 'from now on (default: as configured, at most 12h)')
      .action(async (messages, options) =>
        (await import('../../commands/take/renew.ts')).renewCommand(context, messages, options),
      )
      .addHelpText('after', example('dreamos renew "$RECEIPT" --lease 30m', heldRemark));
  },
};

const heldRemark = `A receipt, an id, or its last characters, at least 4. Without any it is the only message that you hold, whoever's mailbox
it came from; holding several, you are told which. Where neither --as nor DREAMOS_AGENT says who you are, it is the only
one that is held at all, if it was claimed in its own mailbox's name.`;

const workExample = `dreamos work reviewer -- ./handle
  dreamos work reviewer --reply --concurrency 4 --handler-timeout 5m -- \\
    sh -c 'jq -r .message.body | wc -w'`;

const workRemark = `The command gets the message on stdin as read --json prints it, its short fields in DREAMOS_MSG_ID, _FROM, _SUBJECT,
_TYPE, _PRIORITY, _THREAD, _REPLY_TO, _TOPIC, _ORDERING_KEY, _CREATED_AT, _EXPIRES_AT, _SEALED, _MAILBOX, _ATTEMPT, _RECEIPT,
_SIGNATURE and _SIGNED_BY (control characters written out), and DREAMOS_ROOT, DREAMOS_AGENT and DREAMOS_LABEL; TRACEPARENT and TRACESTATE, if it is
part of a trace. No shell comes between.

What is sealed it gets opened (_SEALED is opened, on stdin "unsealed": true), and its reply is sealed. What does not open is a
failed attempt; where the private key of the mailbox's agent is not here it rests, uses up none, and the command is not called.
With --no-unseal it gets the ciphertext (_SEALED is age). What it says on stderr lies in the event log, in the open.

  exit 0                     done: acked
  exit 75                    not now: comes again after a rest that doubles each time, and uses up no attempt
  exit 65                    never: to the dead-letter queue
  any other, or a signal     a failed attempt: comes again after its backoff; the last one goes to the dead-letter queue

The exit decides, also when the command leaves something running that keeps its output open. A reply that the sender
cannot take (not registered, retired, full) changes nothing either: it is kept in the archive of this mailbox, and a warning
says how to send it. A message that no line of JSON can hold is a failed attempt, too.

The last lines on stderr are the reason, in the event log and with dead letters. stdout goes to stdout, with --json to
stderr: then stdout has one line for each message that is finished. stdin, stdout and stderr are sockets: write - and >&2,
not /dev/stdin and /dev/stderr.

Ctrl-C, SIGTERM, SIGQUIT or a closed terminal: finishes what runs, takes nothing new, exits 130, 143, 131 or 129. A second
one ends the commands and gives their messages back. Under nohup a closed terminal ends nothing. A lost lease and
--handler-timeout send SIGTERM to the whole process group, and SIGKILL after 5 s. If the worker itself is killed, its
messages come again when their leases end. Exit 3: nothing came within --wait; 0: something came, also when every command
failed: the outcomes of --json and dreamos dlq list say so.`;
