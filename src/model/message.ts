import * as z from 'zod/mini';
import { agentNamePattern } from './agent.ts';
import { durationExamples, durationPattern } from './duration.ts';
import { DreamosError } from './errors.ts';
import { inWords } from './issues/in-words.ts';
import { keyCharacters, mostFileBytes, mostTags, subjectCharacters, typeCharacters } from './basics/limits.ts';
import {
  anything,
  either,
  fieldsOf,
  listOf,
  matching,
  nothing,
  oneOf,
  optional,
  string,
  textOf,
} from './basics/fits.ts';
import { type Known, once, schema } from './schema.ts';
import { exactJson, RawJson, rawData, takeDataExactly } from './basics/raw-json.ts';
import { digestStart, endOf, sealedLength, writeSealed } from './signed/digest.ts';
import { keepBytes, keptBytes, sealedBytes } from './signed/signature.ts';
import { topicPattern } from './topic.ts';

export const priorities = ['urgent', 'high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** The one that is meant, also in capitals or with white space around it. */
export function priorityIn(value: unknown): Priority | undefined {
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  return priorities.find((each) => each === word);
}

const idPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const id = once(() => z.string().check(z.regex(idPattern)));
const agentName = once(() => z.string().check(z.regex(agentNamePattern)));
const time = once(() => z.iso.datetime());
// As zod's, which also knows in which years there is a 29th of February.
export const fitsTime = matching(
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/,
);
const fitsKey = either(nothing, textOf(1, keyCharacters));
const taskOf = fieldsOf({
  requires: optional(listOf(string)),
  dependsOn: optional(listOf(matching(idPattern))),
  parent: optional(matching(idPattern)),
  deadline: optional(fitsTime),
});

const fits = {
  v: oneOf(1),
  id: matching(idPattern),
  from: matching(agentNamePattern),
  to: listOf(matching(agentNamePattern)),
  addressedTo: optional(listOf(string)),
  topic: optional(matching(topicPattern)),
  subject: textOf(0, subjectCharacters),
  body: string,
  type: textOf(1, typeCharacters),
  priority: oneOf(...priorities),
  thread: either(nothing, string),
  replyTo: either(nothing, string),
  tags: listOf(textOf(1, typeCharacters), mostTags),
  data: anything,
  createdAt: fitsTime,
  expiresAt: either(nothing, fitsTime),
  replyBy: optional(fitsTime),
  dedupeKey: fitsKey,
  orderingKey: optional(fitsKey),
  replaceKey: optional(fitsKey),
  notify: optional(oneOf(true)),
  task: optional((value) => taskOf(value) === value),
  traceparent: optional(string),
  tracestate: optional(string),
  sealed: optional(string),
  sealedMac: optional(string),
  root: optional(string),
  key: optional(string),
  sig: optional(string),
  digest: optional(string),
};

/**
 * A message: an immutable envelope with a body. This is the one definition from which the types, the JSON Schema
 * (`dreamos schema message`) and every check come. Unknown fields are kept.
 */
export const messageSchema = schema(
  () =>
    z.looseObject({
      v: z.literal(1),
      id: id(),
      from: agentName(),
      /** Empty in what was published to a topic. */
      to: z.array(agentName()),
      /** As its sender wrote it, where a group is among it; only under a dedupe key, because a repeat is known by it. */
      addressedTo: z.optional(z.array(z.string())),
      topic: z.optional(z.string().check(z.regex(topicPattern))),
      subject: z.string().check(z.maxLength(subjectCharacters)),
      body: z.string(),
      type: z.string().check(z.minLength(1), z.maxLength(typeCharacters)),
      priority: z.enum(priorities),
      thread: z.nullable(z.string()),
      replyTo: z.nullable(z.string()),
      tags: z.array(z.string().check(z.minLength(1), z.maxLength(typeCharacters))).check(z.maxLength(mostTags)),
      data: z.unknown(),
      createdAt: time(),
      expiresAt: z.nullable(time()),
      /** Of a request: so long its sender waits for an answer. What comes later is ordinary mail. */
      replyBy: z.optional(time()),
      dedupeKey: z.nullable(z.string().check(z.minLength(1), z.maxLength(keyCharacters))),
      /** Only of a message that was sent with one: those of one key are delivered one at a time, in order. */
      orderingKey: z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(keyCharacters)))),
      /** Only of a message that was sent with one: it takes the place of its sender's older ones with it that wait. */
      replaceKey: z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(keyCharacters)))),
      /** Its sender is told when it dies. */
      notify: z.optional(z.literal(true)),
      /** Only of a task: what the rules of tasks go by. Where it lies says what state it is in. */
      task: z.optional(
        z.looseObject({
          /** Capabilities of who may do it. */
          requires: z.optional(z.array(z.string())),
          /** The tasks that have to be done before. */
          dependsOn: z.optional(z.array(id())),
          parent: z.optional(id()),
          deadline: z.optional(time()),
        }),
      ),
      /** Where its sender stood in a trace (W3C Trace Context). */
      traceparent: z.optional(z.string()),
      tracestate: z.optional(z.string()),
      /** By what its words are encrypted: `age`. The body is the ciphertext then, and `data` lies in it. */
      sealed: z.optional(z.string()),
      /** Of sealed words under a dedupe key: by it their repeat is known, to who has the sender's private key. */
      sealedMac: z.optional(z.string()),
      /** Only of a signed one: the root it was signed for, by which key of its sender, and the signature. */
      root: z.optional(z.string()),
      key: z.optional(z.string()),
      sig: z.optional(z.string()),
      digest: z.optional(z.string()),
    }),
  fieldsOf(fits),
);

