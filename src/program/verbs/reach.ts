/** Reaching agents in their own tools, and what they tell one another without mail. */
import type { Command } from 'commander';
import { example, type Verb } from './options.ts';

export const wake: Verb = {
  words: 'wake [agent]',
  setUp(command, context) {
    command
      .usage('[agent] (--tmux <pane> | --exec … | --notify | --bell)')
      .option('--tmux <pane>', 'type it into this pane, once that is safe')
      .option('--ready <regex>', 'what the last lines of the pane match when the agent waits for a prompt')
      .option('--exec [command...]', 'run this command; what has options stands behind "--"')
      .option('--notify', 'a notice on the desktop, else on the terminal')
      .option('--bell', 'the bell of this terminal')
      .option('--wait <duration>', 'end when nothing came for this long (default: never)')
      .allowExcessArguments()
      .action(async (_name, options, called: Command) =>
        (await import('../../wake/wake.ts')).wakeCommand(context, called.args, options),
      )
      .addHelpText('after', example(wakeExample, wakeRemark));
  },
};

const wakeExample = `dreamos wake reviewer --tmux %3
  dreamos wake reviewer --exec -- kitty @ send-text --match title:r --stdin
  while dreamos wake reviewer --notify; do :; done`;

const wakeRemark = `Exit 0: rung once; 3: nothing came; 4: no such pane; 5: there is mail, and nobody was rung, or it is not certain. A
message is rung for once, again after 10 and 60 minutes while nobody claims it, and not after that; also over several runs, and
with what the hooks of the agent in the pane announce.

The command has the sentence on stdin and in DREAMOS_SENTENCE; it is run as it is, without a shell.

Into a pane the sentence is typed only if: the agent rests for 2 seconds, as its hooks tell (without hooks: --ready must
match); server, pane and process are those of the start, and no shell is in front; it is not in copy mode; nobody who sees
it has pressed a key for 10 seconds; two looks are equal; no question is seen, and the composer is empty. Those of Claude Code,
Codex and Gemini CLI are known, and Cursor's by what others tell; of any other say --ready. Then it is looked at again before Enter
is pressed, and after. Whatever is not as it should be is told, and nothing is typed twice.`;

export const reserve: Verb = {
  words: 'reserve <path...>',
  setUp(command, context) {
    const group = command
      .usage('[options] <path...>')
      .option('--shared', 'others may have it, too, if theirs is shared as well')
      .option('--for <duration>', 'how long (at most 24h)', '1h')
      .option('--reason <text>', 'what for; who is refused is told')
      .option('--wait <duration>', 'wait this long until all of it is free')
      .hook('preSubcommand', handDown)
      .action(async (paths, options) =>
        (await import('../../commands/reach/reserve.ts')).reserveCommand(context, paths, options),
      )
      .addHelpText('after', example(reserveExample, reserveRemark));
    group
      .command('list')
      .action(async () => (await import('../../commands/reach/reserve.ts')).listCommand(context))
      .addHelpText('after', example('dreamos reserve list'));
    group
      .command('check <path...>')
      .option('--shared', 'only look at them: what others have shared is no hindrance')
      .option('--literal', 'they are names of files, and no patterns')
      .action(async (paths, options) =>
        (await import('../../commands/reach/reserve.ts')).checkCommand(context, paths, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos reserve check src/parser.ts --as ann && vi src/parser.ts',
          'Exit 0: free, or yours; exit 5: held by others, who stand in the error and, with --json, in `held`. It writes nothing. Without --as or DREAMOS_AGENT nothing is yours.',
        ),
      );
    group
      .command('renew [path...]')
      .option('--for <duration>', 'how long from now (at most 24h); it is never made shorter', '1h')
      .action(async (paths, options) =>
        (await import('../../commands/reach/reserve.ts')).renewCommand(context, paths, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos reserve renew --for 2h --as ann',
          'Exit 5: one was over already; others may have had the files.',
        ),
      );
    group
      .command('release [path...]')
      .action(async (paths) => (await import('../../commands/reach/reserve.ts')).releaseCommand(context, paths))
      .addHelpText(
        'after',
        example('dreamos reserve release --as ann', 'Exit 5: one was over already. Look at what you did since then.'),
      );
  },
};

/** Commander takes an option that is both the group's and that of a verb below for the group's, wherever it stands. */
function handDown(group: Command, verb: Command): void {
  for (const [name, value] of Object.entries(group.opts())) {
    if (group.getOptionValueSource(name) !== 'cli') continue;
    if (!verb.options.some((option) => option.attributeName() === name))
      verb.error(`error: unknown option '--${name}'`, { code: 'commander.unknownOption' });
    verb.setOptionValueWithSource(name, value, 'cli');
  }
}

const reserveExample = `dreamos reserve src/parser.ts test/parser --as ann --reason "new grammar"
  dreamos reserve 'src/**/*.css' --as bob --for 20m --wait 10m
  dreamos reserve check src/parser.ts --as bob`;

const reserveRemark = `Exit 5: others have some of it; nothing is reserved, and the error says who, until when and why. With --wait it waits for all
of it, and whoever asks first when it is free gets it. Asking again for what you have makes it last longer.

It is advice: who does not ask is not stopped. It ends by itself. The token that it prints is larger than all before it: what
can be written from two sides may refuse who comes with a smaller one.

A path begins in the current folder; links are followed. A folder is all that is in it, and so is what is not there yet. In quotes, as in a .gitignore: * and ?
within a name, [a-z], ** for any number of folders, a backslash in front of what is meant as it stands; *.ts are files
alone. Patterns that may have a file in common are in conflict, and so are names that differ in case alone. A file of another
worktree of git is another file. A file that is called list, check, renew or release is ./list.`;

export const setup: Verb = {
  words: 'setup [tool...]',
  setUp(command, context) {
    command
      .usage('[claude|codex|gemini|cursor|opencode…] [options]')
      .option(
        '--scope <scope>',
        'local (yours in this project; the default), project (everybody in it) or user (yours everywhere)',
      )
      .option('--mcp', 'also register the MCP server')
      .option('--guard', 'also ask before files are changed that others have reserved, and before a commit of git')
      .option('--instructions', 'also a few lines in CLAUDE.md, AGENTS.md or GEMINI.md')
      .option('--no-wake', 'tell of mail at work, and wake nobody that rests')
      .option('--dry-run', 'print what would change, as a diff')
      .option('--check', 'say whether all is there and can work')
      .option('--uninstall', 'take out what setup has put in')
      .action(async (tools, options) =>
        (await import('../../commands/reach/setup.ts')).setupCommand(context, tools, options),
      )
      .addHelpText(
        'after',
        example(
          'dreamos setup claude --as reviewer\n  dreamos setup --check',
          'Without a tool: those that are found here. With --check, exit 3: something is missing. What it writes, and where: dreamos help hosts',
        ),
      );
  },
};

export const mcp: Verb = {
  words: 'mcp',
  setUp(command, context) {
    command
      .action(async () => (await import('../../mcp/mcp.ts')).mcpCommand(context))
      .addHelpText(
        'after',
        example(
          'dreamos mcp --as reviewer',
          "It talks the Model Context Protocol on stdin and stdout, and ends when they do: an\nagent's tool starts it. It wakes nobody. See: dreamos help tools",
        ),
      );
  },
};
