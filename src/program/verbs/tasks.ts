/** What is to be done: tasks, and who does them. */
import type { Command } from 'commander';
import { usage } from '../../model/refusals.ts';
import { durabilityHelp, example, joined, type Verb } from './options.ts';

const leaseHelp = 'how long it is yours (default 15m, at most 12h)';

export const task: Verb = {
  words: 'task',
  setUp(command, context) {
    command
      .description('what is to be done: who does it, what it waits for, and what came of it')
      .addHelpText(
        'after',
        example(
          'dreamos task create --title "parse the grammar" --as planner\n  dreamos task next --as ann --wait 10m',
          'States, moves and who gets a task: dreamos help tasks',
        ),
      );
    create(command)
      .action(async ({ batch, dedupeKey, dryRun, ...options }) => {
        if (batch === undefined && (dedupeKey !== undefined || dryRun))
          throw usage('--dedupe-key and --dry-run are for --batch.', 'Leave them out, or give the task as a line');
        if (batch === undefined)
          return (await import('../../commands/tasks/create.ts')).createCommand(context, options);
        const { batchCommand } = await import('../../commands/tasks/batch.ts');
        return batchCommand(context, batch, { dedupeKey, dryRun, ...options });
      })
      .addHelpText('after', example(createExample, createRemark));
    list(command)
      .action(async (options) => (await import('../../commands/tasks/list.ts')).listCommand(context, options))
      .addHelpText('after', example('dreamos task list --blocked\n  dreamos task list --mine --as ann', listRemark));
    command
      .command('show <id>')
      .action(async (id) => (await import('../../commands/tasks/show.ts')).showCommand(context, id))
      .addHelpText('after', example('dreamos task show 4RCE'));
    command
      .command('next')
      .option('--wait <duration>', 'wait this long for one')
      .option('--lease <duration>', leaseHelp)
      .action(async (options) => (await import('../../commands/tasks/next.ts')).nextCommand(context, options))
      .addHelpText('after', example('dreamos task next --as ann --wait 10m', nextRemark));
    command
      .command('accept <id>')
      .option('--lease <duration>', leaseHelp)
      .action(async (id, options) => (await import('../../commands/tasks/next.ts')).acceptCommand(context, id, options))
      .addHelpText('after', example('dreamos task accept 4RCE --as ann', `Exit 5: ${refused}`));
    moves(command, context);
    beads(command, context);
    command
      .command('watch [id]')
      .option('--wait <duration>', 'end when nothing happened for this long (default: never)')
      .action(async (id, options) => (await import('../../commands/tasks/watch.ts')).watchCommand(context, id, options))
      .addHelpText('after', example('dreamos task watch\n  dreamos task watch 4RCE --wait 1h', watchRemark));
  },
};

const repeated = (text: string, texts: string[] = []): string[] => [...texts, text];

function create(command: Command): Command {
  return command
    .command('create')
    .option('--title <text>', 'what is to be done, in a line')
    .option('--body <text>', 'all that is to be known for it; - is the standard input')
    .option('--body-file <file>', 'read the body from a file; - is the standard input')
    .option('--requires <capabilities>', 'what who does it has to be able to do: a,b', repeated)
    .option('--priority <priority>', 'urgent, high, normal or low')
    .option('--depends-on <ids>', 'it waits until these tasks are done: id,id', repeated)
    .option('--deadline <time>', 'when it should be done: 2h from now, 2030-11-21T09:00Z; it is only told')
    .option('--parent <id>', 'the task that it is a part of')
    .option('--data <json>', 'structured data; @<file> and - read it from there')
    .option('--tag <tag>', 'a tag; may be repeated', repeated)
    .option('--from <agent>', 'who wants it, instead of --as')
    .option('--durability <level>', durabilityHelp)
    .option('--no-assign', 'it is put into its queue, and goes to somebody when who looks after tasks looks next')
    .option('--batch <file>', 'many tasks: a line of JSON each, which may name each other; - is the standard input')
    .option('--dedupe-key <key>', 'of a batch: making it again makes nothing twice')
    .option('--dry-run', 'of a batch: check it, and make nothing');
}

function list(command: Command): Command {
  return command
    .command('list')
    .option(
      '--state <task_states>',
      'blocked, ready, assigned, active, done, failed, cancelled; several with commas',
      joined,
    )
    .option('--all', 'in every state')
    .option('--ready', 'what nobody has yet, and what is missing for it')
    .option('--blocked', 'what waits for other tasks, and how those are')
    .option('--mine', 'what you have')
    .option('--agent <agent>', 'what this agent has')
    .option('--tree', 'parts below what they are a part of')
    .option('-n, --limit <number>', 'at most this many');
}

