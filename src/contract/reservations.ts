/** What reserving files prints with --json. */
import * as z from 'zod/mini';
import { type Known, schema } from '../model/schema.ts';
import { count, type Of, text, time } from './shape.ts';

/** As the document of the reservations has it, which keeps what it does not know. */
export const reservation = schema(() =>
  z.looseObject({
    /** A path or a pattern, relative to the folder that holds runtime/; one that lies elsewhere is whole. */
    path: text(),
    agent: text(),
    /** Others may have it, too, if theirs is shared as well. */
    shared: z.boolean(),
    reason: z.exactOptional(text()),
    since: time(),
    until: time(),
    /** The larger one is the later one, of all that there ever were: what writes may refuse who comes with a smaller one. */
    token: count(),
  }),
);
export type Reservation = Known<z.infer<ReturnType<typeof reservation>>>;

export const reserved = schema(() =>
  z.extend(reservation(), {
    /** `false`: it was the agent's already, and lasts longer now. */
    created: z.boolean(),
  }),
);
export type Reserved = Known<z.infer<ReturnType<typeof reserved>>>;

export const reservationCheck = schema(() =>
  z.object({
    path: text(),
    /** `mine`: the acting agent has it, or a part of it, and nobody else has. */
    state: z.enum(['free', 'mine', 'held']),
    /** Those of others that keep it from the acting agent. */
    held: z.array(reservation()),
  }),
);
export type ReservationCheck = Of<typeof reservationCheck>;
