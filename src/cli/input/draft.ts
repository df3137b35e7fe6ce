import type { Draft, Parsed } from '../../model/draft.ts';
import type { Session } from '../../core/root/root.ts';
import { parseData } from '../../model/data.ts';
import type { Context } from '../context.ts';
import { isId } from '../../model/id.ts';
import { traceIn } from '../../model/trace/trace-context.ts';
import type { BodyOptions, BodyWords } from './body.ts';
import type { DataOptions } from './data-file.ts';
import { durabilityOption, durationOption, given, priorityOption, timeOption } from './parse.ts';

/** The options that `send` and `reply` share, as they were typed. */
export interface ContentOptions extends BodyOptions, DataOptions {
  subject?: string;
  type?: string;
  priority?: string;
  thread?: string;
  tag?: string[];
  ttl?: string;
  delay?: string;
  at?: string;
  dedupeKey?: string;
  orderingKey?: string;
  replaceKey?: string;
  notify?: boolean;
  seal?: boolean;
  sealSubject?: boolean;
  durability?: string;
}

/** @param env who sends may be part of a trace */
export function contentOptions(
  options: ContentOptions,
  env: NodeJS.ProcessEnv = {},
): Omit<Parsed<Draft>, 'to' | 'body'> {
  const { subject, type, thread, dedupeKey, orderingKey, replaceKey, notify, allowEmpty, seal, sealSubject } = options;
  return given({
    ...traceIn(env),
    subject,
    type,
    thread,
    dedupeKey,
    orderingKey,
    replaceKey,
    notify,
    allowEmpty,
    seal,
    sealSubject,
    tags: options.tag,
    priority: priorityOption(options.priority),
    ttlMs: durationOption(options.ttl, '--ttl'),
    delayMs: durationOption(options.delay, '--delay'),
    at: timeOption(options.at, '--at'),
    durability: durabilityOption(options.durability),
  });
}

/**
 * JSON behind `--data`; or what is in a file: `--data @file`, `--data-file <file>`, with `-` for the standard input.
 * @param typed the body, which may come from there, too
 * @throws MESSAGE_INVALID, saying what is wrong and where
 */
export async function dataOption(context: Context, options: DataOptions, typed: BodyWords): Promise<unknown> {
  const { data, dataFile } = options;
  if (data === undefined && dataFile === undefined) return undefined;
  if (data === undefined || dataFile !== undefined || data.startsWith('@') || data === '-')
    return (await import('./data-file.ts')).readData(context, options, typed);
  return parseData(data, '--data', `Quote it for the shell: --data '{"key":"value"}'; of a file: --data @<file>`);
}

/** The end of an id stands for the message that has it; what can be none is somebody else's name for a message. */
export async function replyToOption(session: Session, text: string | undefined): Promise<string | undefined> {
  if (text === undefined || isId(text)) return text;
  const { meantId } = await import('../../core/look/meant.ts');
  return meantId(session, text, { logs: true });
}
