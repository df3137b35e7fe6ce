/**
 * A draft, as every way of sending takes it: the library, the command and its `--batch`, a file in drop/. One table of
 * names, one parser. No zod on its way: it is asked of every message that is sent.
 */
import { parseTime } from './clock.ts';
import { keyCharacters, longestMs } from './basics/limits.ts';
import { cut, loneSurrogateIn } from './basics/text.ts';
import { checkSpan, parseDuration } from './duration.ts';
import { DreamosError } from './errors.ts';
import { type Message, priorities, type Priority, priorityIn } from './message.ts';
import { halfCharacter, messageInvalid, nearestName, reference, usage } from './refusals.ts';
import type { Durability } from './settings.ts';

/** A message as its sender thinks of it. A duration is a text ("5m"), or milliseconds under the name that ends in `Ms`. */
export interface Draft {
  /** Names, `@group` and `@all`, each also several with commas. Groups leave the sender out, unless he is named. */
  readonly to: string | readonly string[];
  readonly body: string;
  /** Else the acting agent. */
  readonly from?: string;
  readonly subject?: string;
  readonly type?: string;
  readonly priority?: Priority;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly tags?: readonly string[];
  /** Anything that JSON can hold. */
  readonly data?: unknown;
  /** If it is not delivered by then, it goes to the dead-letter queue. */
  readonly ttl?: string;
  readonly ttlMs?: number;
  readonly delay?: string;
  readonly delayMs?: number;
  /**
   * Not before this moment, an ISO 8601 text or milliseconds since 1970; instead of a delay. One that is over is refused,
   * but for a repeat under its key.
   */
  readonly at?: string | number;
  /** Makes a repeat of this send harmless for the setting `dedupeWindow`, 2d by default; scoped to the sender. */
  readonly dedupeKey?: string;
  /** In each mailbox the messages of one key are delivered one at a time, in order, also to many consumers. */
  readonly orderingKey?: string;
  /**
   * In each mailbox it takes the place of the sender's older messages with this key that nobody has claimed; always synced.
   * One that is claimed at the same moment is delivered, too.
   */
  readonly replaceKey?: string;
  /**
   * Its sender gets a message of the type `notice` when it dies: rejected, expired or out of attempts. One for
   * each mailbox and death; who has no mailbox, or a full one, gets none.
   */
  readonly notify?: boolean;
  /** Where its sender stands in a trace (W3C Trace Context); what is none is left out, with a warning. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly allowEmpty?: boolean;
  /**
   * Encrypts body and data to its recipients and its sender (age); each needs a key: `dreamos identity create
   * <agent>`. An answer to what was sealed is sealed if this does not say `false`.
   */
  readonly seal?: boolean;
  /** Seals the subject, too. */
  readonly sealSubject?: boolean;
  readonly durability?: Durability;
}

/** With times in milliseconds alone. */
export type Parsed<D> = Omit<D, 'ttl' | 'delay' | 'at'> & { readonly at?: number };

