import type { Consumer, ConsumerMessages, JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { wordsOf } from '../brokers.ts';
import { objectIn } from '../frames.ts';
import type { Take } from '../port.ts';
import { type Brought, createTaker, mostTogether, ofNowhere } from '../taker.ts';
import { fromOf, parcelOf, type Published, refusalMessage, refusalOf } from './message.ts';
import type { Nats } from './package.ts';
import { type Names, returnsOf } from './stream.ts';

export interface Consuming {
  readonly nats: Nats;
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly js: JetStreamClient;
  readonly names: Names;
  /** What this root is called there. */
  readonly own: string;
  /** What is not acked comes again after this; what is being stored is said to be so again and again meanwhile. */
  readonly ackWaitMs: number;
  readonly take: Take;
  readonly warn: (message: string) => void;
  readonly end: (why: string) => void;
}

export interface Consumed {
  /** All that had come was taken, and the broker has nothing more. Never rejects. */
  idle(): Promise<void>;
  /** Waits for what is being taken, and gives back what is not begun. */
  stop(): Promise<void>;
}

const lookEveryMs = 200;
/** A broker notices a little later. */
const slackMs = 500;
const confirmWithinMs = 20_000;
/** Of what was brought and is not acked, as large as the broker takes each. */
const mostHeldBytes = 256 * 1024 * 1024;

/** How many are brought before they are acked. @param maxPayload the largest that the broker takes; bytes */
export function windowFor(maxPayload = 1): number {
  return Math.min(mostTogether, Math.max(1, Math.floor(mostHeldBytes / maxPayload)));
}

/** Takes what comes for this root, and what the peer has refused; each is acked once that is done. */
export async function consumeFrom(consuming: Consuming): Promise<Consumed> {
  const { js, names, ackWaitMs, take, end } = consuming;
  const held = new Set<JsMsg>();
  let isOver = false;
  let gaveBack = false;
  const over = (why: string): void => {
    isOver = true;
    end(why);
  };
  const taker = createTaker(take, (error) => over(wordsOf(error)));
  const consumers: Consumer[] = [];
  const taken: ConsumerMessages[] = [];
  for (const [name, subject] of [
    [names.ownConsumer, names.own],
    [names.returnsConsumer, names.returns],
  ] as const) {
    await addConsumer(consuming, name, subject);
    consumers.push(await js.consumers.get(names.stream, name));
  }
  const done = (message: JsMsg): void => void held.delete(message);
  const begin = async (consumer: Consumer, from: string): Promise<void> => {
    const messages = await consumer.consume({
      max_messages: mostTogether,
      abort_on_missing_resource: true,
      callback: (message) => {
        if (isOver) return;
        held.add(message);
        const one = broughtOf(consuming, message, from);
        taker.come({
          ...one,
          ack: () => {
            done(message);
            message.ack();
          },
          again: () => {
            done(message);
            gaveBack = true;
            message.nak();
          },
        });
      },
    });
    taken.push(messages);
    void messages.closed().then((error) => error && over(`${from}: ${wordsOf(error)}`));
  };
  const beginAll = async (): Promise<void> => {
    const [own, returns] = consumers as [Consumer, Consumer];
    await begin(returns, names.returns);
    await behindTheKilled(own, ackWaitMs, () => isOver);
    if (!isOver) await begin(own, names.own);
  };
  beginAll().catch((error: unknown) => over(wordsOf(error)));
  const holding = setInterval(() => {
    try {
      for (const message of held) message.working();
    } catch (error) {
      clearInterval(holding);
      over(wordsOf(error));
    }
  }, ackWaitMs / 3);
  return {
    idle: async () => {
      const since = performance.now();
      try {
        while (!isOver && !gaveBack) {
          await taker.rested(lookEveryMs);
          const left = await Promise.all(consumers.map((one) => one.info()));
          if (left.every(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending === 0)) return;
          // Another bridge has it.
          if (left.every(({ num_pending }) => num_pending === 0) && performance.now() - since > 2 * ackWaitMs) return;
        }
      } catch (error) {
        over(wordsOf(error));
      }
    },
    stop: async () => {
      isOver = true;
      for (const messages of taken) messages.stop();
      await taker.stop();
      clearInterval(holding);
    },
  };
}

/** What is not acked comes again behind what is new, so that what a killed bridge had is waited for: mail keeps its order. */
async function behindTheKilled(consumer: Consumer, ackWaitMs: number, isOver: () => boolean): Promise<void> {
  const since = performance.now();
  while (!isOver() && performance.now() - since < ackWaitMs + slackMs) {
    if ((await consumer.info()).num_ack_pending === 0) return;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

async function addConsumer(
  { nats, nc, jsm, names, ackWaitMs }: Consuming,
  name: string,
  subject: string,
): Promise<void> {
  await jsm.consumers.add(names.stream, {
    durable_name: name,
    filter_subject: subject,
    ack_policy: 'explicit',
    deliver_policy: 'all',
    ack_wait: nats.nanos(ackWaitMs),
    max_ack_pending: windowFor(nc.info?.max_payload),
    max_deliver: -1,
  });
}

/** @param from the subject of which it was taken */
function broughtOf(consuming: Consuming, message: JsMsg, from: string): Brought {
  const { nats, js, names, own, warn } = consuming;
  // Who may bring mail may not say what has become of other mail.
  const parcel = from === names.own ? parcelOf(message) : undefined;
  const publish = async (subject: string, { data, headers }: Published): Promise<void> => {
    await js.publish(subject, data, { headers, expect: { streamName: names.stream } });
  };
  const putAside = async (why: string): Promise<void> => {
    warn(`${why}: it is in the stream ${names.stream} as ${names.unreadable} now.`);
    await keepAsIs(consuming, message);
  };
  return {
    parcel,
    returned: from === names.returns ? refusalOf(message) : undefined,
    from,
    ack: () => message.ack(),
    again: () => message.nak(),
    putAside,
    sendBack: async (answer) => {
      if (!parcel) return;
      const origin = fromOf(message);
      if (origin !== undefined)
        return publish(returnsOf(names.stream, origin, own), refusalMessage(nats, parcel, answer));
      await putAside(ofNowhere(parcel, answer));
    },
  };
}

/** As a stranger has sent it, but for what a header says to the broker: it would be refused by that, or taken for one that is there. */
async function keepAsIs({ nats, nc, names: { unreadable } }: Consuming, { data, headers }: JsMsg): Promise<void> {
  const kept = nats.headers();
  const names = [...(headers?.keys() ?? [])].filter((name) => !/^nats-/i.test(name));
  for (const name of names) for (const value of headers?.values(name) ?? []) kept.append(name, value);
  const publish = async (more: { headers?: MsgHdrs }): Promise<void> => {
    const answer = await nc.request(unreadable, data, { timeout: confirmWithinMs, ...more });
    const said = objectIn(answer.string());
    if (said?.['stream'] === undefined) throw new Error(`the broker takes no more for ${unreadable}`);
  };
  // What is as large as can be may have no room for them.
  await (names.length === 0 ? publish({}) : publish({ headers: kept }).catch(() => publish({})));
}
