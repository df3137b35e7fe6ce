import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Answer, Parcel, Take } from '../port.ts';
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

/** A message, and the name of the queue that it was in. */
type Come = readonly [message: ConsumeMessage, from: string];

/** As many as are stored together. */
const prefetch = 256;
const restMs = 1000;
const idleMs = 300;

/** Takes what comes for this root, and what the peer has refused; each is acked once that is done. @returns what waits until nothing comes any more */
export async function consumeFrom(consuming: Consuming): Promise<{ idle(): Promise<void> }> {
  const { channel, names, end } = consuming;
  const queue: Come[] = [];
  let taking: Promise<void> | undefined;
  let lastAt = performance.now();
  const take = async (): Promise<void> => {
    while (queue.length > 0) await takeSome(consuming, queue.splice(0, prefetch));
  };
  const come = (message: ConsumeMessage | null, from: string): void => {
    if (message === null) return end(`the broker has taken away a queue of ${names.own}`);
    lastAt = performance.now();
    queue.push([message, from]);
    taking ??= take()
      .catch((error: unknown) => end((error as Error).message))
      .finally(() => (taking = undefined));
  };
  await channel.prefetch(prefetch);
  for (const name of [names.own, names.returns]) await channel.consume(name, (message) => come(message, name));
  return {
    idle: async () => {
      while (taking || performance.now() - lastAt < idleMs) {
        await taking;
        await new Promise((resolve) => setTimeout(resolve, idleMs / 3));
      }
    },
  };
}

/** Together they share the syncs of the store. */
async function takeSome(consuming: Consuming, come: readonly Come[]): Promise<void> {
  const { channel, take, names } = consuming;
  const parcels: [ConsumeMessage, Parcel][] = [];
  for (const [message, from] of come) {
    // Who may bring mail may not say what has become of other mail.
    const parcel = from === names.own ? parcelOf(message) : undefined;
    const refusal = from === names.returns ? refusalOf(message) : undefined;
    if (parcel) parcels.push([message, parcel]);
    else if (!refusal) await putAside(consuming, message, `Something in ${from} is no mail of dreamos`);
    else if (await take.returned(refusal)) channel.ack(message);
    else {
      const { id, to, code } = refusal;
      await putAside(consuming, message, `${id} was refused (${code}), and ${to} has nothing here that went there`);
    }
  }
  if (parcels.length === 0) return;
  const answers = await take.parcels(parcels.map(([, parcel]) => parcel));
  let mustRest = false;
  for (const [i, [message, parcel]] of parcels.entries()) {
    const answer = answers[i] as Answer;
    if (answer.is === 'refused') await sendBack(consuming, message, parcel, answer);
    if (answer.is === 'later') mustRest = true;
    else channel.ack(message);
  }
  if (!mustRest) return;
  // It comes again at once, so this rests before it is given back.
  await new Promise((resolve) => setTimeout(resolve, restMs));
  for (const [i, [message]] of parcels.entries()) if (answers[i]?.is === 'later') channel.nack(message, false, true);
}

/** For a person. */
async function putAside(
  { model, channel, names, warn }: Consuming,
  message: ConsumeMessage,
  why: string,
): Promise<void> {
  warn(`${why}: it is in the queue ${names.unreadable} now.`);
  await assertQueue(model, channel, names.unreadable);
  const { content, properties } = message;
  await publish(channel, names.unreadable, { content, properties: { headers: properties.headers, persistent: true } });
  channel.ack(message);
}

/** To who has published it. The queue is made where it is not there any more: a refusal waits as mail does. */
async function sendBack(
  { model, channel, names, warn }: Consuming,
  message: ConsumeMessage,
  parcel: Parcel,
  answer: Extract<Answer, { is: 'refused' }>,
): Promise<void> {
  const { replyTo } = message.properties as { readonly replyTo?: unknown };
  const isOurs = typeof replyTo === 'string' && replyTo.startsWith('dreamos.');
  if (!isOurs)
    warn(
      `${parcel.id} is refused, and nobody is told: it does not say where it came from. It is in ${names.unreadable} now.`,
    );
  const to = isOurs ? replyTo : names.unreadable;
  await assertQueue(model, channel, to);
  await publish(channel, to, refusalMessage(parcel, answer));
}

function publish(channel: ConfirmChannel, to: string, { content, properties }: Published): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.publish('', to, content, { ...properties, persistent: true }, (error: unknown) =>
      error ? reject(new Error(`the broker takes no more for ${to}`)) : resolve(),
    );
  });
}
