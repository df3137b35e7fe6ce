import type { Message } from '../message.ts';

/** By when it is to be done (a task's deadline) or answered (`replyBy` of a request), if its sender says so; milliseconds. */
export function dueByOf({ replyBy, task }: Pick<Message, 'replyBy' | 'task'>): number | undefined {
  const by = replyBy ?? task?.deadline;
  return by === undefined ? undefined : Date.parse(by);
}

interface Due {
  readonly dueBy?: number | undefined;
  /** Its time-to-live, by which it is to be done as well. */
  readonly expiresAt?: number | undefined;
}

/** Whether what ends now ends too late; `undefined`: there is no time by which it was to. */
export function isLate({ dueBy, expiresAt }: Due, now: number): boolean | undefined {
  if (dueBy === undefined && expiresAt === undefined) return undefined;
  return (dueBy !== undefined && dueBy < now) || (expiresAt !== undefined && expiresAt <= now);
}
