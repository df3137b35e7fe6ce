/** The operations speak of fields, as the library has them (`waitMs`); who types a command is told of its options. */
import { quoteWord } from '../model/basics/shell-word.ts';
import { draftFields } from '../model/draft.ts';
import { DreamosError } from '../model/errors.ts';
import { reference } from '../model/refusals.ts';

export const options: Readonly<Record<string, string>> = {
  again: '--again',
  allowEmpty: '--allow-empty',
  as: '--as <agent>',
  at: '--at',
  body: 'an argument, by stdin or with --body-file',
  durability: '--durability',
  format: '--format',
  label: '--label',
  maps: '--map',
  reason: '--reason',
  replicas: '--replicas',
  root: '--root',
  since: '--since',
  subject: '--subject',
  table: '--table',
  store: '--store <address>',
  start: '`@<file of earlier output>`, `start`',
  waitMs: '--wait 30s',
};

export function asTyped(text: string, except: readonly string[] = []): string {
  return text.replace(/`(\w+)`/g, (field, name: string) => (except.includes(name) ? field : (options[name] ?? field)));
}

const idTaking =
  'show|trace|ack|nack|renew|reply|cancel|deliver|dlq (?:show|retry|purge)|archive (?:show|restore)|task (?:show|accept|progress|done|fail|cancel|retry|assign)';
const idTyped = new RegExp(
  `(\\bdreamos (?:--root (?:'[^']*'|\\S+) )?(?:${idTaking}) (?:[\\w.-]+ )?)[0-9A-Z]{18}([0-9A-Z]{8})(?![\\w.:])`,
  'g',
);

/**
 * The commands in a text with the ends of the ids: 8 characters are what `watch` shows of one, and no other message has them,
 * however many there are. Should one have, an end that two have is refused.
 */
export function withEnds(text: string): string {
  return text.replace(idTyped, '$1$2');
}

/** The commands in a text, behind a colon or in backquotes, with the root that was named: else they are about another one. */
export function withRoot(text: string, root: string | undefined): string {
  if (root === undefined) return text;
  return text.replace(/(^|[:;`|] ?)dreamos (?=[a-z])([^;`|]*)/g, (whole, before: string, words: string) =>
    /--root |^help |^init(?:$| --store )/.test(words) ? whole : `${before}dreamos --root ${quoteWord(root)} ${words}`,
  );
}

/**
 * Only its hint: a message repeats what others wrote.
 * @param verb what was called, whose help is the reference then
 * @param inLine of a line of a batch, whose fields are those of a draft
 */
export function errorAsTyped(error: DreamosError, verb: string, inLine = false, root?: string): DreamosError {
  const { kind, code, message, hint, cause } = error;
  if (hint === undefined) return error;
  const typed =
    hint === reference
      ? ['dreamos', verb, '--help'].filter(Boolean).join(' ')
      : asTyped(hint, inLine ? draftFields : []);
  return new DreamosError(kind, code, message, { hint: withRoot(typed, root), cause });
}
