/**
 * Rings by typing into the pane that an agent works in. Keys are dangerous: a line and Enter in an open dialog approve what it
 * asks. So nothing is typed unless all that can be seen says that the agent rests before an empty composer and nobody is at
 * the keyboard; the line is looked at before Enter, and what is not certain is told and never typed again.
 */
import { runToRead } from '../cli/handler/start.ts';
import type { Session } from '../core/root/root.ts';
import { hosts } from '../hooks/hosts.ts';
import { isShell } from '../model/basics/shells.ts';
import type { HostSession, SessionKey } from '../storage/port/reach.ts';
import type { Ringer } from './ringer.ts';
import { asks, composedIn, flat, lastOf, type Screen, timesIn, works } from './screen.ts';
import { findPane, type Look, type Pane } from './tmux.ts';
import { unsafe } from './unsafe.ts';

const restMs = 2000;
const awayMs = 10_000;
const stillMs = 300;
const lookMs = 100;
/** How long the line may take to be drawn, and how long to be taken. */
const seenWithinMs = 3000;
const takenWithinMs = 5000;
const readyRows = 12;

/**
 * @param ready what the last rows of the pane match when the agent waits for a prompt
 * @returns also whether hooks tell what the agent there does @throws PANE_NOT_FOUND, WAKE_UNSAFE
 */
export async function inPane(
  session: Session,
  agent: string,
  name: string,
  ready: RegExp | undefined,
): Promise<{ ringer: Ringer; isKnown: boolean }> {
  const pane = await findPane(name);
  const ttys = new Map<number, Promise<string>>();
  const { program } = await pane.look();
  refuseShell(program, pane);
  let last: Look | undefined;

  /** The session of the agent's tool in this pane, as its hooks tell of it. */
  async function known(): Promise<HostSession | undefined> {
    const all = (await session.store.reach.sessions()).filter(({ host }) => Object.hasOwn(hosts, host));
    const here: HostSession[] = [];
    for (const one of all) if (one.pid !== undefined && (await ttyOf(one.pid, ttys)) === pane.tty) here.push(one);
    const [latest] = here.toSorted((a, b) => b.since - a.since);
    if (latest?.agent !== undefined && latest.agent !== agent)
      throw unsafe(`In ${pane.id} works ${latest.agent}, not ${agent}.`);
    return latest;
  }

  async function restless(): Promise<string | undefined> {
    const of = await known();
    if (!of) return ready ? undefined : 'no hook tells any more what the agent does';
    if (of.state !== 'idle') return 'the agent is at work';
    return session.store.now() - of.since < restMs ? 'the agent has only just come to rest' : undefined;
  }

  function unready(look: Look): string | undefined {
    if (look.closed !== undefined) return look.closed;
    refuseShell(look.program, pane);
    if (look.program !== program) return `${look.program} is in its foreground, not ${program}`;
    // In whole seconds: of the one that is not over nobody knows.
    if (session.clock.now() - look.lastKeyAt * 1000 < awayMs) return 'somebody types there';
    if (asks(look.screen)) return 'a question stands there';
    if (works(look.screen)) return 'the agent is at work';
    const composed = composedIn(look.screen);
    if (composed) return 'something is in its composer';
    if (ready) return isReady(look.screen, ready) ? undefined : 'its last rows do not match --ready';
    return composed === undefined
      ? 'no composer that is known here can be seen: say with --ready what one is'
      : undefined;
  }

  const ringer: Ringer = {
    where: `in ${pane.id}`,
    async key() {
      // Also while nothing comes: who waits for a pane that is gone waits for nothing.
      await pane.look();
      return keyOf(await known(), pane);
    },
    async hindrance() {
      const first = await pane.look();
      const why = (await restless()) ?? unready(first);
      if (why !== undefined) return why;
      await pause(stillMs);
      last = await pane.look();
      if (last.raw !== first.raw) return 'something moves there';
      return unready(last) ?? restless();
    },
    async ring(sentence) {
      const empty = last;
      if (!empty || !(await pane.type(sentence, empty)))
        throw unsafe(`Nothing was typed into ${pane.id}: it changed in the last moment.`, again);
      const before = timesIn(empty.screen, sentence);
      const typed = await seen(pane, empty, (screen) => holds(screen, sentence, before));
      if (!typed)
        throw unsafe(
          `The line was typed into ${pane.id}, and not seen there as it should be; Enter was not pressed.`,
          lookThere,
        );
      const why = await restless();
      if (why !== undefined)
        throw unsafe(`The line was typed into ${pane.id}, and Enter was not pressed: ${why}.`, lookThere);
      if (!(await pane.enter(typed)))
        throw unsafe(
          `The line was typed into ${pane.id}, and Enter was not pressed: it changed in the last moment.`,
          lookThere,
        );
      await taken(typed, sentence);
    },
  };
  return { ringer, isKnown: (await known()) !== undefined };

  async function taken(typed: Look, sentence: string): Promise<void> {
    const until = session.clock.uptime() + takenWithinMs;
    while (session.clock.uptime() < until) {
      await pause(lookMs);
      const now = await pane.look();
      const isWorking = (await known())?.state === 'busy';
      if (!isWorking && !isTaken(now, typed, sentence)) continue;
      if (!isWorking && asks(now.screen)) break;
      return;
    }
    throw unsafe(`The line was typed into ${pane.id} and Enter pressed, and it was not seen to be taken.`, lookThere);
  }
}

