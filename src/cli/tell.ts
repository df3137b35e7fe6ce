import { quoteWord } from '../model/basics/shell-word.ts';
import type { Command } from 'commander';
import { cut } from '../model/basics/text.ts';
import { DreamosError } from '../model/errors.ts';
import { usage } from '../model/refusals.ts';
import type { Context, GlobalOptions } from './context.ts';
import { findCommand } from './find-verb.ts';
import { harmless } from './harmless.ts';
import { asDreamosError, exitCodeOf, Interrupted, isCommanderError, misspelt } from './errors.ts';

/**
 * How a command line ended that did not end well, told once.
 * @param whole the program with every verb set up
 * @param asText what to type, where a text was taken for an option, or the other way round
 * @returns its exit code
 */
export async function tell(
  error: unknown,
  argv: readonly string[],
  program: Command,
  context: Context,
  whole: () => Command,
  asText: (error: Error & { code: string }, verbs: readonly string[]) => Promise<string | undefined>,
): Promise<number> {
  // --help and --version leave this way too.
  if (isCommanderError(error) && error.exitCode === 0) return 0;
  if (error instanceof Interrupted) return 0;
  // A reader that has gone (`| head -1`) has seen enough, unless there is something it has to know.
  if (error instanceof DreamosError && error.code === 'OUTPUT_CLOSED' && error.hint === undefined) return 0;
  if (isCommanderError(error)) {
    // Before the options were parsed --json has not been seen yet.
    context.options = { ...program.opts<GlobalOptions>(), ...(argv.includes('--json') ? { json: true } : {}) };
    const verbs = verbsIn(argv, program);
    const meant = await meantBy(error, argv, verbs, whole(), context);
    const { kind, code, message, hint } =
      error.code === 'commander.help' ? noVerb(program, verbs[0]) : asDreamosError(error);
    const help = ['dreamos', ...verbs, '--help'].join(' ');
    const text = await asText(error, verbs);
    const quotes =
      error.code === 'commander.excessArguments' ? await tooMany(argv, verbs, whole(), context) : undefined;
    const own = hint === undefined || hint.endsWith('--help') ? (hint ?? help) : `${hint} See: ${help}`;
    const next = meant ?? text ?? withOneMore(error, argv) ?? quotes ?? corrected(error, argv) ?? own;
    await context.output.error(new DreamosError(kind, code, message, { hint: next }));
    return exitCodeOf(error);
  }
  await context.output.error(error);
  return exitCodeOf(error);
}

/** What to type, where a word is no command, or no option of it, but people know it from elsewhere. */
async function meantBy(
  error: Error & { code: string },
  argv: readonly string[],
  verbs: readonly string[],
  program: Command,
  context: Context,
): Promise<string | undefined> {
  const option = /unknown option '(--?[a-z-]+)'/.exec(error.message)?.[1];
  if (option === undefined && error.code !== 'commander.unknownCommand') return undefined;
  const { meantCommand } = await import('./other-words.ts');
  const dashes = argv.indexOf('--');
  const command = dashes < 0 ? undefined : argv.slice(dashes + 1).map((one) => harmless(quoteWord(one)));
  const operands = operandsIn(dashes < 0 ? argv : argv.slice(0, dashes), program).slice(verbs.length);
  const [word = '', ...typed] = option === undefined ? operands : [option, ...operands];
  const plain = typed.map((one) => cut(one, 64)).filter((one) => /^[\w.@:-]+$/.test(one));
  return meantCommand(program, [...verbs, word], async () => ({
    typed: plain,
    agents: await context.names(),
    command: command?.join(' '),
    flags: context.flagsTyped(),
  }));
}

/** What a value may look like, by what an option calls it. */
const likely: Readonly<Record<string, string>> = { duration: '30s', number: '10' };

/** The line as it was typed, with a value for the option that has none; `undefined`: nobody knows which. */
function withOneMore(error: Error & { code: string }, argv: readonly string[]): string | undefined {
  if (error.code !== 'commander.optionMissingArgument') return undefined;
  const [, flags = '', kind = ''] = /option '(.*) <(\w+)>'/.exec(error.message) ?? [];
  const at = argv.findLastIndex((word) => flags.split(', ').includes(word));
  const value = likely[kind];
  return value === undefined || at < 0
    ? undefined
    : pasted(argv.toSpliced(at + 1, 0, value), (line) => `For example: ${line}`);
}

