/** Where a message can be in a mailbox; it is in exactly one of them. */
export const states = ['ready', 'delayed', 'inflight', 'archived', 'dead'] as const;
export type State = (typeof states)[number];

/** What a mailbox still holds to be done. */
export const unfinished = ['ready', 'delayed', 'inflight'] as const satisfies State[];

/**
 * What became of a handled message: `failed` comes again, `returned` too and without a used attempt, `dead` is in the
 * dead-letter queue, `settled` was settled by the handler itself, `lost` was taken back before the handler had ended.
 */
export const results = ['acked', 'failed', 'returned', 'dead', 'settled', 'lost'] as const;
export type Result = (typeof results)[number];
