import { to, type Words } from './place.ts';

export const toMessage = (id: string): string => to(['message', id]);
export const toThread = (id: string): string => to(['thread', id]);
export const toTrace = (id: string): string => to(['trace', id]);
export const toMailbox = (mailbox: string, query?: Words): string => to(['mail', mailbox], query);
export const toCompose = (query: Words): string => to(['compose'], query);
export const toAgent = (name: string): string => to(['agents', name]);
export const toTask = (id: string): string => to(['task', id]);
export const toTopic = (topic: string): string => to(['topics', topic]);
