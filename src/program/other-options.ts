/** Options as other tools have them, and where it goes here: another option of the command, or one of its arguments. */
import type { Argument, Command, Option } from 'commander';
import { findCommand } from '../cli/find-verb.ts';
import { line, verbsOf, type Word, wordsOf } from './words.ts';

/** By what it is here; of several the first one counts that the command has, and an option only where it is not itself there. */
export const otherOptions: Readonly<Record<string, string>> = {
  '--handler-timeout': '--timeout --kill-after',
  '--wait': '--timeout --block --max-wait --wait-for --poll',
  '--lease': '--visibility-timeout --visibility --ack-deadline --hold --extend --for',
  '--limit': '-n --max --max-messages --max-count --head --top --first --take --count',
  '--count': '-n --max --max-messages --max-count --head --top --first --take --limit --batch-size',
  '--subject': '--title -s',
  '--body-file': '--file --input --from-file --message-file',
  '--data': '--metadata --meta --attributes --json-data',
  '--tag': '--tags --label --labels',
  '--ttl': '--expires --expire --expiry --expires-in --expiration --expire-after --max-age',
  '--delay': '--after --in --defer --delay-for --deliver-after --backoff --rest',
  '--at': '--on --when --not-before --deliver-at --send-at --eta',
  '--dedupe-key': '--key --dedup --dedupe --dedup-key --idempotency-key --deduplication-id --unique --unique-key',
  '--ordering-key': '--group-id --message-group-id --partition --partition-key --order-key --sequence-key',
  '--from': '--sender --author',
  '--as': '--agent --sender --author --user --me --identity',
  '--concurrency': '--workers --parallel --jobs --threads --parallelism -j -c',
  '--reason': '--cause --error --why --because --message -m',
  '--dead': '--reject --drop --dlq --dead-letter --permanent --no-requeue --no-retry',
  '--tz': '--timezone --time-zone --zone',
  '--older-than': '--older --max-age',
  '--watch': '--follow -f',
  '--ack': '--auto-ack --autoack --auto-acknowledge',
  '--fix': '--repair',
  '--json': '--jsonl --ndjson --format=json --output=json -o=json',
  '--root': '--dir --path --home --data-dir --store -C',
  '--priority urgent': '--urgent',
  '--priority high': '--high',
  '--priority low': '--low',
};

/** By the argument that its value is. */
export const otherArguments: Readonly<Record<string, string>> = {
  to: '--to --recipient --recipients --dest --queue --mailbox',
  agent: '--mailbox --inbox --queue',
  body: '--body --text --message --msg --content --payload -m -b',
  cron: '--cron --expression --crontab',
  topic: '--topic --channel --subject',
  pattern: '--topic --channel --pattern',
  message: '--id --message-id --msg-id --receipt --receipt-handle',
  id: '--id --message-id --msg-id',
  name: '--name',
  new: '--to --new-name',
  text: '--query --search --grep --text',
};

/** By command, what it does as it is. */
export const needless: Readonly<Record<string, string>> = {
  watch: '--follow -f',
  listen: '--follow -f',
  read: '--no-ack',
  nack: '--requeue --retry',
};

/** The whole line as it is typed here, to be pasted; `undefined`: an option means nothing, or a word has no place. */
export function inOurOptions(program: Command, argv: readonly string[]): string | undefined {
  const words = wordsOf(program, argv).flatMap(withoutFormat);
  const verbs = verbsOf(words);
  const command = findCommand(program, verbs);
  if (command === undefined) return undefined;
  const known = [...program.options, ...command.options];
  const places = command.registeredArguments.filter((one) => one.name() !== '-');
  const placed = new Map<string, string>();
  const options: string[] = [];
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const { kind, word } = words[i] as Word;
    if (kind === 'operand') operands.push(word);
    if (kind === 'value') options.push(word);
    if (kind !== 'option') continue;
    const [name = '', inline] = word.split(/=(.*)/s);
    const itself = known.find(({ long, short }) => [long, short].includes(name));
    // `--json=true`: a flag has no value, and is not taken back by one.
    if (itself?.isBoolean() && inline !== undefined && inline !== 'true') return undefined;
    if (itself !== undefined) options.push(itself.isBoolean() ? name : word);
    else if (!isIn(needless[verbs.join(' ')], name)) {
      const valueBehind = (): string | undefined =>
        inline ?? (words[i + 1]?.kind === 'operand' ? words[++i]?.word : undefined);
      const [ours = '', fixed] =
        Object.keys(otherOptions)
          .find((one) => has(one) && isIn(otherOptions[one], name, word))
          ?.split(' ') ?? [];
      const place = places.find((one) => isIn(otherArguments[one.name()], name))?.name();
      const itsOwn = known.find(({ long }) => long === ours);
      const option = itsOwn ?? (place === undefined ? onlyOneFrom(name) : undefined);
      const value = fixed ?? (option?.isBoolean() ? '' : valueBehind());
      if (value === undefined) return undefined;
      if (option !== undefined) options.push(option.long ?? ours, ...(value === '' ? [] : [value]));
      else if (place !== undefined && !placed.has(place)) placed.set(place, value);
      else return undefined;
    }
  }
  const args = inOrder(places, placed, operands);
  const dashes = argv.indexOf('--');
  return args && line([...verbs, ...args, ...options, ...(dashes < 0 ? [] : argv.slice(dashes))]);

  /** The option that begins so: `--prio`. */
  function onlyOneFrom(name: string): Option | undefined {
    const [only, ...more] = /^--\w{2}/.test(name) ? known.filter(({ long }) => long?.startsWith(name)) : [];
    return more.length === 0 ? only : undefined;
  }

  function has(option: string): boolean {
    return known.some(({ long }) => long === option.split(' ')[0]);
  }
}

function isIn(list: string | undefined, ...options: readonly string[]): boolean {
  return list?.split(' ').some((one) => options.includes(one)) ?? false;
}

/** `undefined`: one that is needed is missing, or there are too many. */
function inOrder(
  places: readonly Argument[],
  placed: ReadonlyMap<string, string>,
  operands: readonly string[],
): string[] | undefined {
  const left = [...operands];
  const args: string[] = [];
  let isOver = false;
  for (const place of places) {
    const taken = placed.get(place.name()) ?? left.shift();
    if (taken === undefined ? place.required : isOver) return undefined;
    if (taken === undefined) isOver = true;
    else args.push(taken, ...(place.variadic ? left.splice(0) : []));
  }
  return left.length > 0 ? undefined : args;
}

/** `--format json` is one word of two. */
function withoutFormat(word: Word, i: number, words: readonly Word[]): Word[] {
  const isFormat = (one: Word | undefined): boolean => /^(?:--format|--output|-o)$/.test(one?.word ?? '');
  if (word.kind === 'operand' && word.word === 'json' && isFormat(words[i - 1])) return [];
  return isFormat(word) && words[i + 1]?.word === 'json' ? [{ word: `${word.word}=json`, kind: 'option' }] : [word];
}
