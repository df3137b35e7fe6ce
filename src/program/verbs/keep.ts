/** What was finished, what failed, and keeping house. */
import { deadFilters, example, lookFilters, ownOrAll, type Verb } from './options.ts';

export const cancel: Verb = {
  words: 'cancel <id...>',
  setUp(command, context) {
    command
      .action(async (ids) => (await import('../../commands/keep/cancel.ts')).cancelCommand(context, ids))
      .addHelpText('after', example('dreamos cancel 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
  },
};

export const deliver: Verb = {
  words: 'deliver <id> [now]',
  setUp(command, context) {
    command
      .option('--at <time>', 'then, instead of now: 2030-11-21T09:00Z, or with +02:00; without either it is UTC')
      .action(async (id, when, options) =>
        (await import('../../commands/keep/deliver.ts')).deliverCommand(context, id, when, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos deliver 01JD3Y6Q0V8M5T2B7K9XWZ4RCE now\n  dreamos deliver 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --at 2030-11-21T09:00Z',
          'In every mailbox where it is delayed; its attempts and its place in its\nordering key stay as they are.',
        ),
      );
  },
};

export const archive: Verb = {
  words: 'archive',
  setUp(command, context) {
    const group = command.description('what was finished');
    lookFilters(group.command('list [agent]'))
      .action(async (name, options) =>
        (await import('../../commands/keep/archive.ts')).listCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos archive list reviewer -n 20', ownOrAll));
    group
      .command('show [words...]')
      .usage('[options] [agent] <id>')
      .action(async (words) => (await import('../../commands/keep/archive.ts')).showCommand(context, words))
      .addHelpText('after', example('dreamos archive show reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
    lookFilters(group.command('search <text> [agent]'))
      .action(async (text, name, options) =>
        (await import('../../commands/keep/archive.ts')).searchCommand(context, text, name, options),
      )
      .addHelpText('after', example('dreamos archive search "release notes" reviewer'));
    group
      .command('restore [words...]')
      .usage('[options] [agent] <id...>')
      .action(async (words) => (await import('../../commands/keep/archive.ts')).restoreCommand(context, words))
      .addHelpText('after', example('dreamos archive restore reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
    group
      .command('pack [agent]')
      .option('--before <day>', 'only days before this one: 2026-11-20, or how long ago: 7d (default: today)')
      .option('--dry-run', 'only say what would be packed')
      .action(async (name, options) =>
        (await import('../../commands/keep/archive.ts')).packCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos archive pack reviewer --before 7d'));
    group
      .command('prune [agent]')
      .option('--older-than <duration>', 'days older than this')
      .option('--keep-bytes <bytes>', 'the oldest days, until no more than this is left')
      .option('--dry-run', 'only say what would be deleted')
      .action(async (name, options) =>
        (await import('../../commands/keep/archive.ts')).pruneCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos archive prune reviewer --older-than 30d --dry-run', "Never today's."));
    lookFilters(group.command('export [agent]'))
      .option('--since <time>', 'finished from then on: 2026-11-20, 2026-11-20T09:00:00Z, or how long ago: 7d')
      .option('--until <time>', 'finished before then')
      .action(async (name, options) =>
        (await import('../../commands/keep/archive.ts')).exportCommand(context, name, options),
      )
      .addHelpText('after', example('dreamos archive export reviewer --since 30d > reviewer.jsonl', ownOrAll));
    group.addHelpText('after', example('dreamos archive list reviewer'));
  },
};

const chosenRemark = 'By ids, by filter, or --all. With --limit the oldest; without a name those in all mailboxes.';

export const dlq: Verb = {
  words: 'dlq',
  setUp(command, context) {
    const group = command.description('what failed, why, and again');
    deadFilters(group.command('list [agent]'))
      .action(async (name, options) => (await import('../../commands/keep/dlq.ts')).listCommand(context, name, options))
      .addHelpText('after', example('dreamos dlq list\n  dreamos dlq list reviewer --reason ETIMEDOUT'));
    group
      .command('show [words...]')
      .usage('[options] [agent] <id>')
      .action(async (words) => (await import('../../commands/keep/dlq.ts')).showCommand(context, words))
      .addHelpText('after', example('dreamos dlq show reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'));
    deadFilters(group.command('retry [words...]'))
      .usage('[options] [agent] [id...]')
      .option('--all', 'every one in the mailbox, or, without a name, everywhere')
      .option('--dry-run', 'only say which')
      .action(async (words, options) =>
        (await import('../../commands/keep/dlq.ts')).retryCommand(context, words, options),
      )
      .addHelpText(
        'after',
        example('dreamos dlq retry reviewer --reason ETIMEDOUT\n  dreamos dlq retry reviewer --all', chosenRemark),
      );
    deadFilters(group.command('purge [words...]'))
      .usage('[options] [agent] [id...]')
      .option('--all', 'every one in the mailbox, or, without a name, everywhere')
      .option('--force', 'with --all and no filter: all of them are meant')
      .option('--dry-run', 'only say which')
      .action(async (words, options) =>
        (await import('../../commands/keep/dlq.ts')).purgeCommand(context, words, options),
      )
      .addHelpText('after', example('dreamos dlq purge reviewer --older-than 30d --dry-run', chosenRemark));
    group.addHelpText('after', example('dreamos dlq list\n  dreamos dlq retry reviewer --reason ETIMEDOUT'));
  },
};

export const doctor: Verb = {
  words: 'doctor',
  setUp(command, context) {
    command
      .option('--fix', 'repair what is safe to repair')
      .action(async (options) => (await import('../../commands/keep/doctor.ts')).doctorCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos doctor --fix',
          'Exit 0: nothing is wrong, or all of it was repaired. Exit 6: problems remain.',
        ),
      );
  },
};

export const maintain: Verb = {
  words: 'maintain [agent...]',
  setUp(command, context) {
    command
      .option('--dry-run', 'only say what would be done')
      .action(async (names, options) =>
        (await import('../../commands/keep/maintain.ts')).maintainCommand(context, names, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos maintain --dry-run\n  17 3 * * * dreamos maintain --quiet --root /home/ann/shop  (in a crontab)',
          'Packs and removes what packAfterDays, archiveDays, archiveBytes, eventDays, eventBytes and topicRetention say (dreamos help\nsettings), moves what is due or expired, sends what schedules say, and forgets old dedupe keys; with names,\nonly what concerns these mailboxes. What fails does not keep the rest. A dry run counts what is not packed yet as it is, so\nwith archiveBytes it may name days that fit once they are packed.',
        ),
      );
  },
};

export const backup: Verb = {
  words: 'backup <file>',
  setUp(command, context) {
    command
      .action(async (file) => (await import('../../commands/keep/backup.ts')).backupCommand(context, file))
      .addHelpText(
        'after',
        example(
          'dreamos backup /mnt/backup/mail-$(date +%F).tar.gz',
          'Others go on meanwhile. What was acknowledged before it began is in it, each message once; a message that is claimed, or\nwas finished meanwhile, is delivered again by who restores it. The file appears when it is whole and on disk.',
        ),
      );
  },
};

export const exportMail: Verb = {
  words: 'export',
  setUp(command, context) {
    command
      .option('--sqlite <file>', 'into a database; the next export into it brings what is new')
      .option('--jsonl [file]', 'as JSON Lines, a line for each row; without a file to standard output')
      .option('--csv [path]', 'as CSV: a folder for a file of each table, or with --table a file or standard output')
      .option('--table <name>', 'only this one: messages, deliveries, events, tags or tasks')
      .option('--since <time>', 'what was sent and happened from then on: 2026-11-20, or how long ago: 7d')
      .option('--agent <name>', "only what is in this agent's mailbox")
      .action(async (options) => (await import('../../commands/keep/export.ts')).exportCommand(context, options))
      .addHelpText(
        'after',
        example(
          'dreamos export --sqlite ~/mail.db\n  dreamos export --csv --table deliveries --since 7d > deliveries.csv',
          'Others go on meanwhile. The database appears whole and on disk, or stays as it was; a file that export has not made is\nnever changed. What is in it, and what it answers: dreamos help tables',
        ),
      );
  },
};

export const restore: Verb = {
  words: 'restore <file>',
  setUp(command, context) {
    command
      .action(async (file) => (await import('../../commands/keep/restore.ts')).restoreCommand(context, file))
      .addHelpText(
        'after',
        example(
          'dreamos restore /mnt/backup/mail-2026-11-20.tar.gz --root /home/ann/again',
          'Every message is checked against its digest first. The root appears when all of it is there and on disk; one that has\nmail is never touched.',
        ),
      );
  },
};

export const importTree: Verb = {
  words: 'import <dir>',
  setUp(command, context) {
    command
      .option('--format <name>', 'auto, or dreamos-lenient, which also mends two kinds of broken JSON', 'auto')
      .option(
        '--map <old=new>',
        'import the agent old as new; may be repeated',
        (pair: string, pairs: string[] = []) => [...pairs, pair],
      )
      .option('--deliver', 'make the unfinished ones ready instead')
      .option('--dry-run', 'only say what would happen')
      .action(async (dir, options) =>
        (await import('../../commands/keep/import.ts')).importCommand(context, dir, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos import old/mail --dry-run\n  dreamos import old/mail --map Agent3=Agent-3',
          'Unreadable files are listed, a copy of each is kept in corrupt/, and they do not change the exit code. The old tree\nstays as it is.',
        ),
      );
  },
};
