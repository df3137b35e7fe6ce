import { createIdentity } from '../../../../src/core/identity/identity.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { digestBytes, digestStart, writeDigest } from '../../../../src/model/signed/digest.ts';
import type { Settings } from '../../../../src/model/settings.ts';
import { mailboxOf } from '../../../../src/storage/memory/mail.ts';
import { must } from '../../rig.ts';
import { createIdentityRig, type IdentityRig } from '../rig.ts';
import { setSetting } from './settings.ts';

export interface SignedRig extends IdentityRig {
  /** One user, who has the keys of planner and reviewer; the planner is acting. */
  readonly own: Session;
  set(signatures: NonNullable<Settings['signatures']>): Promise<void>;
  /** Changes the file of a message, and its digest with it. */
  forge(mailbox: string, id: string, change: (bytes: Buffer) => Buffer): void;
}

export async function createSignedRig(): Promise<SignedRig> {
  const rig = await createIdentityRig();
  const own = rig.user('planner');
  for (const name of ['planner', 'reviewer']) await createIdentity(own, name);
  return {
    ...rig,
    own,
    async set(signatures) {
      await setSetting(own, signatures);
      rig.clock.advance(1000);
    },
    forge(mailbox, id, change) {
      const held = must(mailboxOf(rig.mail, mailbox).get(id));
      Object.assign(held, { bytes: withDigest(change(bytesBefore(held.bytes))) });
    },
  };
}

/** In front of the digest. */
export function bytesBefore(sealed: Buffer): Buffer {
  const cut = digestStart(sealed);
  if (typeof cut === 'string') throw new Error(cut);
  return Buffer.from(sealed.subarray(0, cut));
}

export function withDigest(before: Buffer): Buffer {
  const bytes = Buffer.alloc(before.length + digestBytes + 1);
  before.copy(bytes);
  writeDigest(bytes, 0, before.length);
  return bytes;
}
