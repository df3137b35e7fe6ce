import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { wordsOf } from '../brokers.ts';
import type { Take } from '../port.ts';
import { type Brought, createTaker, mostTogether, ofNowhere } from '../taker.ts';
import { parcelOf, type Published, refusalMessage, refusalOf } from './message.ts';
import { assertQueue, type Names } from './queues.ts';

interface Consuming {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  readonly names: Names;
  readonly take: Take;
  readonly warn: (message: string) => void;
  readonly end: (why: string) => void;
}

const idleMs = 300;

/** Takes what comes for this root, and what the peer has refused; each is acked once that is done. @returns what waits until the broker has nothing more. Never rejects */
export async function consumeFrom(consuming: Consuming): Promise<{ idle(): Promise<void> }> {
  const { channel, names, end, take } = consuming;
  const taker = createTaker(take, (error) => end((error as Error).message));
  const come = (message: ConsumeMessage | null, from: string): void => {
    if (message === null) return end(`the broker has taken away a queue of ${names.own}`);
    const one = broughtOf(consuming, message, from);
    const again = (): void => {
      gaveBack = true;
      one.again();
    };
    came++;
    taker.come({ ...one, again });
  };
  let came = 0;
  let gaveBack = false;
  /** What the broker still has, which is not on its way: behind the answer nothing comes that was delivered before it. */
  const waiting = async (): Promise<number> => {
    const all = await Promise.all([names.own, names.returns].map((name) => channel.checkQueue(name)));
    return all.reduce((sum, { messageCount }) => sum + messageCount, 0);
  };
  const idle = async (): Promise<void> => {
    try {
      while (!gaveBack) {
        await taker.rested(idleMs);
        const before = came;
        if ((await waiting()) === 0 && came === before) return;
        await new Promise((resolve) => setTimeout(resolve, idleMs));
      }
    } catch (error) {
      end(wordsOf(error));
    }
  };
  await channel.prefetch(mostTogether);
  for (const name of [names.own, names.returns]) await channel.consume(name, (message) => come(message, name));
  return { idle };
}

/** @param from the name of the queue that it was in */
function broughtOf(consuming: Consuming, message: ConsumeMessage, from: string): Brought {
  const { model, channel, names, warn } = consuming;
  // Who may bring mail may not say what has become of other mail.
  const parcel = from === names.own ? parcelOf(message) : undefined;
  const putAside = async (why: string): Promise<void> => {
    warn(`${why}: it is in the queue ${names.unreadable} now.`);
    await assertQueue(model, channel, names.unreadable);
    const { content, properties } = message;
    const { headers, type, messageId } = properties as Published['properties'];
    await publish(channel, names.unreadable, {
      content,
      properties: { headers, ...(type !== undefined && { type }), ...(messageId !== undefined && { messageId }) },
    });
  };
  return {
    parcel,
    returned: from === names.returns ? refusalOf(message) : undefined,
    from,
    ack: () => channel.ack(message),
    again: () => channel.nack(message, false, true),
    putAside,
    // The queue is made where it is not there any more: a refusal waits as mail does.
    sendBack: async (answer) => {
      if (!parcel) return;
      const { replyTo } = message.properties as { readonly replyTo?: unknown };
      const isOurs = typeof replyTo === 'string' && replyTo.startsWith('dreamos.');
      if (!isOurs) return putAside(ofNowhere(parcel, answer));
      await assertQueue(model, channel, replyTo);
      await publish(channel, replyTo, refusalMessage(parcel, answer));
    },
  };
}

function publish(channel: ConfirmChannel, to: string, { content, properties }: Published): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish('', to, content, { ...properties, persistent: true }, (error: unknown) =>
      error ? reject(new Error(`the broker takes no more for ${to}`)) : resolve(),
    );
  });
}
