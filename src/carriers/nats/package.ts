import { usage } from '../../model/refusals.ts';

type Transport = typeof import('@nats-io/transport-node');
type JetStream = typeof import('@nats-io/jetstream');

export type Nats = Pick<Transport, 'connect' | 'credsAuthenticator' | 'headers' | 'nanos'> &
  Pick<JetStream, 'jetstreamManager' | 'JetStreamApiError'>;

const load = async (): Promise<Nats> => ({
  ...(await import('@nats-io/transport-node')),
  ...(await import('@nats-io/jetstream')),
});

/** NATS's clients, where somebody has installed them beside dreamos, which does not bring them. @throws USAGE: they are not there */
export async function loadNats(loadBoth: () => Promise<Nats> = load): Promise<Nats> {
  try {
    return await loadBoth();
  } catch (cause) {
    const [why = ''] = (cause as Error).message.split('\n');
    throw usage(
      `nats:// needs the packages @nats-io/transport-node and @nats-io/jetstream beside dreamos: ${why}.`,
      'Where dreamos is: npm install @nats-io/transport-node@3 @nats-io/jetstream@3',
    );
  }
}
