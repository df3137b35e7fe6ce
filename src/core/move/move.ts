/**
 * Moving a root: its mail is taken to another storage, whole and as it is, and from then on who opens the root is there.
 *
 *   begin    it is noted where to; a move is under way from here on, and can be resumed or aborted wherever it is cut off
 *   freeze   one step: whoever has the root open, or opens it, is refused (ROOT_MOVED), and nothing of it changes any more
 *   load     all of it goes to the other end, which appears there whole
 *   compare  both ends are counted and digested, mailbox by mailbox; what is not the same is not moved
 *   settle   one step: the root's folder says where it is now. What was there stays until it is purged
 *
 * What fails up to the last step is given back, and the root is as it was.
 */
import type { Moved } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { usage } from '../../model/refusals.ts';
import { endsOfMove } from '../../storage/engines.ts';
import type { DumpOptions } from '../../storage/port/dump/loading.ts';
import type { MoveSource, MoveTarget } from '../../storage/port/dump/moving.ts';
import { StorageDenied } from '../../storage/port/refusals.ts';
import { differing, Tally } from '../../storage/port/dump/tally.ts';
import { operation } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { openRoot, type OpenOptions } from '../open-root.ts';

export interface MoveOptions extends Omit<OpenOptions, 'clock'> {
  /** `file:<folder>`: to another folder; `redis://host:6379/0`: to an engine, as `init` takes it as a store. */
  readonly to?: string;
  /** Of an engine, as `init` has them. */
  readonly durability?: 'full' | 'relaxed';
  readonly replicas?: number;
  /** Go on with one that was cut off; take it back; only say what would be moved; remove what moves have left. */
  readonly how?: 'resume' | 'abort' | 'dry-run' | 'purge';
  readonly onProgress?: (messages: number) => void;
  /** Called with where the root is by then, for `root`, if what was named does not say so. */
  readonly onPlace?: (root: string) => void;
  /** It is given back then. */
  readonly signal?: AbortSignal;
  /** For tests: called behind each step. */
  readonly onStep?: (step: string) => void;
}

const mostLoads = 3;

/** Asks the policy. */
const mayMove = operation('move', async (session: Session) => session.path);

/** @returns `undefined`: the signal came, and it is as it was @throws ROOT_MOVED, USAGE, ALREADY_EXISTS, STATE_CHANGED and others */
export async function moveRoot(options: MoveOptions): Promise<Moved | undefined> {
  const { root, cwd, env = {}, warn = () => undefined, to, durability, replicas } = options;
  const warned = new Set<string>();
  // What it cannot read it meets again where it compares.
  const warnOnce = (message: string): void => {
    if (!warned.has(message)) warn(message);
    warned.add(message);
  };
  const ends = await endsOfMove({ to, durability, replicas }, { root, cwd, env, warn: warnOnce });
  try {
    const { movedTo } = ends.source;
    if (options.how === 'purge' && movedTo !== undefined) {
      await checkMayAt(movedTo, options);
      options.onPlace?.(rootAt(movedTo));
    } else if (ends.source.underWay === undefined) await checkMay(options);
    // Its policy lies with the mail, which is looked at once nobody else moves it.
    const done = await moveBetween(ends, options, async () => {
      const mail = ends.source.mail();
      if (mail !== undefined) await checkMay({ ...options, root: mail });
    });
    if (done?.state === 'moved' && done.to !== null) options.onPlace?.(rootAt(done.to));
    return done;
  } finally {
    ends.target?.close?.();
    await ends.source.close();
  }
}

/** @param checkCutOff whether one that was cut off may be ended @throws as moveRoot */
export async function moveBetween(
  { source, target }: { readonly source: MoveSource; readonly target: MoveTarget | undefined },
  options: Omit<MoveOptions, 'to'>,
  checkCutOff: () => Promise<void> = async () => undefined,
): Promise<Moved | undefined> {
  const { how } = options;
  if (how === 'purge') return source.alone(() => purge(source));
  const isOfCutOff = how === 'resume' || how === 'abort';
  // It may have come to its end before it was cut off.
  if (isOfCutOff && source.underWay === undefined) return nobody(source);
  if (!isOfCutOff && source.underWay !== undefined) throw underWay(source);
  if (!target) throw usage('"move" needs to know where to.', 'For example: dreamos move --to file:/mnt/mail --dry-run');
  if (how === 'dry-run') return plan(source, target, options);
  return source.alone(async () => {
    if (isOfCutOff) await checkCutOff();
    return how === 'abort' ? abort(source, target, options) : move(source, target, options);
  });
}