/** What a message says that is a task. */
export type TaskFields = NonNullable<Message['task']>;

type MessageFields = Known<z.infer<ReturnType<typeof messageSchema>>>;

export type Message = MessageFields & {
  /** The fields of its file that nobody here knows, of a later version for one. Its JSON has them where the file has them. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The text of `data`, where its value does not say all of it. Its JSON has the value, its file the text. */
  readonly [rawData]?: string;
};

/** The `type`s that dreamos itself knows; any other text is as good. */
export const knownTypes = {
  message: 'plain mail; the default',
  task: 'work to be done',
  reply: 'an answer to another message',
  event: 'something happened; no answer is expected',
  alert: 'something is wrong and somebody should look',
} as const;

/** The bytes of a message, without a line end: compact JSON whose last field is the sha256 over everything before it. */
export function seal(message: Message): Buffer {
  return sealedBytes(message) ?? sealLines([message]).bytes.subarray(0, -1);
}

/**
 * Messages as files hold them, each with a line end; `lengths` are without it, in bytes.
 * @throws MESSAGE_TOO_LARGE: no reader would take it
 */
export function sealLines(messages: readonly Message[]): {
  readonly bytes: Buffer;
  readonly lengths: readonly number[];
} {
  const all = messages.map((message) => sealedBytes(message) ?? undigested(message));
  const lengths = all.map(sealedLength);
  for (const length of lengths) if (length >= mostFileBytes) throw tooLarge(length);
  // One buffer for all, in which they are also hashed: 6 us a message of 1 KiB; 8 with one for each, put together later.
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length + 1, 0));
  let start = 0;
  for (const one of all) start = writeSealed(bytes, start, one);
  return { bytes, lengths };
}

/** A message as its file has it, without the digest. Of one that was signed elsewhere every byte stays as it was. */
export function undigested(message: Message): string {
  const kept = keptBytes(message);
  if (kept) return `${kept.toString()}}`;
  return message.digest === undefined && message.extra === undefined && message[rawData] === undefined
    ? JSON.stringify(message)
    : exactJson({ ...asInFile(message), digest: undefined });
}

