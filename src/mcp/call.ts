/** What the body of a tool works with, and what it says. */
import type { Context } from '../cli/context.ts';
import type { ToolInput, ToolName, ToolOutput } from './shapes.ts';
import { mostToolWaitMs } from './fields.ts';
import type { Session } from '../core/root/root.ts';
import type { Message } from '../model/message.ts';
import { parseDuration } from '../model/duration.ts';
import { usage } from '../model/refusals.ts';
import type { Delivery } from '../storage/port/mail.ts';

export interface Call {
  readonly context: Context;
  readonly session: Session;
  /** What a person would read on stderr, and a model does not. */
  readonly warnings: readonly string[];
  /** Aborted when its caller no longer wants the answer, or has gone. */
  readonly signal: AbortSignal;
  /** A claim that the answer hands over: it is given back if the answer does not arrive; `ack`: else finished. */
  hands(receipt: string, settle?: 'ack'): void;
}

interface Said<N extends ToolName> {
  /** For a model, or a person. */
  readonly text: string;
  /** As its shape says. */
  readonly value: ToolOutput<N>;
}

export type Body<N extends ToolName> = (call: Call, input: ToolInput<N>) => Promise<Said<N>>;

/** @throws USAGE: nobody is named, and nobody acts */
export function mailboxOf({ session }: Call, named: string | undefined): string {
  const mailbox = named ?? session.acting;
  if (mailbox !== undefined) return mailbox;
  throw usage(
    'It is not known whose mailbox is meant.',
    'Name it as `mailbox`; or have the server started with a name: dreamos mcp --as <agent>',
  );
}

/** @returns milliseconds @throws USAGE */
export function waitOf(text: string | undefined, otherwise: number): number {
  const waitMs = text === undefined ? otherwise : parseDuration(text, 'duration for `wait`');
  if (waitMs <= mostToolWaitMs) return waitMs;
  throw usage(`A tool waits at most ${mostToolWaitMs / 1000}s.`, 'Call it again when nothing has come.');
}

/**
 * An agent has no other way to open its sealed mail than the tool that hands it over. Where it cannot be opened here it is handed over as it lies, and the warning stands beside the answer.
 */
export async function openedHere(session: Session, delivery: Delivery): Promise<Delivery> {
  if (delivery.message.sealed === undefined) return delivery;
  return (await import('../core/take/unsealed.ts')).openedOrWarn(session, delivery);
}

interface InMailboxes {
  readonly message: Message;
  readonly entries: readonly { readonly mailbox: string }[];
}

/** Of a conversation, with the keys of who acts. */
export async function openedAll<T extends InMailboxes>(
  session: Session,
  all: readonly T[],
): Promise<readonly (T & { readonly unsealed?: true })[]> {
  if (all.every(({ message }) => message.sealed === undefined)) return all;
  const opener = (await import('../core/seal/opener.ts')).createOpener(session);
  const result: (T & { readonly unsealed?: true })[] = [];
  for (const one of all) {
    const message = await opener.open(one.message, one.entries[0]?.mailbox ?? one.message.from);
    result.push(message ? { ...one, message, unsealed: true } : one);
  }
  opener.end();
  return result;
}
