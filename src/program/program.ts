/**
 * The command: what it takes before every verb, how a command line is run, and how it ends. The verbs are in tables beside
 * this file; their bodies, in commands/, load when their command is called.
 */
import { Command, CommanderError, Help } from 'commander';
import { Context, type GlobalOptions } from '../cli/context.ts';
import { isCommanderError } from '../cli/errors.ts';
import { topicsLine } from '../cli/help/topics.ts';
import type { Surroundings } from '../cli/surroundings.ts';
import { tell } from '../cli/tell.ts';
import { asksSettings, isNative } from '../contract/native.ts';
import type { VersionJson } from '../contract/system.ts';
import { DreamosError } from '../model/errors.ts';
import { describe } from './describe.ts';
import { audit } from './verbs/audit.ts';
import * as elsewhere from './verbs/elsewhere.ts';
import { hook } from './verbs/hook.ts';
import { identity, trust } from './verbs/identity.ts';
import * as keep from './verbs/keep.ts';
import * as look from './verbs/look.ts';
import * as meta from './verbs/meta.ts';
import { example, type Verb } from './verbs/options.ts';
import * as people from './verbs/people.ts';
import { policy } from './verbs/policy.ts';
import * as reach from './verbs/reach.ts';
import * as send from './verbs/send.ts';
import { dashboard, serve, token } from './verbs/serve.ts';
import * as take from './verbs/take.ts';
import { coordinate, task } from './verbs/tasks.ts';

/** Runs one command line. @param argv without node and script @returns the exit code; it never throws */
export async function run(argv: readonly string[], around: Surroundings): Promise<number> {
  const context = new Context(around);
  context.argv = argv;
  const { program, whole } = createProgram(context);
  let failed = 0;
  let thrown: unknown;
  const asText: Parameters<typeof tell>[5] = async (error, verbs) =>
    (await import('./dashes.ts')).meantAsText(error, whole(), verbs, argv);
  try {
    if (argv.length > 2 && argv.some((word) => /^-(?:h|V|-help|-version)$/.test(word))) {
      if (argv.includes('--json')) context.options = { json: true };
      (await import('./dashes.ts')).refuseAnswered(whole(), argv);
    }
    const parse = () => program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    await parse().catch((error: unknown) => {
      if (!isCommanderError(error) || error.code !== 'commander.unknownCommand') throw error;
      // What it is like is found among all verbs.
      whole();
      return parse();
    });
  } catch (error) {
    thrown = error;
    failed = await tell(error, argv, program, context, whole, asText);
  }
  // What agents call all the time is noted only where it was denied, and nothing is loaded for it.
  if (context.verb !== '' && (!isNative(context.verb, {}) || isDenied(thrown) || context.denied.length > 0))
    await (await import('../cli/security/audited.ts')).noteEnd(context, thrown);
  try {
    await context.close();
  } catch (error) {
    failed ||= await tell(error, argv, program, context, whole, asText);
  }
  if (around.signal.aborted && !context.endsBySignal) return around.signal.reason as number;
  // The tool that runs it would take 2 for a refusal, and swallow the user's prompt.
  const [verb, first] = argv.filter((word, i) => !word.startsWith('-') && !/^--(?:as|root)$/.test(argv[i - 1] ?? ''));
  if (verb === 'hook' && first !== 'bind') failed = 0;
  return context.failed || failed;
}

function isDenied(error: unknown): boolean {
  return error instanceof DreamosError && error.kind === 'denied';
}

/**
 * It has the verbs that are among the words, since commander takes 20 us for each (by QuickJS), and sets them up when they are
 * called; without such a word it has all. `whole()` sets up all.
 */
