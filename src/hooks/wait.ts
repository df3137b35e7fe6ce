/**
 * `dreamos hook <host> --wait`: waits for mail on behalf of a session that rests, and ends when there is some. It moves
 * none, but sends what schedules say: it may be the only process that is awake. It is no daemon: each rest starts one, the
 * newest of a session has its place, and it ends with its tool.
 */
import type { Context } from '../cli/context.ts';
import { createWaiter } from '../core/wait/wait.ts';
import { announceNews } from '../core/reach/news.ts';
import { type Effective, effectiveSettings } from '../core/root/settings.ts';
import type { Session } from '../core/root/root.ts';
import { DreamosError } from '../model/errors.ts';
import { type HostSession, isSessionId, type SessionKey } from '../storage/port/reach.ts';
import { hearFrom, noteHeard, orNote, ownerOf, whose } from './hook.ts';
import { hosts } from './hosts.ts';
import { sentenceOf } from './sentence.ts';

/** The exit code for mail, which the line that a tool runs turns into what that tool takes for a call. */
const mail = 10;

/**
 * One that works is told by its hooks, at its next step; what is queued in its tool waits for the end of its turn. So while it
 * works this one holds back, but not for ever: no tool but Codex tells that a turn was interrupted.
 */
const mostHeldBackMs = 60_000;

/** @param alone the session on whose behalf it goes on without its tool, which would not let it run on */
export async function waitCommand(context: Context, name: string, alone: string | undefined): Promise<void> {
  const host = hosts[name];
  if (!host) return;
  await orNote(context, `${name} --wait`, async () => {
    const key = alone === undefined ? await begin(context, name) : { host: name, session: alone };
    if (!key || !isSessionId(key.session)) return;
    if (name === 'codex' && alone === undefined) {
      const { as, root } = context.options;
      const more = [...(as === undefined ? [] : ['--as', as]), ...(root === undefined ? [] : ['--root', root])];
      await context.around.startAlone(['hook', name, '--wait', '--alone', key.session, ...more]);
      return;
    }
    const session = await context.session();
    const sentence = await sentenceFor(context, session, key);
    if (sentence === undefined) return;
    if (name === 'codex') return queue(key.session, sentence);
    await context.output.data(`${sentence}\n`);
    context.endWith(mail);
  });
}

/** Hears whose rest it is. @returns `undefined`: nobody can be woken there */
async function begin(context: Context, name: string): Promise<SessionKey | undefined> {
  const host = hosts[name];
  const heard = host && (await hearFrom(context, host));
  // Where nobody sits before it, the tool would wait for its hooks before it ends.
  if (!heard?.interactive || (heard.moment !== 'begin' && heard.moment !== 'rest')) return undefined;
  const session = await context.session();
  const of = await ownerOf(context, session, name, heard);
  if (!of) return undefined;
  // The hook that runs beside this one may be slower, or cut off on a busy machine; what it has noted stays.
  if (!of.before || (heard.moment === 'rest' && of.before.state === 'busy'))
    await noteHeard(context, session, of, heard, heard.moment);
  return of.key;
}

/** @returns `undefined`: another waits now, the session has ended, or it is too long ago that somebody sat before it */
async function sentenceFor(context: Context, session: Session, key: SessionKey): Promise<string | undefined> {
  const { reach } = session.store;
  const token = session.ids.token();
  await reach.takePlace(key, token);
  const isOver = async (known: HostSession | undefined, { wakeForMs }: Effective): Promise<boolean> => {
    if (!known || !(await reach.hasPlace(key, token)) || !(await reach.isRunning(key))) return true;
    return session.store.now() - (known.lastPromptAt ?? known.since) > wakeForMs;
  };
  let dueAt = Infinity;
  const laterAt = (at: number): void => void (dueAt = Math.min(dueAt, at));
  let heldBackSince: number | undefined;
  let isNoted = false;
  // One more, because a timer may fire a millisecond early.
  const restMs = (): number => Math.max(50, dueAt - session.store.now() + 1);
  // The agent may be paused, renamed or deleted while its session rests.
  for (let mailbox = ''; ;) {
    const card = await whose(context, session, key.host, await reach.getSession(key));
    if (!card || card.name === mailbox || context.signal.aborted) return undefined;
    mailbox = card.name;
    const attempt = async (): Promise<string | false | undefined> => {
      const known = await reach.getSession(key);
      const now = await whose(context, session, key.host, known);
      if (now?.name !== mailbox || (await isOver(known, await effectiveSettings(session, now)))) return false;
      const time = session.store.now();
      dueAt = Infinity;
      let held = false;
      const isLate = (): boolean => {
        heldBackSince ??= time;
        return (held = known?.state === 'busy' && time - heldBackSince < mostHeldBackMs);
      };
      const news = await announceNews(session, now, key, { isLate, laterAt });
      if (!held) heldBackSince = undefined;
      return news && sentenceOf(news, context.flags());
    };
    const orLater = async (): Promise<string | false | undefined> => {
      try {
        return await attempt();
      } catch (error) {
        // A disk that is full for a while ends nothing: the next look is some seconds away.
        if (!(error instanceof DreamosError) || error.kind !== 'disk') throw error;
        if (!isNoted) session.warn(error.message);
        isNoted = true;
        return undefined;
      }
    };
    const waiter = createWaiter(session, mailbox, { movesDue: false });
    try {
      const sentence = await waiter.next(orLater, { waitMs: Infinity, signal: context.signal }, restMs);
      if (sentence) return sentence;
    } finally {
      await waiter.close();
    }
    if (await isOver(await reach.getSession(key), await effectiveSettings(session, card))) return undefined;
  }
}

const mostQueueMs = 10_000;
/** How long after which try the next one comes. */
const queueAgainMs = [1000, 5000];

/** Codex takes it when it rests, and keeps it until then. One that was killed for its time may have been taken all the same. */
async function queue(thread: string, message: string): Promise<void> {
  const { runToEnd } = await import('../cli/handler/start.ts');
  for (const restMs of [...queueAgainMs, undefined]) {
    const code = await runToEnd('codex', ['queue', '--thread', thread, '--message', message], mostQueueMs);
    if (code === 0) return;
    if (code === null || restMs === undefined) throw new Error(`codex queue ended with ${code ?? 'a signal'}`);
    await new Promise((resolve) => {
      setTimeout(resolve, restMs);
    });
  }
}
