import type { MsgHdrs } from '@nats-io/transport-node';
import type { JsMsg } from '@nats-io/jetstream';
import { agentNamePattern } from '../../model/agent.ts';
import { isId } from '../../model/id.ts';
import type { Parcel, Refusal, Returned } from '../port.ts';
import { refusalIn, refusalText } from '../refusals.ts';
import type { Nats } from './package.ts';

/** A parcel or a refusal as the broker has it: the message's own bytes, and what is said of it in the headers. */
export interface Published {
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
}

/*
 * Without a Nats-Msg-Id: a message that was refused and is brought again within two minutes (`dlq retry`) would be confirmed as one that is
 * there, and be gone. The other root knows by the id what it has.
 */
const [typeHeader, idHeader, toHeader, hopsHeader, fromHeader] = [
  'Dreamos-Type',
  'Dreamos-Id',
  'Dreamos-To',
  'Dreamos-Hops',
  'Dreamos-From',
] as const;

/** @param from what the root that publishes it is called: it is told there when it is refused */
export function parcelMessage({ headers }: Nats, { id, to, hops, bytes }: Parcel, from: string): Published {
  const said = headers();
  for (const [name, value] of [
    [typeHeader, 'parcel'],
    [idHeader, id],
    [toHeader, to],
    [hopsHeader, String(hops)],
    [fromHeader, from],
  ] as const)
    said.set(name, value);
  return { data: bytes, headers: said };
}

/** `undefined`: it is none. */
export function parcelOf({ headers, data }: JsMsg): Parcel | undefined {
  const said = (name: string): string => headers?.get(name) ?? '';
  const [id, to, hops] = [said(idHeader), said(toHeader), said(hopsHeader)];
  if (said(typeHeader) !== 'parcel' || !isId(id) || !agentNamePattern.test(to) || !/^[1-9][0-9]{0,8}$/.test(hops))
    return undefined;
  return { id, to, hops: Number(hops), bytes: data };
}

/** What the root is called that has published it. */
export function fromOf({ headers }: JsMsg): string | undefined {
  const from = headers?.get(fromHeader) ?? '';
  return agentNamePattern.test(from) ? from : undefined;
}

export function refusalMessage({ headers }: Nats, parcel: Parcel, refusal: Refusal): Published {
  const said = headers();
  said.set(typeHeader, 'refusal');
  said.set(idHeader, parcel.id);
  return { data: Buffer.from(refusalText(parcel, refusal)), headers: said };
}

/** `undefined`: it is none. */
export function refusalOf({ headers, data }: JsMsg): Returned | undefined {
  return headers?.get(typeHeader) === 'refusal' ? refusalIn(Buffer.from(data).toString()) : undefined;
}
