/**
 * `dreamos hook <host>`: what an agent's own tool runs at its moments. It is in the tool's way, so whatever happens it is over
 * soon, says nothing but what the tool can read, and ends with 0: 2 would block the user's prompt. What goes wrong is noted in
 * reach/hook.log.
 */
import type { Context } from '../cli/context.ts';
import { isoTime, systemClock } from '../model/clock.ts';
import { isSessionId, type HostSession, type SessionKey } from '../storage/port/reach.ts';
import { announceNews } from '../core/reach/news.ts';
import { agentOf, followCleared, type Moment, noteMoment } from '../core/reach/sessions.ts';
import type { AgentCard } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import type { Session } from '../core/root/root.ts';
import { hosts } from './hosts.ts';
import type { Heard, Host } from './hosts/host.ts';
import { sentenceOf } from './sentence.ts';
import { saidBy } from './said.ts';

/** How long the tool is kept waiting at most; and what of it is left for saying what was announced; milliseconds. */
const usualMs = 400;
const tellMs = 50;
/** How often the end of a turn is held up until the user says something again. */
const mostHeldUp = 3;

export async function hookCommand(context: Context, name: string): Promise<void> {
  const host = hosts[name];
  if (!host) return;
  await hookWithin(context, name, (isLate) => answerOf(context, name, host, isLate));
}

/** Does what a hook is asked, and prints what the tool is answered, if it has come in time. */
export async function hookWithin(
  context: Context,
  what: string,
  answerTo: (isLate: () => boolean) => Promise<object | undefined>,
): Promise<void> {
  const begun = systemClock.uptime();
  const mostMs = Number(context.around.env['DREAMOS_HOOK_MS']) || usualMs;
  const isLate = (): boolean => systemClock.uptime() - begun > mostMs - tellMs;
  context.around.endWithin?.(Math.min(mostMs, 2_147_483_647));
  await orNote(context, what, async () => {
    const answer = await within(mostMs, answerTo(isLate));
    if (answer !== undefined) await context.output.data(`${JSON.stringify(answer)}\n`);
  });
}

/** What the tool is answered; `undefined`: nothing. */
async function answerOf(
  context: Context,
  name: string,
  host: Host,
  isLate: () => boolean,
): Promise<object | undefined> {
  // A policy and some settings are left to Node, and once its input is read that is too late.
  if (context.around.toNode) await context.session().catch(() => undefined);
  const heard = await hearFrom(context, host);
  if (!heard || heard.moment === 'edit') return undefined;
  const session = await context.session();
  // By Node no timer ends a slow disk's calls, one after the other: so it is asked between them.
  if (isLate()) return undefined;
  const { reach } = session.store;
  const key = { host: name, session: heard.session };
  if (heard.moment === 'end') {
    if (!heard.isClear) await reach.removeSession(key);
    return undefined;
  }
  const of = await ownerOf(context, session, name, heard);
  if (!of || isLate()) return undefined;
  const { card } = of;
  const known = await noteHeard(context, session, of, heard, heard.moment);
  if (heard.forgets) await reach.forget(card.name, key);
  if (known.delegates) return undefined;
  const isRest = heard.moment === 'rest';
  const heldUp = known.heldUp ?? 0;
  if (isRest && (heard.isHeldUp || heldUp >= mostHeldUp)) return undefined;
  if (host.tell(heard, '') === undefined || isLate()) return undefined;
  const news = await announceNews(session, card, key, { onlyNew: isRest, isLate });
  if (!news) return undefined;
  // It goes on working.
  if (isRest) await reach.putSession({ ...known, state: 'busy', since: session.store.now(), heldUp: heldUp + 1 });
  return host.tell(heard, sentenceOf(news, context.flags()));
}

/** What was heard, of a session that can be one. */
export async function hearFrom(context: Context, host: Host): Promise<Heard | undefined> {
  const said = await saidBy(context);
  const heard = said && host.hear(said, context.around.env);
  return heard && isSessionId(heard.session) ? heard : undefined;
}

export interface Owned {
  readonly key: SessionKey;
  readonly before: HostSession | undefined;
  readonly card: AgentCard;
}

/** Which session it is, and whose. @returns `undefined`: nobody's */
export async function ownerOf(
  context: Context,
  session: Session,
  host: string,
  heard: Heard,
): Promise<Owned | undefined> {
  const key = { host, session: heard.session };
  const before = await knownAs(context, session, key, heard);
  const card = await whose(context, session, host, before);
  return card && { key, before, card };
}

/** @returns the session as it is now */
export async function noteHeard(
  context: Context,
  session: Session,
  { key, before, card }: Owned,
  heard: Heard,
  moment: Exclude<Moment, 'end'>,
): Promise<HostSession> {
  await session.store.presence.seen(card.name);
  return noteMoment(session, before, key, moment, await factsOf(context, before, heard, card));
}

/** What is known of a session, also of what it was before its tool has cleared it. */
async function knownAs(
  context: Context,
  session: Session,
  key: SessionKey,
  { isClear, cwd }: Heard,
): Promise<HostSession | undefined> {
  const known = await session.store.reach.getSession(key);
  if (known || isClear !== true) return known;
  return followCleared(session, key, { pid: await context.around.caller(), cwd });
}

/** Whose session it is: as was said for it alone, else as its tool's settings say, else as the environment does. */
export async function whose(
  context: Context,
  session: Session,
  host: string,
  before: HostSession | undefined,
): Promise<AgentCard | undefined> {
  // Codex runs the hooks of all its sessions in the environment of the first one.
  const said = host === 'codex' ? context.options.as : session.acting;
  const name = before?.bound ? before.agent : said;
  return name === undefined ? undefined : agentOf(session, name);
}

async function factsOf(context: Context, before: HostSession | undefined, heard: Heard, card: AgentCard) {
  // It is the same one until the session begins anew somewhere else.
  const pid = before?.pid === undefined || heard.moment === 'begin' ? await context.around.caller() : before.pid;
  const goesOn = heard.moment === 'begin' && heard.forgets === true && !heard.isClear;
  return {
    agent: card.name,
    cwd: heard.cwd,
    interactive: heard.interactive,
    pid,
    isWake: heard.isWake ?? false,
    goesOn,
    delegates: heard.delegates,
  };
}

/** Does it, or notes why not: who runs a hook has nothing of its errors. */
export async function orNote(context: Context, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The audit has it at the end of the command.
    if (error instanceof DreamosError && error.kind === 'denied') context.denied.push(error);
    try {
      const session = await context.session();
      const message = error instanceof Error ? error.message : String(error);
      await session.store.reach.note(`${isoTime(session.clock.now())} hook ${what}: ${message.replace(/\s+/g, ' ')}`);
    } catch {
      // No root, or a disk that takes nothing: there is nobody else to tell.
    }
  }
}

/** `undefined` when it takes longer; then it goes on, and this process ends in the middle of it, as if it were killed. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
