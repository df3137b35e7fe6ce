/**
 * What somebody else has sent may be what no tool here can write: nested deeper than the stack of JSON.stringify goes, or
 * longer than a string may be. Then it is that message's trouble alone.
 */
import { deliveryJson } from '../contract/json.ts';
import type { Session } from '../core/root/root.ts';
import { nack } from '../core/take/settle.ts';
import { DreamosError } from '../model/errors.ts';
import type { Message } from '../model/message.ts';
import type { Delivery } from '../storage/port/mail.ts';
import { harmlessJson } from './harmless.ts';
import type { Output } from './output.ts';

/** A message as a program gets it: a line of JSON. @throws MESSAGE_INVALID */
export function deliveryLine(job: Delivery): string {
  return written(job.message.id, () => `${harmlessJson(deliveryJson(job))}\n`);
}

/** As `output.item`. @throws MESSAGE_INVALID, and as it does */
export async function printMessage(output: Output, id: string, value: unknown, text: () => string): Promise<void> {
  await output.data(written(id, () => output.lineOf(value, text)));
}

/** Among others: one that cannot be written is told of, and the next one comes. @throws as `output.item` */
export async function printOrWarn(output: Output, id: string, value: unknown, text: () => string): Promise<void> {
  try {
    await printMessage(output, id, value, text);
  } catch (error) {
    if (!isUnprintable(error)) throw error;
    await output.warn(`${error.message} It is passed over.`);
  }
}

/** Within one result: `null` for one that cannot be written, which is told. */
export async function orNull(output: Output, message: Message | null): Promise<Message | null> {
  try {
    if (message) written(message.id, () => output.lineOf(message, () => ''));
    return message;
  } catch (error) {
    if (!isUnprintable(error)) throw error;
    await output.warn(`${error.message} It is passed over.`);
    return null;
  }
}

export function isUnprintable(error: unknown): error is DreamosError {
  return error instanceof DreamosError && error.code === 'MESSAGE_INVALID';
}

/** Ends a claim whose message cannot be written as a handler that failed would: the last attempt leads to the dead letters. */
export async function giveBack(
  session: Session,
  { receipt }: Delivery,
  { message: reason }: DreamosError,
): Promise<string> {
  const { id, mailbox, state } = await nack(session, receipt, { reason });
  const what = 'It was given back, and the attempt has failed';
  return state === 'dead'
    ? `${reason} It is in the dead-letter queue now: dreamos dlq list ${mailbox}`
    : `${reason} ${what}: dreamos trace ${id}`;
}

/** @throws MESSAGE_INVALID for what cannot be written */
export function written(id: string, make: () => string): string {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof DreamosError) throw cause;
    const message = `Message ${id} cannot be printed: ${(cause as Error).message}.`;
    throw new DreamosError('invalid', 'MESSAGE_INVALID', message, { hint: `dreamos trace ${id}`, cause });
  }
}
