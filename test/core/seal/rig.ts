/** Agents with keys, of which a user has the private halves, and a second user of the same root who has none of them. */
import { createIdentity } from '../../../src/core/identity/identity.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { Message } from '../../../src/model/message.ts';
import { scratch } from '../../scratch.ts';
import { expect } from 'vitest';
import type { ErrorCode, ErrorKind } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, gather, must, refusal } from '../rig.ts';

export interface SealRig extends CoreRig {
  /** As CoreRig's, of the user who has the keys. */
  as(acting: string | undefined): Session;
  /** Of another user. */
  stranger(acting: string | undefined): Session;
  /** The user's configuration folder. */
  readonly home: string;
  /** A message as it lies. */
  lies(id: string, mailbox?: string): Promise<Message>;
}

/** The planner and the reviewer have keys, the Builder has none. */
export async function createSealRig(): Promise<SealRig> {
  const rig = await createCoreRig();
  const [home, elsewhere] = [scratch(), scratch()];
  const as = (acting: string | undefined) => rig.as(acting, { DREAMOS_CONFIG_HOME: home });
  const root = as('planner');
  for (const name of ['planner', 'reviewer']) await createIdentity(root, name);
  return {
    ...rig,
    root,
    home,
    as,
    stranger: (acting) => rig.as(acting, { DREAMOS_CONFIG_HOME: elsewhere }),
    async lies(id, mailbox) {
      const [entry] = await root.store.look.find(id, mailbox);
      return must(await root.store.look.read(must(entry)));
    },
  };
}

interface Refused {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  /** In the message. */
  readonly names: string | RegExp;
  /** In the hint. */
  readonly next?: string;
}

export async function expectRefusal(promise: Promise<unknown>, { kind, code, names, next = '' }: Refused) {
  const error = await refusal(promise);
  expect({ kind: error.kind, code: error.code }).toEqual({ kind, code });
  expect(error.message).toMatch(names);
  expect(error.hint ?? '').toContain(next);
}

export { gather, must };