async function checkMay({ root, cwd, env, as, warn }: MoveOptions): Promise<void> {
  const session = await openRoot({
    ...(root !== undefined && { root }),
    ...{ cwd, env: env ?? {} },
    ...(as !== undefined && { as }),
    ...(warn && { warn }),
  });
  try {
    await mayMove(session);
  } finally {
    await session.close();
  }
}

/** Its policy went along. Where it cannot be asked from here, who gets at what was left may do everything with it anyway. */
async function checkMayAt(place: string, options: MoveOptions): Promise<void> {
  try {
    await checkMay({ ...options, root: rootAt(place) });
  } catch (error) {
    const isElsewhere = error instanceof DreamosError && ['ROOT_NOT_FOUND', 'ROOT_MOVED'].includes(error.code);
    if (!isElsewhere && !isAway(error)) throw error;
  }
}

async function plan(source: MoveSource, target: MoveTarget, how: DumpOptions): Promise<Moved | undefined> {
  await target.check();
  const tally = await tallyOf(source, how);
  return tally && { ...sumOf(source, target, tally), state: 'planned', left: await source.left() };
}

async function move(source: MoveSource, target: MoveTarget, options: MoveOptions): Promise<Moved | undefined> {
  const { onStep = () => undefined, signal } = options;
  if (source.underWay === undefined) {
    await target.check();
    await source.begin(target.to, target.how);
    onStep('begun');
  }
  if (source.isDecided) return settle(source, target, await tallyOf(target, {}));
  let tally: Tally | undefined;
  try {
    await target.takeOver?.();
    await source.freeze();
    onStep('frozen');
    // Cut off behind it, it is there already.
    const there = await tallyOf(target, options);
    tally = there && there.messages > 0 ? there : await load(source, target, options);
    onStep('loaded');
    for (let tries = mostLoads; tally && !(await isSame(source, target, tally, { ...options, tries })); tries--) {
      await source.check();
      await target.remove(source.check, { again: true });
      tally = await load(source, target, options);
    }
    onStep('compared');
  } catch (error) {
    if (!signal?.aborted) {
      await giveBack(source, target, options).catch(() => source.giveBack());
      throw error;
    }
  }
  if (!tally || signal?.aborted) {
    await giveBack(source, target, options);
    return undefined;
  }
  const moved = await settle(source, target, tally);
  onStep('settled');
  return moved;
}

async function settle(source: MoveSource, target: MoveTarget, tally = new Tally()): Promise<Moved> {
  await source.settle(target.descriptor());
  await target.settled?.();
  return { ...sumOf(source, target, tally), state: 'moved', left: await source.left() };
}

/** @returns what was loaded; `undefined`: the signal came */
async function load(source: MoveSource, target: MoveTarget, options: DumpOptions): Promise<Tally | undefined> {
  const loading = await target.load();
  try {
    const tally = new Tally();
    const done = await source.dump(
      async (record) => {
        tally.add(record);
        await loading.take(record);
      },
      { ...options, whole: true },
    );
    if (!done) return undefined;
    await loading.finish();
    return tally;
  } finally {
    // What is finished is not taken away.
    await loading.abandon();
  }
}

/**
 * @returns `false`: it has to be loaded again. An event is written behind the change that it tells, so that of the last changes
 * before the freeze one may have come since @throws STATE_CHANGED: there is something else
 */