/**
 * Reads sealed bytes back. @param isCarried it is to be stored or sent as it is: then the bytes are kept with it
 * @throws DreamosError invalid CORRUPT, with the reason, when a byte changed, bytes are missing or the shape is wrong.
 */
export function unseal(bytes: Buffer, isCarried = false): Message {
  const end = endOf(bytes);
  const cut = digestStart(bytes, end);
  if (typeof cut === 'string') throw corrupt(cut);
  const message = parseMessage(bytes.toString('utf8', 0, end));
  // What is carried is a line.
  if (message.sig !== undefined || (isCarried && !bytes.subarray(0, end).includes(10)))
    keepBytes(message, bytes.subarray(0, end), cut);
  return message;
}

/** @throws DreamosError invalid CORRUPT */
export function parseMessage(text: string): Message {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(`it is not JSON (${(cause as Error).message})`, cause);
  }
  takeDataExactly(json, text);
  const parsed = messageSchema.safeParse(json);
  if (!parsed.success) throw corrupt(`it is not a message: ${explainIssues(parsed.error)}`, parsed.error);
  return fromFile(parsed.data);
}

const known = new Set(Object.keys(fits));

/** What the schema gave, which has the unknown behind the known; with all that is unknown under one name. */
export function fromFile(fields: MessageFields): Message {
  return known.has(Object.keys(fields).at(-1) ?? '') ? withRawData(fields) : withExtra(fields);
}

/** Data that is more than its value, taken apart. */
export function withRawData(message: MessageFields): Message {
  const { data } = message;
  return data instanceof RawJson ? { ...message, data: data.value, [rawData]: data.text } : message;
}

function withExtra(fields: MessageFields): Message {
  const isKnown = ([name]: [string, unknown]): boolean => known.has(name);
  const all = Object.entries(fields);
  const message = {
    ...withRawData(Object.fromEntries(all.filter(isKnown)) as MessageFields),
    extra: Object.fromEntries(all.filter((field) => !isKnown(field))),
  };
  return Object.defineProperty(message, 'toJSON', { value: () => asInFile(message) });
}

function asInFile({ extra, ...fields }: Message): MessageFields {
  return { ...fields, ...extra };
}

/** The JSON text of its data, exactly. */
export function dataJson({ data, [rawData]: raw }: Pick<Message, 'data' | typeof rawData>): string {
  return raw ?? JSON.stringify(data ?? null);
}

/**
 * The first few things that a schema found wrong, one of each field, as one phrase: `to: has to be a list; body: is missing`.
 * @param of what was checked, where that is at hand: of it is known what is missing
 */
export function explainIssues(error: z.core.$ZodError, of?: unknown): string {
  return inWords(error, formatOf, of);
}

function formatOf({ format, pattern }: { readonly format: string; readonly pattern?: string | undefined }): string {
  if (format === 'datetime') return 'a time in UTC, such as 2026-11-20T09:00:00Z';
  if (pattern === String(agentNamePattern))
    return "an agent's name: at most 64 letters, digits, dots, dashes and underscores, a letter or digit first";
  if (pattern === String(idPattern)) return 'an id, such as 01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
  if (pattern === String(durationPattern)) return `a duration such as ${durationExamples}`;
  return pattern === String(topicPattern) ? 'a topic, such as build.done' : `of the form ${pattern ?? format}`;
}

function tooLarge(bytes: number): DreamosError {
  const message = `This message would have ${bytes} bytes in its file, escapes and all fields counted; at most ${mostFileBytes - 1} are read back.`;
  return new DreamosError('invalid', 'MESSAGE_TOO_LARGE', message, {
    hint: 'Write its body or data to a file and send the path.',
  });
}

function corrupt(why: string, cause?: unknown): DreamosError {
  return new DreamosError('invalid', 'CORRUPT', `This message cannot be read: ${why}.`, {
    hint: 'dreamos doctor',
    cause,
  });
}
