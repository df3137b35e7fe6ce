import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';

/**
 * Says that a process follows an agent's mailbox, as `watch` and `peek --wait` do, so that who sends to it knows that it is
 * seen. A root that takes nothing is followed all the same.
 * @param what the verb @param pid of the process, by which it is known to be gone when it could not say so
 * @returns says that it has ended
 */
export async function present(session: Session, name: string, what: string, pid: number): Promise<() => Promise<void>> {
  const { reach, documents } = session.store;
  const key = { host: what, session: String(pid) };
  const since = session.store.now();
  await quietly(async () => {
    const agent = (await documents.getAgent(name))?.name;
    if (agent !== undefined) await reach.putSession({ ...key, agent, state: 'idle', since, interactive: true, pid });
  });
  return () => quietly(() => reach.removeSession(key));
}

async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
  }
}
