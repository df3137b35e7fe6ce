import { createIdentity, revokeIdentity, rotateIdentity, showIdentity } from '../core/identity/identity.ts';
import { acceptTrust, listTrust } from '../core/identity/trust.ts';
import { text } from './arguments.ts';
import type { Binders } from './bind.ts';
import type { Identities, Trust } from './security-group.ts';

export function bindSecurity({ bound }: Binders): { readonly identity: Identities; readonly trust: Trust } {
  return {
    identity: {
      create: bound(createIdentity, text),
      show: bound(showIdentity, text),
      rotate: bound(rotateIdentity, text),
      revoke: bound(revokeIdentity, text, { key: text }),
    },
    trust: { list: bound(listTrust), accept: bound(acceptTrust, text, { key: text }) },
  };
}
