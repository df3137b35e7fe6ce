/** A text that begins with a dash, where a message is typed: an option by its looks, and a text only behind `--`. */
import type { Command } from 'commander';
import { usage } from '../model/refusals.ts';
import { states } from '../model/state.ts';
import { findCommand } from '../cli/find-verb.ts';
import { inOurOptions } from './other-options.ts';
import { line, verbsOf, type Word, wordsOf } from './words.ts';

/** What commander answers itself, and ends well: a line of a loop that is one of these would not be sent, and nobody told. */
const answered = ['-h', '--help', '-V', '--version'];

/** What the text of a message is called by other tools; here it is an argument. */
const textOptions = ['--body', '--text', '--message', '--msg', '--content', '-m', '-b'];

/** @throws USAGE: it stands behind a recipient, where it may be meant as the text */
export function refuseAnswered(program: Command, argv: readonly string[]): void {
  const words = wordsOf(program, argv);
  const at = words.findIndex(({ kind, word }) => kind === 'option' && answered.includes(word));
  const word = words[at]?.word;
  if (word === undefined || !takesText(program, words.slice(0, at))) return;
  const verbs = verbsOf(words);
  const text = typedAsText(words, at, word);
  const itself = word.toLowerCase().includes('v') ? 'dreamos --version' : `dreamos ${verbs.join(' ')} --help`;
  throw usage(
    `Nothing was done: here ${word} may be meant as the text of a message.`,
    `${text === undefined ? '' : `As a text: ${text}; if not: `}${itself}`,
  );
}

/** What to type, where a text was taken for an option, or options behind `--` for texts; `undefined`: it was neither. */
export function meantAsText(
  error: { readonly code: string; readonly message: string },
  program: Command,
  verbs: readonly string[],
  argv: readonly string[],
): string | undefined {
  if (error.code === 'commander.excessArguments') return optionsFirst(verbs, argv);
  const [, word, suggested] = /unknown option '(.*?)'(\n\(Did you mean .*)?$/s.exec(error.message) ?? [];
  if (word === undefined) return undefined;
  // What a word is known to mean goes before what it is spelt like, and that before what any word may be.
  const known = asState(program, argv, word) ?? asArgument(program, verbs, argv, word) ?? inOurOptions(program, argv);
  return known ?? (suggested === undefined ? takenAsText(program, verbs, argv, word) : undefined);
}

/** `list --inflight`: the states are one option. */
function asState(program: Command, argv: readonly string[], word: string): string | undefined {
  const words = wordsOf(program, argv);
  const takesStates = findCommand(program, verbsOf(words))?.options.some(({ long }) => long === '--state') ?? false;
  const state = word.slice('--'.length);
  if (!takesStates || ![...states, 'all'].includes(state)) return undefined;
  return line(words.flatMap((one) => (one.word === word ? ['--state', state] : [one.word])));
}

/** Of an option that has the text with other tools. */
function asArgument(
  program: Command,
  verbs: readonly string[],
  argv: readonly string[],
  word: string,
): string | undefined {
  const words = wordsOf(program, argv);
  const at = behindRecipient(program, words, word);
  if (at < 0 || !textOptions.includes(word) || words[at + 1]?.kind !== 'operand') return undefined;
  const isOnly = words.filter(({ kind }) => kind === 'operand').length === placeOfText(program, words) + 1;
  const typed = isOnly ? line(words.filter((_, i) => i !== at).map((one) => one.word)) : inOurOptions(program, argv);
  return `The text is an argument: ${typed ?? `dreamos ${verbs.join(' ')} --help`}`;
}

/** Of an unknown option behind a recipient: the command line in which it is the text. */
function takenAsText(
  program: Command,
  verbs: readonly string[],
  argv: readonly string[],
  word: string,
): string | undefined {
  const words = wordsOf(program, argv);
  const at = behindRecipient(program, words, word);
  // With a text there already it would be one too many.
  const isFree = words.filter(({ kind }) => kind === 'operand').length <= placeOfText(program, words);
  if (at < 0 || !isFree) return undefined;
  const text = typedAsText(words, at, word);
  return text && `If it is the text: ${text}; if not: dreamos ${verbs.join(' ')} --help`;
}

/** Where an option stands, if the text of a message may come there; else -1. */
function behindRecipient(program: Command, words: readonly Word[], option: string): number {
  const at = words.findIndex(({ kind, word }) => kind === 'option' && word === option);
  return at >= 0 && takesText(program, words.slice(0, at)) ? at : -1;
}

/** Of too many words behind `--`: all of them are texts there, options too. */
function optionsFirst(verbs: readonly string[], argv: readonly string[]): string | undefined {
  const dashes = argv.indexOf('--');
  const [text, ...behind] = dashes < 0 ? [] : argv.slice(dashes + 1);
  if (text === undefined || !behind.some((word) => word.startsWith('-'))) return undefined;
  const typed = line([...argv.slice(0, dashes), ...behind, '--', text]);
  const why = 'Behind "--" there are no options any more';
  return typed === undefined ? `${why}; they come before it: dreamos ${verbs.join(' ')} --help` : `${why}: ${typed}`;
}

/** Among the arguments of its command; -1: it takes none. */
function placeOfText(program: Command, words: readonly Word[]): number {
  const command = findCommand(program, verbsOf(words));
  return command?.registeredArguments.findIndex((argument) => argument.name() === 'body') ?? -1;
}

/** Whether what comes behind these words may be the text of a message: at least one of those before it has been said. */
function takesText(program: Command, words: readonly Word[]): boolean {
  return placeOfText(program, words) >= 0 && words.some(({ kind }) => kind === 'operand');
}

function typedAsText(words: readonly Word[], at: number, text: string): string | undefined {
  return line([...words.filter((_, i) => i !== at).map(({ word }) => word), '--', text]);
}
