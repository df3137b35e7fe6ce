import type { Message, Options } from 'amqplib';
import { agentNamePattern } from '../../model/agent.ts';
import { isId } from '../../model/id.ts';
import type { Parcel, Refusal, Returned } from '../port.ts';
import { refusalIn, refusalText } from '../refusals.ts';

/** A parcel or a refusal as the broker has it: the message's own bytes, and what is said of it in the headers. */
export interface Published {
  readonly content: Buffer;
  readonly properties: Options.Publish;
}

export function parcelMessage({ id, to, hops, bytes }: Parcel, more: Options.Publish): Published {
  return {
    content: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    properties: {
      ...more,
      type: 'dreamos.parcel',
      messageId: id,
      contentType: 'application/json',
      headers: { v: 1, to, hops },
    },
  };
}

/** `undefined`: it is none. */
export function parcelOf({ properties, content }: Message): Parcel | undefined {
  const { type, messageId } = properties as { readonly type?: unknown; readonly messageId?: unknown };
  const { to, hops } = (properties.headers ?? {}) as Readonly<Record<string, unknown>>;
  if (type !== 'dreamos.parcel' || typeof messageId !== 'string' || !isId(messageId)) return undefined;
  if (typeof to !== 'string' || !agentNamePattern.test(to) || typeof hops !== 'number' || !(hops >= 1))
    return undefined;
  return { id: messageId, to, hops, bytes: content };
}

export function refusalMessage(parcel: Parcel, refusal: Refusal): Published {
  return {
    content: Buffer.from(refusalText(parcel, refusal)),
    properties: {
      type: 'dreamos.refusal',
      messageId: parcel.id,
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
    },
  };
}

/** `undefined`: it is none. */
export function refusalOf({ properties, content }: Message): Returned | undefined {
  if ((properties as { readonly type?: unknown }).type !== 'dreamos.refusal') return undefined;
  return refusalIn(content.toString());
}