const again = 'It is rung again after 10 minutes, while nobody reads the mail.';
const lookThere = `Look what stands there. It is not typed again; ${again.charAt(0).toLowerCase()}${again.slice(1)}`;

/** Twice the same, with the line; `undefined`: not in time, somebody has pressed a key, or a question stands there. */
async function seen(pane: Pane, empty: Look, isThere: (screen: Screen) => boolean): Promise<Look | undefined> {
  const until = performance.now() + seenWithinMs;
  let before: Look | undefined;
  while (performance.now() < until) {
    await pause(lookMs);
    const now = await pane.look();
    const isHindered =
      now.closed !== undefined || now.program !== empty.program || asks(now.screen) || works(now.screen);
    if (now.lastKeyAt !== empty.lastKeyAt || isHindered) return undefined;
    if (now.raw === before?.raw && isThere(now.screen)) return now;
    before = now;
  }
  return undefined;
}

function holds(screen: Screen, sentence: string, before: number): boolean {
  const composed = composedIn(screen);
  return composed ? composed === flat(sentence) : timesIn(screen, sentence) === before + 1;
}

function isTaken(now: Look, typed: Look, sentence: string): boolean {
  // Of a composer that is not known here only that something happened can be seen.
  if (composedIn(typed.screen) === undefined) return now.raw !== typed.raw;
  return composedIn(now.screen) !== flat(sentence);
}

function isReady({ rows }: Screen, ready: RegExp): boolean {
  return ready.test(lastOf(rows, readyRows));
}

/** What was announced to it by its hooks is not typed, and the other way round. */
function keyOf(of: HostSession | undefined, { id, pid, serverPid }: Pane): SessionKey {
  return of ? { host: of.host, session: of.session } : { host: 'tmux', session: `${serverPid}.${id.slice(1)}.${pid}` };
}

/** In a shell the line would be a command. */
function refuseShell(program: string, { id }: Pane): void {
  if (isShell(program))
    throw unsafe(
      `In the foreground of ${id} is a shell (${program}), no agent.`,
      "Start the agent there first, at the shell's prompt or as the pane's own program.",
    );
}

/** The terminal of a process, by its path; empty: it has none, or nothing tells. */
function ttyOf(pid: number, known: Map<number, Promise<string>>): Promise<string> {
  const asked =
    known.get(pid) ??
    runToRead('ps', ['-o', 'tty=', '-p', String(pid)]).then(
      ({ out }) => `/dev/${out.trim()}`,
      () => '',
    );
  known.set(pid, asked);
  return asked;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
