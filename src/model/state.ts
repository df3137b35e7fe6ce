/** Where a message can be in a mailbox; it is in exactly one of them. */
export const states = ['ready', 'delayed', 'inflight', 'archived', 'dead'] as const;
export type State = (typeof states)[number];
