import type { IdentityListed } from '../../contract/security/identity.ts';
import { listMailboxes } from '../agents/agents.ts';
import { operation } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { knownOf } from './judged.ts';
import { privateFileOrWarn } from './private-file.ts';

/** Every agent that has a key, in the order of their names. Pins nothing. */
export const listIdentities = operation('identity.list', listIdentitiesBody);

async function listIdentitiesBody(session: Session): Promise<IdentityListed[]> {
  const all: IdentityListed[] = [];
  const said = new Set<string>();
  for (const { name } of await listMailboxes(session)) {
    const { root, card, judged } = (await knownOf(session, name)) ?? {};
    const { current, state } = judged ?? {};
    if (root === undefined || !card || !current || state === undefined || state === 'none') continue;
    const own = await privateFileOrWarn(session, root, card, said);
    const isHere = own?.keys.some(({ id, private: pem }) => id === current.id && pem !== undefined) === true;
    all.push({
      ...{ agent: card.name, state, key: current.id, since: current.since },
      ...(isHere && { private: own.path }),
    });
  }
  return all.sort((a, b) => a.agent.localeCompare(b.agent, 'en'));
}
