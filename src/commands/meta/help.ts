import { usage } from '../../model/refusals.ts';
import type { Command } from 'commander';
import type { Context } from '../../cli/context.ts';
import { loadTopic, topicNames, type TopicName } from '../../cli/help/topics.ts';
import { findCommand } from '../../cli/find-verb.ts';

export async function helpCommand(context: Context, program: Command, words: readonly string[]): Promise<void> {
  const [topic] = words;
  const command = findCommand(program, words);
  if (command !== undefined) return command.outputHelp();
  if (words.length === 1 && isTopic(topic)) return context.output.data(await loadTopic(topic));
  throw usage(
    `There is no command and no topic "${words.join(' ')}".`,
    `Topics: ${topicNames.join(', ')}. Commands: dreamos --help`,
  );
}

function isTopic(word: string | undefined): word is TopicName {
  return (topicNames as readonly (string | undefined)[]).includes(word);
}
