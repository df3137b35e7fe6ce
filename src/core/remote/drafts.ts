/** Drafts as they leave for a server: what a root of files would make of them is made of them here, since JSON cannot hold it all. */
import type { OperationName } from '../../contract/operations.ts';
import { checkedJson, parseData } from '../../model/data.ts';
import { mostAtOnce } from '../../model/basics/limits.ts';
import { RawJson } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { tooManyAtOnce } from '../../model/refusals.ts';

/** `sendAll` leaves by `sendSeveral`. */
const drafting: ReadonlySet<OperationName> = new Set<OperationName>([
  ...(['send', 'preview', 'reply', 'request', 'publish', 'schedule.add'] as const),
  ...(['tasks.create', 'tasks.createAll', 'tasks.done'] as const),
]);

/**
 * The `data` of its drafts as what JSON makes of it: what has a way of its own (a URL, a Buffer) would arrive as the fields that it has.
 * @throws MESSAGE_INVALID
 */
export function withJson(operation: OperationName | undefined, args: readonly unknown[]): readonly unknown[] {
  return operation !== undefined && drafting.has(operation) ? args.map(asJson) : args;
}

function asJson(one: unknown): unknown {
  if (Array.isArray(one)) return one.map(asJson);
  if (typeof one !== 'object' || one === null) return one;
  const { data, message } = one as { readonly data?: unknown; readonly message?: unknown };
  if (message !== undefined) return { ...one, message: asJson(message) };
  if (data === undefined || data === null || data instanceof RawJson) return one;
  return { ...one, data: parseData(checkedJson(data), 'The data') };
}

/**
 * Several, each with its own answer. @param drafts is gone through once
 * @param send is asked for the answers to those that can leave
 * @throws USAGE: they are too many
 */
export async function sendSeveral(
  drafts: Iterable<unknown>,
  send: (drafts: readonly unknown[]) => Promise<unknown>,
): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const draft of drafts) {
    if (all.length >= mostAtOnce) throw tooManyAtOnce();
    all.push(orError(draft));
  }
  const leaving = all.filter((one) => !(one instanceof DreamosError));
  const answers = leaving.length === 0 ? [] : ((await send(leaving)) as unknown[]);
  const next = answers.values();
  return all.map((one) => (one instanceof DreamosError ? one : next.next().value));
}

function orError(draft: unknown): unknown {
  try {
    return asJson(draft);
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}
