/** A command line, word by word, as it was typed. */
import { quoteWord } from '../model/basics/shell-word.ts';
import type { Command, Option } from 'commander';
import { findCommand } from '../cli/find-verb.ts';

export interface Word {
  readonly word: string;
  readonly kind: 'verb' | 'operand' | 'option' | 'value';
}

/** The words before `--`, each as commander takes it. */
export function wordsOf(program: Command, argv: readonly string[]): Word[] {
  const end = argv.indexOf('--');
  let command = program;
  const options = [...program.options];
  const words: Word[] = [];
  let takesValue = false;
  for (const word of end < 0 ? argv : argv.slice(0, end)) {
    if (takesValue) {
      words.push({ word, kind: 'value' });
      takesValue = false;
    } else if (word.startsWith('-') && word !== '-') {
      words.push({ word, kind: 'option' });
      takesValue = options.some((option) => named(option, word) && option.required);
    } else {
      const verb = words.some(({ kind }) => kind === 'operand') ? undefined : findCommand(command, [word]);
      words.push({ word, kind: verb ? 'verb' : 'operand' });
      if (verb) options.push(...(command = verb).options);
    }
  }
  return words;
}

function named({ long, short }: Option, word: string): boolean {
  return word === long || word === short;
}

export function verbsOf(words: readonly Word[]): string[] {
  return words.filter(({ kind }) => kind === 'verb').map(({ word }) => word);
}

/** As it can be pasted; `undefined`: it is too long for that, or has several lines. */
export function line(words: readonly string[]): string | undefined {
  const typed = `dreamos ${words.map(quoteWord).join(' ')}`;
  return typed.length > 300 || /\p{Cc}/u.test(typed) ? undefined : typed;
}
