/**
 * Who has signed mail in a name that somebody else has by now. The cards say who had it, and whoever writes the root writes cards:
 * so where a user has known anybody by the name, only keys that he has known by it count. Without that, to write a former name on
 * one's card were enough to sign in it.
 */
import type { KeyObject } from 'node:crypto';
import { type AgentCard, formerly, sameAgent } from '../../model/agent.ts';
import { currentKey, type FormerKey, type KeyState, type Pin } from '../../model/security/identity.ts';
import type { Session } from '../root/root.ts';
import { says } from './said.ts';

export interface FoundKey {
  readonly state: KeyState;
  /** Also where it is not good; absent where it is unknown. */
  readonly publicKey?: KeyObject;
  /** Of who had the name before. */
  readonly former?: FormerKey & { readonly who: string };
}

interface Had {
  readonly until: string;
  /** `undefined`: it was deleted, and its card is another one's now. */
  readonly now?: AgentCard;
}

const untilIn = ({ formerNames = [] }: AgentCard, name: string): string =>
  formerNames.find((former) => sameAgent(former.name, name))?.until ?? '';

/** Whether, and until when, a key that was known by a name was another one's than who has the name now. */
async function hadName(
  { store: { documents } }: Session,
  name: string,
  card: AgentCard | undefined,
  key: Pick<Pin, 'key' | 'since'>,
): Promise<Had | undefined> {
  if (!card || !sameAgent(card.name, name) || says(card, [key.key])) return undefined;
  const now = formerly(await documents.listAgents(), name).find((other) => says(other, [key.key]));
  if (now) return { until: untilIn(now, name), now };
  return key.since < card.createdAt ? { until: card.createdAt } : undefined;
}

/** What is kept of those who had a name before, when a key is known by it for the first time, or another one than before. */
export async function formerKeys(
  session: Session,
  name: string,
  card: AgentCard | undefined,
  before: Pin | undefined,
): Promise<FormerKey[]> {
  if (before) {
    const had = await hadName(session, name, card, before);
    const { key, public: raw, former = [] } = before;
    return had ? [{ key, public: raw, until: had.until }, ...former] : [...former];
  }
  return formerly(await session.store.documents.listAgents(), name).flatMap((other) => {
    const key = currentKey(other);
    return key ? [{ key: key.id, public: key.public, until: untilIn(other, name) }] : [];
  });
}

/** @param pins what is known by the name, and by the names that those have who had it */
export async function formerKeyOf(
  session: Session,
  { name, card, pin }: { readonly name: string; readonly card: AgentCard; readonly pin: Pin | undefined },
  key: string,
  keysOf: (agent: string) => Promise<ReadonlyMap<string, { readonly state: KeyState; readonly public: string }>>,
): Promise<FoundKey | undefined> {
  const { publicKeyOf } = await import('../ed25519/ed25519.ts');
  for (const other of formerly(await session.store.documents.listAgents(), name)) {
    const keys = await keysOf(other.name);
    const found = keys.get(key);
    const isKnown = (id: string): boolean => ['good', 'revoked'].includes(keys.get(id)?.state ?? '');
    if (!found || !isKnown(key)) continue;
    if (pin && ![pin.key, ...(pin.former ?? []).map((one) => one.key)].some(isKnown)) continue;
    const until = untilIn(other, name);
    const who = `${other.name}, who was ${name} until ${until}`;
    const former = { key, public: found.public, until, who };
    return { state: found.state, publicKey: publicKeyOf(found.public), former };
  }
  const had = pin?.key === key ? await hadName(session, name, card, pin) : undefined;
  const noted =
    had && pin ? { key, public: pin.public, until: had.until } : pin?.former?.find((one) => one.key === key);
  if (!noted) return undefined;
  return {
    state: pin?.revoked?.includes(key) ? 'revoked' : 'good',
    publicKey: publicKeyOf(noted.public),
    former: { ...noted, who: `a ${name} that was deleted before ${noted.until}` },
  };
}
