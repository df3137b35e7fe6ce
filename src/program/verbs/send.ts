/** Putting mail on its way. */
import {
  becoming,
  durabilityHelp,
  labelled,
  wording,
  sealing,
  sending,
  content,
  example,
  type Verb,
} from './options.ts';

export const send: Verb = {
  words: 'send [to] [body] [-]',
  setUp(command, context) {
    sealing(content(command))
      .option('--from <agent>', 'the sender, instead of --as')
      .option('--reply-to <id>', 'the message it answers')
      .option('--batch', 'read JSON Lines from the standard input, one message a line')
      .option('--dry-run', 'only say who would get it and why')
      .option(
        '--until <step>',
        'then wait until it is announced to, claimed or acked by every recipient (60s, or --wait)',
      )
      .option('--wait <duration>', 'wait this long: for room in a full mailbox, and for what --until names')
      .action(async (to, body, input, options) =>
        (await import('../../commands/send/send.ts')).sendCommand(context, to, [body, input], options),
      )
      .addHelpText(
        'after',
        example(
          sendExample,
          `${bodyRemark}\n\nA group leaves out who has retired, and the sender, unless named beside it. One commit for all of them.\n\n${sealRemark}\n\nWith --until, exit 3: it is sent, but that has\nnot happened in time; exit 5: it went to the dead-letter queue, or was cancelled.`,
        ),
      );
  },
};

export const reply: Verb = {
  words: 'reply [message] [body] [-]',
  setUp(command, context) {
    labelled(sealing(content(command)))
      .option('--no-seal', 'in the open, although what it answers was sealed')
      .option('--ack', 'finish the original with it')
      .option('--again', 'answer although it was answered before')
      .option('--wait <duration>', 'wait this long for room in a full mailbox')
      .action(async (message, body, input, options) =>
        (await import('../../commands/send/reply.ts')).replyCommand(context, [message, body, input], options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos reply "blue" --ack\n  git diff --stat | dreamos reply "$RECEIPT" --ack',
          'Without a message it answers the only one that you hold (dreamos help ack), and a single text is the answer.\nA second answer to the same message is noticed as long as dedupeWindow says (dreamos help settings); --again sends it\nall the same. An answer to what was sealed is sealed, too.',
        ),
      );
  },
};

export const request: Verb = {
  words: 'request <to> [body] [-]',
  setUp(command, context) {
    sealing(wording(command))
      .option('--durability <level>', durabilityHelp)
      .option('--from <agent>', 'who asks, instead of --as')
      .option('--wait <duration>', 'wait this long (default 30s, at most 12h)')
      .action(async (to, body, input, options) =>
        (await import('../../commands/send/request.ts')).requestCommand(context, to, [body, input], options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos request reviewer --as planner --wait 5m --body-file question.md',
          'Whoever answers does it with `reply` (or `send --reply-to`). While the request waits, no other reader of your mailbox can\ntake the answer; what comes later, and all but the first of several, goes to your mailbox. Exit 3: none came in time.\nIt acks the answer once it has been written out. A sealed answer is opened where your key is.',
        ),
      );
  },
};

export const publish: Verb = {
  words: 'publish <topic> [body] [-]',
  setUp(command, context) {
    sealing(sending(wording(command)))
      .option('--from <agent>', 'the sender, instead of --as')
      .option('--reply-to <id>', 'the message it answers')
      .option('--wait <duration>', "wait this long for room in a subscriber's full mailbox")
      .action(async (topic, body, input, options) =>
        (await import('../../commands/send/publish.ts')).publishCommand(context, topic, [body, input], options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos publish build.done "all green" --as ci\n  npm test 2>&1 | dreamos publish build.log --as ci --subject "the tests"',
          "It goes into the topic's log and into each subscriber's mailbox, the sender's own included, as one commit; without a\nsubscriber into the log alone. A topic needs no set-up. Exit 5: a subscriber's mailbox is full, nothing was published.",
        ),
      );
  },
};

export const schedule: Verb = {
  words: 'schedule',
  setUp(command, context) {
    const group = command.description('sends that come again and again, by cron lines');
    becoming(wording(group.command('add <name> <cron> <to> [body] [-]')))
      .option('--tz <zone>', 'an IANA time zone, such as Europe/Berlin', 'UTC')
      .option('--from <agent>', 'the sender, instead of --as')
      .action(async (name, cron, to, body, input, options) =>
        (await import('../../commands/send/schedule.ts')).addCommand(context, [name, cron, to], [body, input], options),
      )
      .addHelpText('after', example(scheduleExample, scheduleRemark));
    group
      .command('list')
      .action(async () => (await import('../../commands/send/schedule.ts')).listCommand(context))
      .addHelpText('after', example('dreamos schedule list'));
    group
      .command('show <name>')
      .action(async (name) => (await import('../../commands/send/schedule.ts')).showCommand(context, name))
      .addHelpText('after', example('dreamos schedule show nightly'));
    group
      .command('remove <name...>')
      .action(async (names) => (await import('../../commands/send/schedule.ts')).removeCommand(context, names))
      .addHelpText('after', example('dreamos schedule remove nightly'));
    group.addHelpText('after', example('dreamos schedule list\n  dreamos help schedule add'));
  },
};

const sendExample = `dreamos send reviewer --as planner --subject "Please look" --body-file n.md
  git diff | dreamos send reviewer,tester --as planner --type task
  git diff | dreamos send reviewer --as planner "Please review:" -
  dreamos send @reviewers,planner --as lead --dry-run "Standup at ten"
  printf '{"to":"%s","body":"Ready?"}\\n' reviewer tester |
    dreamos send --batch --as planner
  dreamos send reviewer --as planner -- "-- a body that begins with a dash"`;

const scheduleExample = `dreamos schedule add nightly "0 3 * * *" reviewer "check the build" \\
    --as planner --tz Europe/Berlin
  dreamos schedule add standup "30 9 * * mon-fri" reviewer,tester --as planner \\
    --body-file standup.md --ttl 2h`;

const scheduleRemark = `The line: minute, hour, day of month, month, day of week; a sixth field in front is seconds; also @hourly, @daily, @weekly,
@monthly, @yearly, and L (last), W (nearest weekday) and # (nth weekday) as croner has them. Where clocks are put forward,
a fixed time that does not exist comes right after the gap; where they are put back, it comes once. Lines with * or a step
in minute or hour go by the clock on the wall: they skip the gap, and come in both passes of an hour.

Nothing runs in the background: a schedule is sent while some dreamos process waits (watch, read --wait, work, a consumer),
for example dreamos watch as a service, or when cron calls dreamos maintain. Each time is sent once, however many wait. Of
times that nobody waited for, only the latest is sent, when the next one begins to wait. A send that is refused (the
recipient has retired, or its mailbox is full) is skipped: see list.`;

const sealRemark = `With --seal the root, its logs, exports and backups have the ciphertext alone (age): who opens it is who it goes to and who sends
it, with a private key that lies outside the root. From, to, type, tags, times and size stay readable, and the subject without
--seal-subject. A recipient without a key is named, and nothing is sent (exit 6). \`show ID --body | age -d -i key\` opens it, too.`;

const bodyRemark = `The body is an argument, in --body-file, or, without either or as -, on the standard input; with "text" - it is the text,
a new line and the standard input. Beside a text alone, input that was opened for this command is refused (on Linux): what a
shell pipes or redirects to it, even before anything has come, and text that a program in Node, Python or the like has
written to it by then. It is never waited for, so what comes later from such a program is dropped; so is a JSON object, as
hooks and workers hand it to all they start. What others read, too, as in a loop (while read), is left to them.`;