export function createProgram(context: Context): { program: Command; whole: () => Command } {
  const { around, argv } = context;
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
    .configureHelp({ formatHelp: helpOf, minWidthToWrap: 30 })
    .helpCommand(false)
    .option(
      '--root <dir>',
      'the root, or the folder that holds runtime/agent_comms; or its address in an engine (else DREAMOS_ROOT, else found upward from here)',
    )
    .option('--as <agent>', 'who you are (else DREAMOS_AGENT)')
    .option('--json', 'print JSON Lines; an error is one JSON line on stderr')
    .option('-q, --quiet', 'print data and errors only')
    .option('--no-color', 'never use colour')
    .option('-V, --version', 'print the version; with --json also by which runtime it came')
    .hook('preSubcommand', (_, command) => setUp(command))
    // Its own help lists what every verb does.
    .addHelpText('beforeAll', () => {
      whole();
      return '';
    })
    .hook('preAction', (_, command) => {
      context.options = command.optsWithGlobals<GlobalOptions>();
      const group = command.parent === program ? undefined : command.parent?.name();
      context.verb = [group, command.name()].filter(Boolean).join(' ');
      context.called = command;
      // A root that was typed is meant itself.
      if (around.env['DREAMOS_SERVER'] && context.options.root === undefined) return throughServer(context);
      if (around.toNode && !isNative(context.verb, command.opts())) around.toNode(context.verb);
      // Before anything is read from stdin: then it would be too late. A hook does so itself, once its time runs: its disk may hang.
      if (around.toNode && context.verb !== 'hook' && asksSettings(context.verb))
        return context.session().then(ignore, ignore);
      return undefined;
    })
    .on('option:version', () => {
      const version = around.version();
      const line = argv.includes('--json')
        ? JSON.stringify({ version, ...around.runtime() } satisfies VersionJson)
        : version;
      void context.output.data(`${line}\n`).catch(() => undefined);
      throw new CommanderError(0, 'commander.version', 'version');
    });
  program.addHelpText('after', example(firstExample, topicsLine));
  const missing = new Map<Command, Verb>();
  let isDescribed = false;
  const typed = surface.filter((verb) => argv.includes(nameOf(verb)));
  add(typed.length === 0 ? surface : typed);
  return { program, whole };

  function add(verbs: readonly Verb[]): void {
    for (const verb of verbs) missing.set(program.command(verb.words), verb);
  }

  function whole(): Command {
    const known = new Set(program.commands.map((command) => command.name()));
    add(surface.filter((verb) => !known.has(nameOf(verb))));
    const order = surface.map(nameOf);
    (program.commands as Command[]).sort((a, b) => order.indexOf(a.name()) - order.indexOf(b.name()));
    for (const command of missing.keys()) setUp(command);
    if (!isDescribed) describe(program);
    isDescribed = true;
    return program;
  }

  function setUp(command: Command): void {
    const verb = missing.get(command);
    if (verb === undefined) return;
    missing.delete(command);
    verb.setUp(command, context, whole);
  }
}

function nameOf({ words }: Verb): string {
  return words.split(' ', 1)[0] ?? '';
}

function helpOf(command: Command, helper: Help): string {
  const own = Help.prototype.formatHelp.call(helper, command, helper);
  const everywhere = '\nEverywhere: --root <dir>, --as <agent>, --json, -q, --no-color: dreamos --help\n';
  return command.parent ? own + everywhere : own;
}

/** Every verb, in the order of the help page. */
const surface: readonly Verb[] = [
  people.init,
  people.agent,
  send.send,
  send.reply,
  send.request,
  take.read,
  take.work,
  take.peek,
  take.ack,
  take.nack,
  take.renew,
  look.list,
  look.show,
  look.trace,
  look.thread,
  look.search,
  keep.cancel,
  keep.deliver,
  send.schedule,
  look.watch,
  people.who,
  look.status,
  look.top,
  meta.stats,
  people.resources,
  meta.metrics,
  meta.alerts,
  task,
  coordinate,
  people.pause,
  people.resume,
  send.publish,
  people.subscribe,
  people.unsubscribe,
  look.listen,
  people.topics,
  reach.reserve,
  keep.archive,
  keep.dlq,
  meta.config,
  identity,
  trust,
  policy,
  audit,
  serve,
  dashboard,
  token,
  elsewhere.bridge,
  elsewhere.receive,
  keep.doctor,
  keep.maintain,
  keep.importTree,
  reach.setup,
  hook,
  reach.mcp,
  reach.wake,
  meta.explain,
  keep.backup,
  keep.restore,
  elsewhere.dump,
  elsewhere.load,
  elsewhere.move,
  keep.exportMail,
  meta.schema,
  meta.completion,
  meta.help,
];

const firstExample = `dreamos init planner reviewer
  dreamos send reviewer --as planner --body-file notes.md
  dreamos read reviewer --wait 30s`;

/** @throws USAGE: it is not done through a server */
async function throughServer(context: Context): Promise<void> {
  // Nothing of what the native program does itself is done by it then.
  context.around.toNode?.('DREAMOS_SERVER');
  const { serverFor } = await import('../cli/tools/server.ts');
  context.server = serverFor(context);
}

/** A root that cannot be opened is the command's to tell. */
function ignore(): void {}
