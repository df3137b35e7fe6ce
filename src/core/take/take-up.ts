/** Claiming for as long as this process lives, so that what it holds comes back as soon as it has ended (`Consumer`). */
import { isQueue } from '../../model/agent.ts';
import { labelCharacters } from '../../model/basics/limits.ts';
import { keepSeen } from '../agents/seen.ts';
import { checkLabel } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { isAnyTrouble, isEngineAway, orWarnOnce } from '../root/trouble.ts';
import { recoverOrWarn } from '../wait/due.ts';

/** What a dead consumer held comes back within about twice this, where others claim from the mailbox. */
const lookEveryMs = 400;

/** Who claims for long has a label in any case: its own, or where its process runs. @throws USAGE */
export async function asConsumer(session: Session, label = session.label): Promise<Session> {
  if (label !== undefined) checkLabel(label);
  return { ...session, label: label ?? (await processLabel(session)) };
}

/** The end of a long name of a machine says least. */
async function processLabel({ store }: Session): Promise<string> {
  const { pid, host } = await store.self();
  return `${host.slice(0, labelCharacters - 1 - String(pid).length)}:${pid}`;
}

export interface TakenUp {
  /** For each claim. */
  readonly token: () => string;
  close(): Promise<void>;
}

/** Where the root takes no file for it, with a warning: claims have their leases all the same. */
export async function takeUp(session: Session, mailbox: string): Promise<TakenUp> {
  const away = await session.gate?.away?.takeUp(session, mailbox);
  if (away) return { token: away.consumer, close: away.close };
  const consumer = await orWarn(session, mailbox, () => session.store.mail.takeUp(mailbox, session));
  const untold = `Nobody is told that there is a consumer of ${mailbox}`;
  await orWarnOnce(session, `presence in ${mailbox}`, untold, () => sayThere(session, mailbox), isAnyTrouble);
  const endSeen = await keepSeen(session, mailbox);
  if (!consumer) return { token: () => session.ids.token(), close: async () => endSeen() };
  let looking: Promise<unknown> = Promise.resolve();
  let isBusy = false;
  const look = async (): Promise<void> => {
    isBusy = true;
    await orWarn(session, mailbox, async () => {
      while ((await consumer.seesGone()) && (await recoverOrWarn(session, mailbox)).moved > 0);
    });
    isBusy = false;
  };
  const timer = setInterval(() => {
    if (!isBusy) looking = look();
  }, lookEveryMs).unref();
  return {
    token: () => consumer.token(),
    async close() {
      clearInterval(timer);
      endSeen();
      await looking;
      await orWarn(session, mailbox, () => consumer.close());
    },
  };
}

/** Who works for long is there, whether he has said so before or not. */
async function sayThere(session: Session, mailbox: string): Promise<void> {
  const { documents, presence } = session.store;
  const card = await documents.getAgent(session.acting ?? mailbox);
  if (!card || isQueue(card) || (await presence.get(card.name))) return;
  await presence.put(card.name, { status: 'idle', since: session.store.now() });
}

function orWarn<T>(session: Session, mailbox: string, work: () => Promise<T>): Promise<T | undefined> {
  const until = `What a dead consumer of ${mailbox} held comes back only when its lease ends`;
  return orWarnOnce(session, `dead consumers of ${mailbox}`, until, work, isAnyTrouble).catch((error: unknown) => {
    // Whoever waits says so.
    if (!isEngineAway(error)) throw error;
    return undefined;
  });
}
