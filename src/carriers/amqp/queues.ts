import type { Channel, ChannelModel } from 'amqplib';

/** The queues of a bridge. */
export interface Names {
  /** What goes to the peer. */
  readonly out: string;
  /** What comes for this root, from whomever. */
  readonly own: string;
  /** What the peer has refused of what went to it. */
  readonly returns: string;
  /** What was in the own one and cannot be read; nobody takes it from there but a person. */
  readonly unreadable: string;
}

/** Names of roots are the same however they are cased, as those of agents; a broker's are not. */
export function namesOf(ownName: string, peerName: string): Names {
  const [own, peer] = [ownName.toLowerCase(), peerName.toLowerCase()];
  return {
    out: `dreamos.${peer}`,
    own: `dreamos.${own}`,
    returns: `dreamos.${own}.refused-by.${peer}`,
    unreadable: `dreamos.${own}.unreadable`,
  };
}

/** Makes it, where it is not there. @throws the broker's PRECONDITION_FAILED: it is there, and is another one */
export async function assertQueue({ connection }: ChannelModel, channel: Channel, name: string): Promise<void> {
  const version = String((connection.serverProperties as { readonly version?: unknown }).version);
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      // Full, it refuses what is new; by default it would drop what is oldest.
      'x-overflow': 'reject-publish',
      // From version 4 on it would drop what was delivered 20 times.
      ...(Number.parseInt(version, 10) >= 4 && { 'x-delivery-limit': -1 }),
    },
  });
}
