/** Claiming and settling, and what changes where mail is. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { giveBack, isUnprintable, written } from '../../cli/print-message.ts';
import { deliveryJson, entryJson, settledJson } from '../../contract/json.ts';
import type { DeliveryJson } from '../../contract/mail.ts';
import { cancel as cancelMail } from '../../core/keep/cancel.ts';
import { deliver as deliverMail } from '../../core/keep/deliver.ts';
import { peek as peekMail } from '../../core/look/peek.ts';
import { readNext } from '../../core/take/read.ts';
import { ack as ackMail, nack as nackMail, renew as renewMail } from '../../core/take/settle.ts';
import { once } from '../../model/schema.ts';
import {
  filterOf,
  filters,
  flag,
  mailbox,
  mailboxOf,
  maybe,
  moment,
  msOf,
  span,
  text,
  timeOf,
  waiting,
  waitOf,
} from '../route/fields.ts';
import { route } from '../route/route.ts';
import { heldBy } from './held.ts';

const read = route({
  operation: 'read',
  each: false,
  input: () =>
    z.strictObject({
      mailbox: mailbox(),
      ...filters(),
      ...span('lease', "holds it so long; the mailbox's setting if not given"),
      ...waiting(),
      label: maybe(text(), 'what the consumer calls itself'),
      unseal: maybe(flag(), 'opens what is sealed'),
    }),
  run: async (call, input): Promise<DeliveryJson | undefined> => {
    const { session, signal } = call;
    const name = mailboxOf(call, input.mailbox);
    const { label, unseal } = input;
    const waitMs = waitOf(input);
    const until = session.clock.uptime() + (waitMs ?? 0);
    for (;;) {
      const leftMs = waitMs === undefined ? undefined : Math.max(0, until - session.clock.uptime());
      const how = { ...filterOf(input), ...given({ leaseMs: msOf(input, 'lease'), waitMs: leftMs, label, unseal }) };
      const delivery = await readNext(session, name, { ...how, signal, by: session.acting ?? name });
      if (delivery === undefined) return undefined;
      call.hands(delivery.receipt);
      try {
        const answer = deliveryJson(delivery);
        written(delivery.message.id, () => JSON.stringify(answer));
        return answer;
      } catch (error) {
        if (!isUnprintable(error)) throw error;
        // Kept until its lease ends, it would come first again, for ever.
        session.warn(await giveBack(session, delivery, error));
      }
    }
  },
});

const peek = route({
  operation: 'peek',
  input: () =>
    z.strictObject({
      mailbox: mailbox(),
      ...filters(),
      limit: maybe(z.int().check(z.minimum(1), z.maximum(1000)), 'so many at most; 1 if not given'),
      unseal: maybe(flag(), 'opens what is sealed'),
      ...waiting(),
    }),
  run: (call, input) => {
    const how = given({ limit: input.limit, waitMs: waitOf(input), unseal: input.unseal });
    return peekMail(call.session, mailboxOf(call, input.mailbox), { ...how, ...filterOf(input), signal: call.signal });
  },
});

const meant = once(() => ({
  message: maybe(text(), 'its receipt or id; without it the one that the acting agent holds'),
}));

const ack = route({
  operation: 'ack',
  each: false,
  input: () =>
    z.strictObject({
      ...meant(),
      score: maybe(z.number().check(z.gte(0), z.lte(1)), 'how good the work is'),
      note: maybe(text(), 'the same in words'),
    }),
  run: async ({ session }, { message, ...how }) =>
    settledJson(await ackMail(session, message ?? (await heldBy(session)), how)),
});

const nack = route({
  operation: 'nack',
  each: false,
  input: () =>
    z.strictObject({
      ...meant(),
      ...span('delay', 'rests so long before it comes again'),
      reason: maybe(text()),
      dead: maybe(flag(), 'to the dead-letter queue'),
      free: maybe(flag(), 'the attempt does not count'),
    }),
  run: async ({ session }, input) => {
    const { message, reason, dead, free } = input;
    const how = given({ delayMs: msOf(input, 'delay'), reason, dead, free });
    return settledJson(await nackMail(session, message ?? (await heldBy(session)), how));
  },
});

const renew = route({
  operation: 'renew',
  each: false,
  input: () =>
    z.strictObject({ ...meant(), ...span('lease', "ends so long from now; the mailbox's setting if not given") }),
  run: async ({ session }, input) =>
    settledJson(await renewMail(session, input.message ?? (await heldBy(session)), msOf(input, 'lease'))),
});

const cancel = route({
  operation: 'cancel',
  input: () => z.strictObject({ id: text() }),
  run: async ({ session }, { id }) => (await cancelMail(session, id)).map((entry) => entryJson(entry, session.acting)),
});

const deliver = route({
  operation: 'deliver',
  input: () => z.strictObject({ id: text(), at: maybe(moment(), 'not before; now if not given') }),
  run: async (call, { id, at }) => {
    const { session } = call;
    const entries = await deliverMail(session, id, given({ at: timeOf(call, at, 'at') }));
    return entries.map((entry) => entryJson(entry, session.acting));
  },
});

export const takeRoutes = [read, peek, ack, nack, renew, cancel, deliver];