function pasted(argv: readonly string[], said: (line: string) => string): string | undefined {
  const line = `dreamos ${argv.map(quoteWord).join(' ')}`;
  return isPastable(line) ? said(line) : undefined;
}

function isPastable(line: string): boolean {
  return line.length <= 300 && !/\p{Cc}/u.test(line);
}

/** The line as it was typed, with the one word that is misspelt as it was most likely meant; `undefined`: there is none. */
function corrected(error: Error, argv: readonly string[]): string | undefined {
  const { typed, meant } = misspelt(error.message) ?? {};
  const at = typed === undefined ? -1 : argv.indexOf(typed);
  if (meant === undefined || at < 0) return undefined;
  // Alone it would most often be refused for what it lacks.
  if (argv.length === 1) return `Did you mean ${meant}? See: dreamos ${meant.startsWith('-') ? '' : `${meant} `}--help`;
  return pasted(argv.with(at, meant), (line) => `Did you mean ${meant}? Then: ${line}`);
}

/** Without the options that every command takes, and all that begins with a dash. */
function operandsIn(argv: readonly string[], program: Command): string[] {
  const withValue = new Set(
    program.options.filter(({ required }) => required).flatMap(({ long, short }) => [long, short]),
  );
  return argv.filter((word, i) => !word.startsWith('-') && !withValue.has(argv[i - 1] ?? ''));
}

// `['dlq', 'show']` of `dreamos --json dlq show`.
function verbsIn(argv: readonly string[], program: Command): string[] {
  const verbs: string[] = [];
  for (const word of operandsIn(argv, program)) {
    if (findCommand(program, [...verbs, word]) === undefined) break;
    verbs.push(word);
  }
  return verbs;
}

/** Of too many words: they are of one text, or several recipients; else what each of them is stands in the help. */
async function tooMany(
  argv: readonly string[],
  verbs: readonly string[],
  program: Command,
  context: Context,
): Promise<string> {
  const help = ['dreamos', ...verbs, '--help'].join(' ');
  const places = findCommand(program, verbs)?.registeredArguments.map((one) => one.name()) ?? [];
  const operands = operandsIn(argv, program).slice(verbs.length);
  // What stands behind another option may be its value.
  const isPlain = argv.every((word) => !word.startsWith('-') || isOf(program, word));
  const option = textOptions.get(verbs.join(' '));
  if (option !== undefined && isPlain && !argv.includes(option)) {
    const [known, text] = [operands.slice(0, places.length), operands.slice(places.length).join(' ')];
    const line = [...verbs, ...known.map(quoteWord), option, quoteWord(text)].join(' ');
    const typed = `dreamos ${line}${context.flagsTyped()}`;
    if (isPastable(typed)) return `This is said by ${option}: ${typed}`;
  }
  if (!places.some((name) => textArguments.has(name))) return help;
  const [first = '', second = '', ...more] = operands;
  const several = `${quoteWord(first)},${second}`;
  if ((await context.names()).includes(second))
    return `Several recipients are one word, ${harmless(several)}, and a text of several words needs quotes. See: ${help}`;
  const why = 'A text of several words needs quotes';
  const isFirst = places[1] === 'body' && places[0] !== 'message';
  const text = quoteWord([second, ...more].join(' '));
  const typed = `dreamos ${verbs.join(' ')} ${quoteWord(first)} ${text}${context.flagsTyped()}`;
  return isPlain && isFirst && isPastable(typed) ? `${why}: ${typed}` : `${why}. See: ${help}`;
}

function isOf({ options }: Command, word: string): boolean {
  return options.some(({ long, short }) => word === long || word === short);
}

/** Of verbs whose text, or whose agent, is no argument. */
const textOptions: ReadonlyMap<string, string> = new Map([
  ['task create', '--title'],
  ['task next', '--as'],
  ['task progress', '--note'],
  ['task done', '--result'],
  ['task fail', '--reason'],
]);
const textArguments = new Set(['body', 'text', 'cron']);

// `dreamos agent` alone: commander would print the whole help as an error.
function noVerb(program: Command, name: string | undefined): DreamosError {
  const group = program.commands.find((command) => command.name() === name);
  const verbs = (group ?? program).commands.map((command) => command.name());
  const needs = `needs one of: ${verbs.join(', ')}.`;
  if (group === undefined) return usage(`"dreamos" ${needs}`, 'dreamos --help');
  const looks = verbs.includes('list') ? `dreamos ${group.name()} list; or: ` : '';
  return usage(`"${group.name()}" ${needs}`, `${looks}dreamos ${group.name()} --help`);
}
