/** What a client looks up in the storage itself: what it has claimed, and what it may look at by the policy; else it is not there. */
import { admit } from '../../core/root/operation.ts';
import type { Session } from '../../core/root/root.ts';
import { storeLooks } from '../../core/remote/protocol.ts';
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { logOf } from '../../model/topic.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { HostSession } from '../../storage/port/reach.ts';
import { checkTaken } from './look-arguments.ts';

type Role = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** @throws USAGE: there is no such look, or it does not take these arguments */
export async function lookedUp(session: Session, name: string, args: readonly unknown[]): Promise<unknown> {
  if (!Object.hasOwn(storeLooks, name))
    throw usage(`"${name}" is not looked up through a server.`, 'dreamos help server');
  checkTaken(name, args);
  const [role = '', look = ''] = name.split('.');
  const of = session.store[role as 'look'] as unknown as Role;
  const call = (): unknown => of[look]?.(...args);
  const may = await whichMay(session);
  switch (name) {
    case 'look.find':
      return only((await call()) as Entry[], ({ mailbox }) => may(mailbox));
    case 'look.listTopics':
      return only((await call()) as string[], (topic) => may(logOf(topic)));
    case 'documents.listAgents':
      return only((await call()) as AgentCard[], (card) => may(card.name));
    case 'reach.sessions':
      // One of nobody is seen by who may look everywhere.
      return only((await call()) as HostSession[], ({ agent = '' }) => may(agent));
    case 'presence.get':
      return (await may(String(args[0]))) ? call() : undefined;
    case 'look.read':
      return (await may((args[0] as Entry).mailbox)) ? call() : undefined;
    case 'look.list':
      return eachOf((await may(String(args[0]))) ? (call() as AsyncIterable<Entry>) : []);
    case 'journal.claims':
      return (await may(String(args[0]))) ? call() : new Map();
    default:
      return call();
  }
}

async function whichMay(session: Session): Promise<(mailbox: string) => Promise<boolean>> {
  const { acting } = session;
  const isOwn = (mailbox: string): boolean => acting !== undefined && sameAgent(acting, mailbox);
  try {
    const { mayLook } = await admit(session, 'show');
    return async (mailbox) => isOwn(mailbox) || mayLook === undefined || mayLook(mailbox);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'denied') throw error;
    return async (mailbox) => isOwn(mailbox);
  }
}

async function only<T>(all: readonly T[], may: (one: T) => Promise<boolean>): Promise<T[]> {
  const seen: T[] = [];
  for (const one of all) if (await may(one)) seen.push(one);
  return seen;
}

async function* eachOf(some: AsyncIterable<Entry> | readonly Entry[]): AsyncGenerator<Entry, void, undefined> {
  yield* some;
}
