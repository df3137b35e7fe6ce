import { DreamosError } from '../../../model/errors.ts';
import { type Message, unseal } from '../../../model/message.ts';
import type { RedisContext } from '../roles/context.ts';

/** `warn`: told of what cannot be read. */
export type DumpFrom = Pick<RedisContext, 'link' | 'warn'>;

/** The message that these bytes are; else why they are not it. */
export function readable(id: string, bytes: Buffer | undefined): Message | string {
  try {
    const message = unseal(bytes ?? Buffer.alloc(0));
    return message.id === id ? message : `What is said to be ${id} is ${message.id}.`;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    return error.message;
  }
}
