import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { CarrierDown } from '../port.ts';
import type { Nats } from './package.ts';

/** The subjects of a bridge, and the consumers of its stream. */
export interface Names {
  readonly stream: string;
  /** What goes to the peer. */
  readonly out: string;
  /** What comes for this root, from whomever, and who takes it. */
  readonly own: string;
  readonly ownConsumer: string;
  /** What the peer has refused of what went to it, and who takes it. */
  readonly returns: string;
  readonly returnsConsumer: string;
  /** What came for this root and cannot be read; nobody takes it from there but a person. */
  readonly unreadable: string;
}

export const streamPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Names of roots are the same however they are cased. A dot would be another level of a subject, and may not be in a consumer's name. */
const wordOf = (name: string): string =>
  name.toLowerCase().replace(/[._]/g, (letter) => (letter === '.' ? '_d' : '__'));

/** Where a root is told what `by` has refused. */
export const returnsOf = (stream: string, name: string, by: string): string =>
  `${stream}.refused.${wordOf(name)}.${wordOf(by)}`;

export function namesOf(stream: string, ownName: string, peerName: string): Names {
  const [own, peer] = [wordOf(ownName), wordOf(peerName)];
  return {
    stream,
    out: `${stream}.mail.${peer}`,
    own: `${stream}.mail.${own}`,
    ownConsumer: own,
    returns: returnsOf(stream, ownName, peerName),
    // In no word `_` is before another letter than these two.
    returnsConsumer: `${own}_by_${peer}`,
    unreadable: `${stream}.unreadable.${own}`,
  };
}

/** Makes the stream where it is not there, with so many replicas. @throws CarrierDown: it is there, and would lose mail; and what the broker says */
export async function ensureStream(
  { JetStreamApiError }: Nats,
  jsm: JetStreamManager,
  stream: string,
  replicas: number,
): Promise<StreamInfo> {
  const found = await jsm.streams.info(stream).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === noSuchStream) return undefined;
    throw error;
  });
  const info =
    found ??
    (await jsm.streams.add({
      name: stream,
      subjects: [`${stream}.>`],
      storage: 'file',
      // What is acked is gone.
      retention: 'workqueue',
      // Full, it refuses what is new; by default it would drop what is oldest.
      discard: 'new',
      num_replicas: replicas,
    }));
  const fault = faultOf(info.config);
  if (fault !== undefined)
    throw new CarrierDown(`the stream ${stream} is not one for mail: ${fault}`, {
      hint: 'Where there is none, the bridge makes it; how it has to be says: dreamos help bridges',
    });
  return info;
}

const noSuchStream = 10_059;

/** By what it would lose mail, or keep what was taken. */
function faultOf(config: StreamConfig): string | undefined {
  const { name, subjects, storage, retention, discard, max_age, max_msgs_per_subject, no_ack } = config;
  const { persist_mode, sealed, subject_transform } = config;
  if (storage !== 'file') return `storage is ${storage}, not file`;
  if (retention !== 'workqueue') return `retention is ${retention}, not workqueue`;
  if (discard !== 'new') return `discard is ${discard}, not new`;
  if (max_age > 0) return 'max_age drops what is older';
  if (max_msgs_per_subject > 0 && !config.discard_new_per_subject) return 'max_msgs_per_subject drops what is older';
  if (no_ack) return 'no_ack confirms nothing';
  if (persist_mode === 'async') return 'persist_mode async confirms what is not written yet';
  if (sealed) return 'sealed takes nothing';
  if (subject_transform) return 'subject_transform stores it where nobody takes it';
  if (!subjects?.includes(`${name}.>`)) return `its subjects are not ${name}.>`;
  return undefined;
}
