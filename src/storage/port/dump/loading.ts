import { DreamosError } from '../../../model/errors.ts';
import type { DumpBytes, DumpRecord } from './records.ts';

/** Takes one after the other; the next one comes when it is done. */
export type TakeRecord = (record: DumpRecord) => Promise<void>;

export interface DumpOptions {
  /**
   * With what holds here and now: the tokens by which programs act, and the keys that are to sign the audit. For a move; in a copy
   * a token that was revoked would hold again, and a key would sign what was changed.
   */
  readonly whole?: boolean | undefined;
  /** Called now and then with how many messages are in it so far. */
  readonly onProgress?: ((messages: number) => void) | undefined;
  /** Ends it between two records. */
  readonly signal?: AbortSignal | undefined;
}

/** Documents that hold here and now, and are in no copy: a token that was revoked would hold again. */
export const ofThisPlace: readonly string[] = ['tokens', 'server'];

/** Where a server listens no other place has, a move's target no more than a copy. */
export function isDumped(document: string, whole: boolean): boolean {
  return document !== 'server' && (whole || !ofThisPlace.includes(document));
}

/** What takes a dump into a root that nobody works on yet. */
export interface Loading {
  readonly take: TakeRecord;
  /** All of it is there and durable, and the root is in its place. */
  finish(): Promise<void>;
  /** As if it had never begun. */
  abandon(): Promise<void>;
}

/** Bytes as a record carries them. */
export function carried(bytes: Uint8Array): DumpBytes {
  try {
    // A byte order mark at the beginning would be dropped without a word.
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

export function bytesOf(body: DumpBytes): Buffer {
  return 'text' in body ? Buffer.from(body.text) : Buffer.from(body.base64, 'base64');
}

/** A document, for a storage that keeps none but JSON. @throws CORRUPT */
export function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DreamosError(
      'invalid',
      'CORRUPT',
      `The document ${name} is no JSON, and this storage keeps none that is not.`,
      {
        hint: 'Mend it where it was dumped, then dump again',
      },
    );
  }
}
