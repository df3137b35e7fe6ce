import { sameAgent } from './agent.ts';
import type { Message, Priority } from './message.ts';

/** Which messages are meant; every given field has to hold. */
export interface Filter {
  readonly from?: string;
  readonly type?: string;
  readonly thread?: string;
  readonly tag?: string;
  readonly priority?: Priority;
  readonly id?: string;
  /** Only tasks. */
  readonly task?: true;
}

/** Which messages a look shows; what is claimed is chosen by less. */
export interface LookFilter extends Filter {
  /** In the subject, in any case of letters. */
  readonly subject?: string;
  /** So long ago, at least: that it died or was finished, and of what is neither, that it was sent; milliseconds. */
  readonly olderThanMs?: number;
}

/** Which of the dead, too. */
export interface DeadFilter extends LookFilter {
  /** In the reason, in any case of letters. Only what is dead has one. */
  readonly reason?: string;
}

/** `undefined` for a filter that accepts everything, which is cheaper to claim with. */
export function acceptsOf(filter: Filter | undefined): ((message: Message) => boolean) | undefined {
  const { from, type, thread, tag, priority, id, task } = filter ?? {};
  if ([from, type, thread, tag, priority, id, task].every((wanted) => wanted === undefined)) return undefined;
  return (message) =>
    (from === undefined || sameAgent(from, message.from)) &&
    (type === undefined || type === message.type) &&
    (thread === undefined || thread === message.thread || thread === message.id) &&
    (tag === undefined || message.tags.includes(tag)) &&
    (priority === undefined || priority === message.priority) &&
    (id === undefined || id === message.id) &&
    (task === undefined || message.task !== undefined);
}