function moves(command: Command, context: Parameters<Verb['setUp']>[1]): void {
  const load = () => import('../../commands/tasks/moves.ts');
  command
    .command('progress <id>')
    .option('--percent <number>', 'how far it is, 0 to 100')
    .option('--note <text>', 'how it goes')
    .option('--lease <duration>', 'how long from now it stays yours')
    .action(async (id, options) => (await load()).progressCommand(context, id, options))
    .addHelpText(
      'after',
      example('dreamos task progress 4RCE --percent 50 --note "tests are green" --as ann', renewing),
    );
  command
    .command('done <id>')
    .option('--result <text>', 'what came of it; - is the standard input')
    .option('--result-file <file>', 'read the result from a file')
    .option('--data <json>', 'the result as data; @<file> reads it from there')
    .action(async (id, options) => (await load()).doneCommand(context, id, options))
    .addHelpText(
      'after',
      example(doneExample, `Exit 5: ${refused} What it waited for is released also if this process dies.`),
    );
  command
    .command('fail <id>')
    .option('--reason <text>', 'why it cannot be done')
    .action(async (id, options) => (await load()).failCommand(context, id, options))
    .addHelpText('after', example('dreamos task fail 4RCE --reason "no such file" --as ann', failRemark));
  command
    .command('cancel <id...>')
    .action(async (ids) => (await load()).cancelCommand(context, ids))
    .addHelpText('after', example('dreamos task cancel 4RCE', cancelRemark));
  command
    .command('retry <id...>')
    .action(async (ids) => (await load()).retryCommand(context, ids))
    .addHelpText('after', example('dreamos task retry 4RCE'));
  command
    .command('assign <id> [agent]')
    .option('--explain', 'only say who could do it, and why the others are passed over')
    .action(async (id, agent, options) =>
      (await import('../../commands/tasks/assign.ts')).assignCommand(context, id, agent, options),
    )
    .addHelpText('after', example(assignExample, assignRemark));
}

function beads(command: Command, context: Parameters<Verb['setUp']>[1]): void {
  const load = () => import('../../commands/tasks/beads.ts');
  command
    .command('import <file>')
    .option('--all', 'also what is closed there: as done')
    .option('--requires-labels', 'labels that may be capabilities are also what the task requires')
    .option('--dry-run', 'check it, and make nothing')
    .action(async (file, options) => (await load()).importCommand(context, file, options))
    .addHelpText('after', example('dreamos task import .beads/issues.jsonl --as planner', importRemark));
  command
    .command('export')
    .option('--all', 'also what is done or cancelled')
    .action(async (options) => (await load()).exportCommand(context, options))
    .addHelpText('after', example('dreamos task export > issues.jsonl', exportRemark));
}

const refused = 'it is not in a state for that, or not yours (dreamos help tasks).';

const createExample = `dreamos task create --title "parse the grammar" --requires ts --as planner
  git diff | dreamos task create --title "review it" --depends-on 4RCE --as boss
  dreamos task create --batch plan.jsonl --dedupe-key plan-1 --as planner`;

const createRemark = `It prints what became of it: assigned to whom, or ready, and what is missing for it, or blocked, and by which tasks. Without a
body the title says all. A standard input that is piped into it is its body.

Of a batch nothing is made if a line is wrong. A line: {"key":"b","title":"…","dependsOn":["a"]}. More: dreamos help tasks`;

const importRemark = `Issues of beads, a line each (- is the standard input). Importing a file again imports nothing twice, nor does it change what is
there. Nothing is made if a line is wrong. What becomes of which field: dreamos help tasks`;

const exportRemark = `Issues as beads reads them, a line each, the oldest first. What came from beads is as it was there, but for what has become of it
here.`;

const listRemark = `What is at work comes first, then what is next. It looks into every mailbox.`;

const nextRemark = `First what is assigned to you, then the best of what nobody has and you can do: the most urgent, of these the oldest. Exit 3:
there is none; exit 5: you hold as many as you may (agent register --max-tasks). While you are at it, task progress keeps it yours.`;

const renewing = 'It also renews the lease. Exit 5: it is no longer yours; somebody else may be at it.';

const doneExample = `dreamos task done 4RCE --result "merged as 1a2b3c4" --as ann
  npm test 2>&1 | dreamos task done 4RCE --result - --as ann`;

const failRemark = `It is not tried again by itself; task retry does that. To give it back for another
attempt, nack it. What waits for it goes on waiting.`;

const cancelRemark = `Who is at it is told when he next says something of it (exit 5). What waits for it goes on waiting until it is retried, or
cancelled too.`;

const assignExample = `dreamos task assign 4RCE ann
  dreamos task assign 4RCE --explain`;

const assignRemark = `Without an agent: who has the capabilities, is there and has room; of these the least loaded, then the longest idle. Exit 3:
there is nobody; exit 5: ${refused}`;

const watchRemark = `With an id it ends when that task is over: exit 0, it is done; exit 5, it failed or was cancelled. Exit 3: nothing happened in
time.`;

export const coordinate: Verb = {
  words: 'coordinate',
  setUp(command, context) {
    command
      .option('--lease <duration>', 'so long the role stays with one that does not move any more (default 10s)')
      .action(async (options) =>
        (await import('../../commands/tasks/coordinate.ts')).coordinateCommand(context, options),
      )
      .addHelpText('after', example('dreamos coordinate --as boss', coordinateRemark));
  },
};

const coordinateRemark = `Tasks go on without it, whenever somebody looks (task next, and whoever waits for mail); with it at once. Start it as often as
you like: one has the role, and when it ends or dies the next one has it within a second. One that was paused for longer than its
lease gives nothing away any more.`;