interface Field {
  readonly is: (value: unknown) => boolean;
  readonly what: string;
  /** Of what is written from now on. Messages that are there may have more. */
  readonly most?: number;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const oneOf = (words: readonly string[]): Field => ({
  is: (value) => (words as readonly unknown[]).includes(value),
  what: `one of: ${words.join(', ')}`,
});
const text: Field = { is: isText, what: 'a text' };
const key: Field = { is: isText, what: `a text of at most ${keyCharacters} characters`, most: keyCharacters };
const duration: Field = { is: isText, what: 'a text such as "5m"; milliseconds have a name that ends in Ms' };
const yesOrNo: Field = { is: (value) => typeof value === 'boolean', what: 'true or false' };
const milliseconds: Field = { is: (value) => typeof value === 'number', what: 'a number of milliseconds' };

const table: { readonly [Name in keyof Required<Draft>]: Field } = {
  to: { is: (value) => isText(value) || isTexts(value), what: 'a name, names with commas, or a list of names' },
  body: text,
  from: text,
  subject: text,
  type: text,
  priority: { ...oneOf(priorities), is: (value) => priorityIn(value) !== undefined },
  thread: key,
  replyTo: key,
  tags: { is: isTexts, what: 'a list of texts' },
  data: { is: () => true, what: 'any JSON' },
  ttl: duration,
  ttlMs: milliseconds,
  delay: duration,
  delayMs: milliseconds,
  at: {
    is: (value) => isText(value) || typeof value === 'number',
    what: 'a time such as "2030-11-21T09:00Z", or milliseconds since 1970',
  },
  dedupeKey: key,
  orderingKey: key,
  replaceKey: key,
  notify: yesOrNo,
  traceparent: text,
  tracestate: text,
  allowEmpty: yesOrNo,
  seal: yesOrNo,
  sealSubject: yesOrNo,
  durability: oneOf(['full', 'relaxed'] satisfies Durability[]),
};
const fields = new Map<string, Field>(Object.entries(table));

export const draftFields: readonly string[] = [...fields.keys()];

/** What a file in drop/ may say besides: messageSchema checks it. */
const ofMessages = [
  'v',
  'id',
  'addressedTo',
  'topic',
  'createdAt',
  'expiresAt',
  'replyBy',
  'sealed',
  'root',
  'key',
  'sig',
  'digest',
] satisfies (keyof Message)[];

interface Rules {
  readonly needs: readonly (keyof Draft)[];
  readonly without: readonly (keyof Draft)[];
  /** It has none of these, because: */
  readonly why: string;
  /** Names beside those of a draft. */
  readonly also?: readonly string[];
  readonly keepsUnknown?: true;
}

/** What becomes of a draft, and so which fields it has. */
const operations = {
  send: { needs: ['to', 'body'], without: [], why: '' },
  reply: {
    needs: ['body'],
    without: ['to', 'replyTo'],
    why: 'A reply has no "to" and no "replyTo": it answers one message, and goes to its sender.',
  },
  publish: {
    needs: ['body'],
    without: ['to', 'delay', 'delayMs', 'at'],
    why: 'A publish has no "to", no delay and no time: it goes to whoever is subscribed now.',
  },
  request: {
    needs: ['to', 'body'],
    without: ['dedupeKey', 'replaceKey', 'notify', 'delay', 'delayMs', 'at'],
    why: 'A request has no dedupe key and no delay, nor a replace key, and asks for no notice: it waits for its own answer, from now on.',
  },
  schedule: {
    needs: ['to', 'body'],
    without: [
      ...['replyTo', 'dedupeKey', 'delay', 'delayMs', 'at', 'durability', 'traceparent', 'tracestate'],
      ...['seal', 'sealSubject'],
    ],
    why: 'A schedule has no "replyTo", dedupe key, delay, time, durability or trace: its cron line and its own key say when, and that each comes once. Nor is it sealed: its own words lie in the root.',
  },
  drop: { needs: ['from', 'body'], without: [], why: '', also: ofMessages },
  // It was adopted, perhaps by a version that did not mind; now it is a message, and those keep what they have.
  adopted: { needs: ['from', 'body'], without: [], why: '', also: ofMessages, keepsUnknown: true },
} as const satisfies Record<string, Rules>;

type Operation = keyof typeof operations;

/** The fields that a draft for it does not have. */
export function withoutOf(operation: Operation): readonly string[] {
  return operations[operation].without;
}

export type DraftFor<O extends Operation> = Omit<Draft, (typeof operations)[O]['without'][number]>;

/**
 * Checks names and kinds, and that its times can be; what a text may be is the message's to check. `null` is as good as
 * nothing.
 * @throws MESSAGE_INVALID, BODY_NOT_TEXT, USAGE
 */
export function parseDraft<D extends Partial<Draft>>(value: D, operation: Operation): Parsed<D> {
  const rules: Rules = operations[operation];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw messageInvalid('This is not a draft of a message, but something else.', 'Write {"to":"<agent>","body":"…"}.');
  let asItIs = true;
  for (const name in value) {
    const given: unknown = value[name];
    const field = fields.get(name);
    if (field === undefined) {
      if (rules.also?.includes(name) !== true && rules.keepsUnknown !== true) throw unknownField(name, rules);
      if (given === null) asItIs = false;
    } else if (given === null) asItIs = false;
    else if (given !== undefined) {
      if ((rules.without as readonly string[]).includes(name)) throw usage(rules.why, reference);
      if (!field.is(given)) throw misfit(name, field);
      if (rules.keepsUnknown !== true) checkTexts(name, given, field);
      if (field === duration || (name === 'at' && typeof given === 'string')) asItIs = false;
      if (name === 'priority' && priorityIn(given) !== given) asItIs = false;
    }
  }
  const draft = (asItIs ? value : asMeant(value)) as Parsed<Partial<Draft>>;
  for (const name of rules.needs) if ((draft as Partial<Draft>)[name] === undefined) throw missing(name);
  checkSpan('time-to-live', draft.ttlMs, 1);
  checkSpan('delay', draft.delayMs, 0);
  if (draft.replaceKey !== undefined && draft.replaceKey === draft.dedupeKey && rules.keepsUnknown !== true)
    throw usage(
      'A replace key that is its dedupe key replaces nothing: what comes later under it is a repeat, or is refused. Give each message a dedupe key of its own, or none.',
      reference,
    );
  if (draft.at !== undefined && draft.delayMs !== undefined)
    throw usage('A message has a delay or a time from which on it is delivered, not both.', reference);
  return draft as Parsed<D>;
}

/**
 * When a draft of this moment is to be delivered and when it expires; milliseconds since 1970.
 * @param now where it cannot be later than 3650d from
 * @throws USAGE
 */
export function timesOf(
  { ttlMs, delayMs, at }: Pick<Parsed<Draft>, 'ttlMs' | 'delayMs' | 'at'>,
  from: number,
  now: number,
): { readonly dueAt: number | undefined; readonly expiresAt: number | undefined } {
  const dueAt = at ?? (delayMs === undefined ? undefined : from + delayMs);
  if (dueAt !== undefined && !(dueAt - now <= longestMs))
    throw usage('The time from which on it is delivered has to be within 3650d from now.', reference);
  if (ttlMs !== undefined && dueAt !== undefined && dueAt - from >= ttlMs)
    throw usage('With this delay the message would expire before it is delivered.', reference);
  return { dueAt, expiresAt: ttlMs === undefined ? undefined : from + ttlMs };
}

/** With times in milliseconds, and a priority as dreamos writes it. */
function asMeant(value: object): object {
  const { ttl, delay, at, priority, ...draft } = Object.fromEntries(
    Object.entries(value).filter(([, given]) => given !== null),
  ) as Partial<Draft>;
  if (ttl !== undefined && draft.ttlMs !== undefined) throw twice('ttl');
  if (delay !== undefined && draft.delayMs !== undefined) throw twice('delay');
  return {
    ...draft,
    ...(priority !== undefined && { priority: priorityIn(priority) }),
    ...(ttl !== undefined && { ttlMs: parseDuration(ttl, 'duration for "ttl"') }),
    ...(delay !== undefined && { delayMs: parseDuration(delay, 'duration for "delay"') }),
    ...(at !== undefined && { at: typeof at === 'number' ? at : parseTime(at, '"at"') }),
  };
}

function unknownField(name: string, { without, also = [] }: Rules): DreamosError {
  const known = [...draftFields.filter((field) => !(without as readonly string[]).includes(field)), ...also];
  const nearest = nearestName(name, known);
  return messageInvalid(
    `${JSON.stringify(cut(name, 70))} is not a field of a message.`,
    nearest === undefined ? `One of: ${known.join(', ')}.` : `Did you mean "${nearest}"?`,
  );
}

/** What is refused to writers alone. */
function checkTexts(name: string, given: unknown, field: Field): void {
  if (typeof given === 'string') {
    if (given.length > (field.most ?? Infinity)) throw misfit(name, field);
    const half = loneSurrogateIn(given);
    if (half !== undefined) throw halfCharacter(name, half);
  } else if (isTexts(given)) for (const one of given as readonly string[]) checkTexts(name, one, field);
}

function misfit(name: string, { what }: Field): DreamosError {
  if (name !== 'body') return messageInvalid(`"${name}" has to be ${what}.`);
  return new DreamosError('invalid', 'BODY_NOT_TEXT', 'The body is not text.', {
    hint: 'Put anything but text into data.',
  });
}

function missing(name: string): DreamosError {
  return messageInvalid(`"${name}" is missing.`, name === 'to' ? 'Write {"to":"<agent>","body":"…"}.' : undefined);
}

function twice(name: string): DreamosError {
  return usage(`"${name}" and "${name}Ms" say the same; give one of them.`, reference);
}
