import type { Answer, Carrier, Connection, Parcel, Returned, Take } from '../../../src/carriers/port.ts';
import { CarrierDown } from '../../../src/carriers/port.ts';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { createReceiver } from '../../../src/core/bridge/receive.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Draft } from '../../../src/model/draft.ts';
import { type Message, seal } from '../../../src/model/message.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { State } from '../../../src/model/state.ts';
import { type CoreRig, createCoreRig, gather } from '../rig.ts';

export interface World extends CoreRig {
  send(draft: Partial<Draft>): Promise<Message>;
  entries(mailbox: string, state: State): Promise<Entry[]>;
  bodies(mailbox: string, state?: State): Promise<string[]>;
  reasons(mailbox: string): Promise<string[]>;
  events(mailbox: string): string[];
}

/** A root in memory; `bob` is there, or lives at a peer. */
export async function createWorld(at?: string): Promise<World> {
  const rig = await createCoreRig();
  const { root, mail } = rig;
  await registerAgent(root, { name: 'bob', ...(at !== undefined && { at }) });
  const entries: World['entries'] = (mailbox, state) => gather(root.store.look.list(mailbox, state));
  return {
    ...rig,
    entries,
    send: async (draft) => {
      const { id } = await send(root, { to: 'bob', body: 'hello', ...draft });
      const [entry] = await root.store.look.find(id);
      return (await root.store.look.read(entry as Entry)) as Message;
    },
    bodies: async (mailbox, state = 'ready') => {
      const all = await entries(mailbox, state);
      const messages = await Promise.all(all.map((entry) => root.store.look.read(entry)));
      return messages.map((message) => message?.body ?? '');
    },
    reasons: async (mailbox) => {
      const all = await Promise.all((await entries(mailbox, 'dead')).map((entry) => root.store.look.deadReason(entry)));
      return all.map((one) => one?.reason ?? '');
    },
    events: (mailbox) => mail.log.filter((event) => event.mailbox === mailbox).map(({ event }) => event),
  };
}

export function parcelOf(message: Message, { to = 'bob', hops = 1 } = {}): Parcel {
  return { id: message.id, to, hops, bytes: seal(message) };
}

/** What may happen to a parcel on its way, the first time it is tried; `undefined`: it arrives, and so does its answer. */
export type Mishap = 'lost on the way' | 'stored, and the answer lost' | 'broken before' | undefined;

export interface FakeCarrier extends Carrier {
  /** By their ids, in the order in which they arrived; repeats, too. */
  readonly arrived: string[];
  /** Most that were under way at a moment. */
  most: number;
  connects: number;
  /** While it is set, it cannot be reached. */
  down: string | undefined;
  break(): void;
  /** What its broker brings back. */
  bring?: (take: Take) => Promise<void>;
}

/** Carries to another root of this process. @param mishap asked for each parcel, by how often it was tried before */
export function carrierTo(
  far: Session,
  mishap: (parcel: Parcel, tried: number) => Mishap | Answer | Promise<Mishap | Answer> = () => undefined,
  { bringsBack = false } = {},
): FakeCarrier {
  const tries = new Map<string, number>();
  let broken = (): void => undefined;
  let under = 0;
  const returned: Returned[] = [];
  const carrier: FakeCarrier = {
    words: 'a fake',
    arrived: [],
    most: 0,
    connects: 0,
    down: undefined,
    break: () => broken(),
    connect: async () => {
      if (carrier.down !== undefined) throw new CarrierDown(carrier.down);
      carrier.connects++;
      const receiver = createReceiver(far);
      let tellEnd: (why: string) => void = () => undefined;
      const ended = new Promise<string>((resolve) => (tellEnd = resolve));
      let why: string | undefined;
      const end = (reason: string): void => tellEnd((why ??= reason));
      broken = () => end('it was cut');
      const publish = async (parcel: Parcel): Promise<Answer> => {
        const tried = tries.get(parcel.id) ?? 0;
        tries.set(parcel.id, tried + 1);
        const happens = await mishap(parcel, tried);
        if (typeof happens === 'object') return happens;
        if (why !== undefined || happens === 'broken before' || happens === 'lost on the way') {
          end('it broke');
          throw new CarrierDown(why ?? 'it broke');
        }
        carrier.arrived.push(parcel.id);
        const [answer] = await receiver.take([parcel]);
        if (happens !== undefined || why !== undefined) {
          end('it broke');
          throw new CarrierDown(why ?? 'it broke');
        }
        if (bringsBack && answer?.is === 'refused') {
          returned.push({ id: parcel.id, to: parcel.to, code: answer.code, reason: answer.reason });
          return { is: 'stored' };
        }
        return answer as Answer;
      };
      const connection: Connection = {
        ended,
        publish: async (parcel) => {
          carrier.most = Math.max(carrier.most, ++under);
          return publish(parcel).finally(() => under--);
        },
        close: async () => end('it was closed'),
        ...(bringsBack && {
          consume: async (take: Take) => {
            carrier.bring = async () => {
              for (const one of returned.splice(0)) await take.returned(one);
            };
          },
          drained: async () => carrier.bring?.(undefined as unknown as Take),
        }),
      };
      return connection;
    },
  };
  return carrier;
}
