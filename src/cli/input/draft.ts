import type { Draft, Parsed } from '../../model/draft.ts';
import { parseData } from '../../model/data.ts';
import type { BodyOptions } from './body.ts';
import { durabilityOption, durationOption, given, priorityOption, timeOption } from './parse.ts';

/** The options that `send` and `reply` share, as they were typed. */
export interface ContentOptions extends BodyOptions {
  subject?: string;
  type?: string;
  priority?: string;
  thread?: string;
  tag?: string[];
  data?: string;
  ttl?: string;
  delay?: string;
  at?: string;
  dedupeKey?: string;
  orderingKey?: string;
  durability?: string;
}

export function contentOptions(options: ContentOptions): Omit<Parsed<Draft>, 'to' | 'body'> {
  const { subject, type, thread, dedupeKey, orderingKey, allowEmpty } = options;
  return given({
    subject,
    type,
    thread,
    dedupeKey,
    orderingKey,
    allowEmpty,
    tags: options.tag,
    priority: priorityOption(options.priority),
    ttlMs: durationOption(options.ttl, '--ttl'),
    delayMs: durationOption(options.delay, '--delay'),
    at: timeOption(options.at, '--at'),
    durability: durabilityOption(options.durability),
  });
}

/** @throws MESSAGE_INVALID, saying what is wrong and where */
export function dataOption(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  return parseData(text, '--data', `Quote it for the shell: --data '{"key":"value"}'`);
}
