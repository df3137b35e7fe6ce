/** What is not ready yet for the setting `signatures`: agents without a key, and mail that waits and may not be signed. */
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { currentKey } from '../../model/security/identity.ts';
import { listAgents } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';

type Asked = 'warn' | 'require';

const named = 5;

/** @returns a sentence and a command; `undefined`: each agent that may send has a key that is not revoked */
export async function keylessAgents(
  session: Session,
  how: Asked,
): Promise<{ readonly message: string; readonly hint: string } | undefined> {
  const agents = (await listAgents(session)).filter(lacksKey).map(({ name }) => name);
  const [first] = agents;
  if (first === undefined) return undefined;
  const many = agents.length === 1 ? '1 agent has' : `${agents.length} agents have`;
  const end = how === 'require' ? 'they cannot send' : 'what they send is not signed';
  const message = `The setting signatures is ${how}, and ${many} no key, so ${end}: ${someOf(agents)}.`;
  return { message, hint: `dreamos identity create ${first}` };
}

function lacksKey(card: AgentCard): boolean {
  if (card.retiredAt || isQueue(card)) return false;
  const key = currentKey(card);
  return key === undefined || Boolean(key.revokedAt);
}

function someOf(all: readonly string[]): string {
  return [...all.slice(0, named), ...(all.length > named ? [`${all.length - named} more`] : [])].join(', ');
}

/** For who has just set it; it is in force already, so that nothing of this is a failure. */
export async function tellUnsigned(session: Session, how: Asked): Promise<void> {
  try {
    const keyless = await keylessAgents(session, how);
    if (keyless) session.warn(`${keyless.message} For each of them: ${keyless.hint}`);
    if (how === 'require') await tellWaiting(session);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(error.message);
  }
}

/** Whether it is signed would have to be read of each. */
async function tellWaiting(session: Session): Promise<void> {
  const { documents, look } = session.store;
  const waiting: { readonly name: string; readonly count: number }[] = [];
  for (const { name } of await documents.listAgents()) {
    const { ready, inflight, delayed } = await look.counts(name);
    if (ready + inflight + delayed > 0) waiting.push({ name, count: ready + inflight + delayed });
  }
  const [first] = waiting.sort((a, b) => b.count - a.count);
  if (!first) return;
  const all = waiting.reduce((sum, { count }) => sum + count, 0);
  const where = someOf(waiting.map(({ name, count }) => `${name} ${count}`));
  const what = `${all === 1 ? '1 message is' : `${all} messages are`} unfinished (${where})`;
  session.warn(
    `${what}, and what of that is not signed goes to the dead-letter queue once it is read: dreamos list ${first.name}`,
  );
}
