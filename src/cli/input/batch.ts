import { quoteWord } from '../../model/basics/shell-word.ts';
import { preview, sendAll } from '../../core/send/send.ts';
import { type Draft, draftFields, parseDraft } from '../../model/draft.ts';
import { DreamosError } from '../../model/errors.ts';
import { takeDataExactly } from '../../model/basics/raw-json.ts';
import { messageInvalid, reference, usage } from '../../model/refusals.ts';
import { hardMaxMessageBytes, mostAtOnce } from '../../model/basics/limits.ts';
import type { Session } from '../../core/root/root.ts';
import type { Context } from '../context.ts';
import type { ContentOptions } from './draft.ts';
import { harmlessJson } from '../harmless.ts';
import { type BodyWords, decodeText } from './body.ts';
import { gathered, groupLines, type Line } from './lines.ts';
import { durabilityOption, durationOption, given } from './parse.ts';
import { orTell } from '../unwritten.ts';
import { upTo } from '../waiting.ts';
import { untilAborted } from './until-aborted.ts';
import { traceIn } from '../../model/trace/trace-context.ts';

// A byte of a message is at most six in JSON (\u0000); the rest of the line is small. Recipients may take less.
const mostLineBytes = hardMaxMessageBytes * 6 + 65_536;

function ofFile(context: Context, file = 'messages.jsonl'): string {
  return `dreamos send --batch${context.flagsTyped()} < ${quoteWord(file)}`;
}

/** Before a line is read: `--batch messages.jsonl` names no file, but a recipient for the lines that have none. */
async function checkRecipient(
  context: Context,
  session: Session,
  to: string | undefined,
  from = session.acting ?? 'nobody',
): Promise<void> {
  if (to === undefined || to === '-' || to.includes('@')) return;
  try {
    await preview(session, { to, from, body: 'x' });
  } catch (error) {
    // All else is told of each line that it is about.
    if (!(error instanceof DreamosError) || !['AGENT_NOT_FOUND', 'NAME_INVALID'].includes(error.code)) return;
    throw new DreamosError(error.kind, error.code, error.message, {
      hint: `If it is the file: ${ofFile(context, to)}; if not: ${error.hint ?? 'dreamos agent list'}`,
      cause: error,
    });
  }
}

/**
 * `send --batch`: a message a line. Each line has its own result, in order: an id (or a JSON result) on stdout, or an
 * error with the line's number on stderr; the lines behind a bad one are sent all the same.
 */
export async function sendBatch(
  context: Context,
  to: string | undefined,
  [body]: BodyWords,
  options: ContentOptions & {
    from?: string;
    replyTo?: string;
    batch?: boolean;
    until?: string;
    dryRun?: boolean;
    wait?: string;
  },
): Promise<void> {
  checkOptions(body, options);
  if (context.around.stdin.isTTY === true) {
    throw usage(
      'The standard input is a terminal, and --batch reads messages from it.',
      `Pipe JSON Lines in, those of a file so: ${ofFile(context, /[./]/.test(to ?? '') ? to : undefined)}; how else: dreamos send --help`,
    );
  }
  const durability = durabilityOption(options.durability);
  const waiting = { signal: context.signal, ...given({ waitMs: durationOption(options.wait, '--wait') }) };
  const session = await context.session();
  await checkRecipient(context, session, to, options.from);
  const shared = given({
    ...traceIn(context.around.env),
    to: to === '-' ? undefined : to,
    from: options.from,
    notify: options.notify,
    allowEmpty: options.allowEmpty,
    seal: options.seal,
    sealSubject: options.sealSubject,
    durability,
  });

  let empty = true;
  const { stdin } = context.around;
  const chunks = gathered(untilAborted(stdin, context.signal), stdin);
  for await (const lines of groupLines(chunks, mostAtOnce, mostLineBytes)) {
    if (context.signal.aborted) return;
    empty = false;
    const parsed = lines.map((line) => parseLine(line, shared));
    const drafts = parsed.filter((draft): draft is Draft => !(draft instanceof DreamosError));
    const sent = await upTo(waiting.waitMs, context, 'the recipients to take them; a mailbox may be full', () =>
      sendAll(session, drafts, waiting),
    );
    let next = 0;
    let results = '';
    for (const [i, line] of lines.entries()) {
      const refused = parsed[i];
      const result = refused instanceof DreamosError ? refused : sent[next++];
      if (result === undefined) throw new Error(`line ${line.number} has no result`);
      if (result instanceof DreamosError) await context.fail(result, line.number);
      else results += context.output.json ? `${harmlessJson(result)}\n` : `${result.id}\n`;
    }
    if (results === '') continue;
    const told = () =>
      `The ids up to line ${lines.at(-1)?.number} could not be written out; those messages are sent, the lines behind it are not.`;
    await orTell(
      context.output.data(results),
      told,
      'With a dedupeKey in each line the whole input can be sent again without doubles.',
    );
  }
  if (empty) await context.output.note('There was no line in it, so nothing was sent.');
}

/** What stands in each line instead. */
const ofOneMessage = [
  'subject',
  'type',
  'priority',
  'thread',
  'tag',
  'data',
  'dataFile',
  'ttl',
  'delay',
  'at',
  'dedupeKey',
  'orderingKey',
  'replaceKey',
  'bodyFile',
  'replyTo',
] as const;

function checkOptions(
  body: string | undefined,
  options: ContentOptions & { replyTo?: string; until?: string; dryRun?: boolean },
): void {
  if (options.until !== undefined)
    throw usage('--until waits for one message, and --batch sends many.', 'Follow them with: dreamos watch');
  if (options.dryRun) throw usage('--dry-run is for one message, not for --batch.', 'Leave out one of them.');
  if (body !== undefined)
    throw usage(
      'With --batch the bodies come from the standard input, not from an argument.',
      'How they look: dreamos send --help',
    );
  const stray = ofOneMessage.find((name) => options[name] !== undefined);
  if (stray === undefined) return;
  const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw usage(
    `--${flag} says nothing with --batch: each line has its own fields.`,
    `Write the field into the lines: ${draftFields.join(', ')}.`,
  );
}

const nameOne = 'Write {"to":"reviewer","body":"…"}, or name a recipient for all before --batch: dreamos send --help';

function parseLine(line: Line, shared: Partial<Draft>): Draft | DreamosError {
  try {
    if (line.tooLong)
      throw new DreamosError('invalid', 'MESSAGE_TOO_LARGE', 'This line is longer than any message may be.');
    const json = parseObject(decodeText(line.bytes, 'this line'));
    // A line that says null says nothing, and what is said for all holds.
    for (const name in shared) if (json[name] === null) delete json[name];
    if ((json['to'] ?? shared.to ?? null) === null) throw messageInvalid('"to" is missing.', nameOne);
    return parseDraft({ ...shared, ...json } as Draft, 'send');
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Of a line of data what is written wrongly is wrong data, a duration too; what asks for too much is as in any send.
    return error.kind === 'usage' && error.hint !== reference ? messageInvalid(error.message, error.hint) : error;
  }
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw messageInvalid(`This line is not JSON: ${(cause as Error).message}.`);
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    takeDataExactly(json, text);
    return json as Record<string, unknown>;
  }
  throw messageInvalid('This line is not a JSON object.', 'Write {"to":"reviewer","body":"…"}.');
}
