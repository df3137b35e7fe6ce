import { usage } from '../../model/refusals.ts';
import type { Command } from 'commander';
import type { Context } from '../../cli/context.ts';
import { findCommand } from '../../cli/find-verb.ts';
import { pageIn } from '../../cli/help/page.ts';
import { loadTopic } from '../../cli/help/texts.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import { type TopicName, topicNames, topics } from '../../cli/help/topics.ts';

export async function helpCommand(context: Context, program: Command, words: readonly string[]): Promise<void> {
  const [topic] = words;
  if (words.length === 1 && isTopic(topic)) {
    const page = await loadTopic(topic);
    const { screen } = context.output;
    // Wider lines are hard to read, however wide the terminal is.
    return context.output.data(screen === undefined ? page : pageIn(page, Math.min(screen.columns, 120)));
  }
  if (words.length === 1 && topic === 'man') {
    const { manPage } = await import('../../cli/help/man-page.ts');
    return context.output.data(await manPage(program, context.around.version()));
  }
  const command = findCommand(program, words);
  if (command !== undefined) {
    command.outputHelp();
    // Under the line that names them, with which the help ends.
    return topic === undefined ? context.output.data(topicList()) : undefined;
  }
  const { meantCommand } = await import('../../cli/other-words.ts');
  throw usage(
    `There is no command and no topic "${words.join(' ')}".`,
    codeIn(words) ??
      (await meantCommand(program, words, async () => ({ typed: [], agents: [], flags: '' }))) ??
      `Topics: ${topicNames.join(', ')}. Commands: dreamos --help`,
  );
}

function codeIn([word = '', ...more]: readonly string[]): string | undefined {
  const code = word.toUpperCase();
  return more.length === 0 && Object.hasOwn(errorCodes, code) ? `dreamos explain ${code}` : undefined;
}

function topicList(): string {
  const width = Math.max(...topicNames.map((name) => name.length));
  return Object.entries(topics)
    .map(([name, answers]) => `  ${name.padEnd(width)}  ${answers}\n`)
    .join('');
}

function isTopic(word: string | undefined): word is TopicName {
  return word !== undefined && Object.hasOwn(topics, word);
}