async function isSame(
  source: MoveSource,
  target: MoveTarget,
  loaded: Tally,
  { tries, ...options }: DumpOptions & { readonly tries: number },
): Promise<boolean> {
  const [here, there] = [await tallyOf(source, options), await tallyOf(target, options)];
  if (options.signal?.aborted) return true;
  const [odd] = differing(here?.mailboxes() ?? {}, there?.mailboxes() ?? {});
  if (odd === undefined) return true;
  if (tries > 0 && differing(loaded.mailboxes(), there?.mailboxes() ?? {}).length === 0 && isOurs(here, there))
    return false;
  throw new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `What is at ${target.to} of ${odd} is not what is in ${source.root}.`,
    {
      hint: `Nothing was moved. What is there: dreamos status --root ${quoteWord(rootAt(target.to))}`,
    },
  );
}

/** Whether all mail is there, and only events are missing: what else is at the target is somebody's, and is not removed. */
function isOurs(here: Tally | undefined, there: Tally | undefined): boolean {
  const [of, at] = [here?.mail() ?? {}, there?.mail() ?? {}];
  return Object.keys({ ...of, ...at }).every((name) => of[name] === at[name]);
}

/** As `root` takes it. */
function rootAt(place: string): string {
  return place.replace(/^file:/, '');
}

async function abort(source: MoveSource, target: MoveTarget, options: MoveOptions): Promise<Moved> {
  if (source.isDecided) throw decided(source);
  const tally = await giveBack(source, target, options, async () => target.takeOver?.());
  return { ...sumOf(source, target, tally ?? new Tally()), state: 'aborted', left: await source.left() };
}

/**
 * What was loaded goes, if it is that: somebody may have put another root there.
 * @param first what the other end is told before it is looked at
 */
async function giveBack(
  source: MoveSource,
  target: MoveTarget,
  { warn, ...how }: Omit<MoveOptions, 'to'>,
  first: () => Promise<void> = async () => undefined,
): Promise<Tally | undefined> {
  const quiet: DumpOptions = { ...how, signal: undefined };
  const here = await tallyOf(source, quiet);
  try {
    await first();
    const there = await tallyOf(target, quiet);
    const isTheSame = there && here && differing(here.mailboxes(), there.mailboxes()).length === 0;
    // Another one may have ended the move since: then what is there is all that there is.
    await source.check();
    if (target.isOurs || (isTheSame && there.messages > 0)) await target.remove(source.check);
  } catch (error) {
    // The mail is where it was, and can be worked on, whether or not the other end answers, and lets in who asks.
    if (!isAway(error)) throw error;
    warn?.(`What was loaded into ${target.to} may still be there, and nobody works on it: ${error.message}`);
  }
  await source.giveBack();
  return here;
}

function isAway(error: unknown): error is DreamosError {
  return error instanceof StorageDenied || (error instanceof DreamosError && error.kind === 'unreachable');
}

async function purge(source: MoveSource): Promise<Moved> {
  if (source.underWay !== undefined) throw underWay(source);
  const left = await source.left();
  await source.purge();
  return { from: source.root, to: null, messages: 0, mailboxes: 0, state: 'purged', left };
}

async function nobody(source: MoveSource): Promise<Moved> {
  return { from: source.root, to: null, messages: 0, mailboxes: 0, state: 'none', left: await source.left() };
}

function decided({ root, underWay: to }: MoveSource): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `The root ${root} is moved to ${to ?? ''} already.`, {
    hint: `Only its folder does not say so yet: dreamos move --resume --root ${quoteWord(root)}`,
  });
}

function underWay({ root, underWay: to }: MoveSource): DreamosError {
  return new DreamosError('conflict', 'ROOT_MOVED', `The root ${root} is being moved to ${to}.`, {
    hint: `Where that was cut off: dreamos move --resume --root ${quoteWord(root)}; to take it back: dreamos move --abort --root ${quoteWord(root)}`,
  });
}

function sumOf({ root }: MoveSource, { to }: MoveTarget, tally: Tally): Omit<Moved, 'state' | 'left'> {
  return { from: root, to, messages: tally.messages, mailboxes: Object.keys(tally.mailboxes()).length };
}

/** @returns `undefined`: nothing is there, or the signal came */
async function tallyOf(end: Pick<MoveSource | MoveTarget, 'dump'>, how: DumpOptions): Promise<Tally | undefined> {
  const tally = new Tally();
  return (await end.dump(async (record) => tally.add(record), how)) ? tally : undefined;
}
