/** Options that several verbs have, and the words at the end of a command's help. */
import type { Command } from 'commander';
import type { Context } from '../../cli/context.ts';
import { fill } from '../../cli/help/columns.ts';

export interface Verb {
  /** Its name and arguments, in commander's notation: all that is there of it until it is called. */
  readonly words: string;
  /**
   * Its options, its help and, by `import()`, its body: all verbs together are 6 ms of a command.
   * @param whole the program with every verb set up
   */
  readonly setUp: (command: Command, context: Context, whole: () => Command) => void;
}

export const filters = (command: Command) =>
  command
    .option('--from <agent>', 'only from this sender')
    .option('--type <type>', 'only of this type')
    .option('--thread <id>', 'only of this thread')
    .option('--tag <tag>', 'only with this tag')
    .option('--priority <priority>', 'only urgent, high, normal or low')
    .option('--id <id>', 'only this message');
/** Of a look, which may choose by more than what is claimed may. */
export const lookFilters = (command: Command) =>
  filters(command)
    .option('--subject <text>', 'only with this text in the subject')
    .option('--older-than <duration>', 'only what died, was finished or, if it is neither, was sent this long ago: 7d')
    .option('-n, --limit <number>', 'at most this many');
export const deadFilters = (command: Command) =>
  lookFilters(command).option('--reason <text>', 'only dead ones, with this text in the reason');
export const endRemark =
  'Instead of an id its last characters are enough, at least 4 and in any case, if no other has them.';
export const ownOrAll = 'Without a name it is your own mailbox, and where nobody acts all of them.';
export const unsealRemark = 'With --unseal what does not open by the keys that are here is shown as it lies.';
export const durabilityHelp = 'full (synced before success; the default) or relaxed';
export const changing = (command: Command) =>
  command
    .option('--note <text>', 'why, for the history')
    .option('--if-version <number>', 'only if this version is in force (else exit 5)');
/** A text and `-`: both. Any other word behind the text is most likely its second one, without quotes. */
const orInput = (command: Command) =>
  command.hook('preAction', () => {
    const { args, registeredArguments } = command;
    const most = registeredArguments.length - 1;
    if (args.length <= most || args[most] === '-') return;
    const message = `error: too many arguments for '${command.name()}'. Expected ${most} arguments but got ${args.length}.`;
    command.error(message, { code: 'commander.excessArguments' });
  });
export const wording = (command: Command) =>
  orInput(command)
    .option('--body-file <file>', 'take the body from a file (- is the standard input)')
    .option('--allow-empty', 'an empty body is meant')
    .option('--subject <text>', 'at most 200 characters')
    .option('--type <type>', 'message, task, reply, event, alert, or your own')
    .option('--priority <priority>', 'urgent, high, normal or low')
    .option('--thread <id>', 'the thread it belongs to')
    .option('--tag <tag>', 'a tag; may be repeated', (tag: string, tags: string[] = []) => [...tags, tag])
    .option('--data <json>', 'any JSON beside the body; @<file> takes it from a file, - from the standard input')
    .option('--data-file <file>', 'the same, from a file (- is the standard input)')
    .option('--ttl <duration>', 'undelivered after this long, it goes to the dead-letter queue')
    .option('--ordering-key <key>', 'messages of one key are delivered one at a time, in order');
export const sealing = (command: Command) =>
  command
    .option('--seal', 'encrypt body and data to its recipients and its sender; each needs an identity')
    .option('--seal-subject', 'the subject, too');
/** What becomes of it once it is sent. */
export const becoming = (command: Command) =>
  command
    .option('--replace-key <key>', 'it takes the place of your older ones with this key that nobody has claimed')
    .option('--notify', 'you get a message when it dies: rejected, expired or out of attempts');
export const sending = (command: Command) =>
  becoming(command)
    .option('--dedupe-key <key>', 'sending again under the same key sends nothing new')
    .option('--durability <level>', durabilityHelp);
export const content = (command: Command) =>
  sending(
    wording(command)
      .option('--delay <duration>', 'not before this long from now')
      .option('--at <time>', 'not before this time: 2030-11-21T09:00Z, or with +02:00; without either it is UTC'),
  );

/** Of whoever claims and settles. */
export const labelled = (command: Command, otherwise = '') =>
  command.option('--label <text>', `what this consumer is called in the events (else DREAMOS_LABEL${otherwise})`);

/** Made when help is asked for. */
export function example(lines: string, remark?: string): () => string {
  return () => `\nExample:\n  ${lines}${remark === undefined ? '' : `\n\n${fill(remark)}`}`;
}

/** Of what takes several with commas: who says it twice means both. */
export const joined = (text: string, before?: string): string => (before === undefined ? text : `${before},${text}`);
