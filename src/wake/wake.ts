/**
 * `dreamos wake <agent>`: waits for mail on behalf of an agent whose tool cannot be woken by a hook, and rings once. What is
 * rung for is decided where hooks decide it, so that a message is announced once to a session whoever tells of it, again after
 * 10 and 60 minutes, three times at most; also over several runs of this. A face of its own beside hooks/: those are called by
 * a tool, and fail in silence; this one is called by people and scripts, and says what it did.
 */
import type { Context } from '../cli/context.ts';
import { checkCommand } from '../cli/handler/find-command.ts';
import { durationOption } from '../cli/input/parse.ts';
import { whileWaiting } from '../cli/waiting.ts';
import type { Woken } from '../contract/reach.ts';
import { resolveFormer } from '../core/agents/agents.ts';
import { announceNews, type News } from '../core/reach/news.ts';
import { admit } from '../core/root/operation.ts';
import type { Session } from '../core/root/root.ts';
import { createWaiter } from '../core/wait/wait.ts';
import { hosts } from '../hooks/hosts.ts';
import { sentenceOf } from '../hooks/sentence.ts';
import { DreamosError } from '../model/errors.ts';
import { usage } from '../model/refusals.ts';
import type { SessionKey } from '../storage/port/reach.ts';
import { inPane } from './in-pane.ts';
import type { Ringer } from './ringer.ts';
import { byBell, byCommand, byNotice } from './ringers.ts';
import { unsafe } from './unsafe.ts';

export interface WakeOptions {
  tmux?: string;
  ready?: string;
  exec?: true | string[];
  notify?: boolean;
  bell?: boolean;
  wait?: string;
}

/** @param operands the words that are no options, those behind `--` included */
export async function wakeCommand(context: Context, operands: readonly string[], options: WakeOptions): Promise<void> {
  const { output, signal } = context;
  const words = wordsOf(context, operands, options);
  const waitMs = durationOption(options.wait, '--wait') ?? Infinity;
  const mailbox = await context.mailbox(words.name, 'wake', ' --bell');
  const session = await context.session();
  const agent = (await resolveFormer(session, mailbox)).name;
  await admit(session, 'wake', { named: [agent] });
  const ringer = await ringerOf(context, session, agent, options, words);
  const found = await whileWaiting(context, `mail to ${agent}`, () =>
    nextNews(context, session, agent, ringer, waitMs),
  );
  if (signal.aborted) return;
  if (found === undefined)
    throw new DreamosError('nothing', 'NOTHING_THERE', `Nothing came for ${agent} within ${options.wait}.`);
  if (typeof found === 'string') throw unsafe(`There is mail for ${agent}, and it was not rung: ${found}.`);
  const sentence = sentenceOf(found.news, context.flags());
  await ringer.ring(sentence);
  const { unread, urgent } = found.news;
  const via = options.tmux !== undefined ? 'tmux' : options.exec ? 'exec' : options.notify ? 'notify' : 'bell';
  await output.outcome(
    { agent, via, ...found.key, unread, urgent, sentence } satisfies Woken,
    () => `Rung for ${agent} ${ringer.where}: ${sentence}`,
  );
}

/** How often a pane is looked for while nothing comes, and how soon again when it could not be rung; milliseconds. */
const lookMs = 5000;
const againMs = 500;

interface Found {
  readonly news: News;
  readonly key: SessionKey;
}

/** @returns what was announced; or why that could not be; `undefined`: nothing came */
async function nextNews(
  context: Context,
  session: Session,
  agent: string,
  ringer: Ringer,
  waitMs: number,
): Promise<Found | string | undefined> {
  const told = new Set<string>();
  let why: string | undefined;
  const attempt = async (): Promise<Found | undefined> => {
    const key = await ringer.key();
    if (!Object.hasOwn(hosts, key.host)) await stay(context, session, agent, key);
    why = undefined;
    const isLate = async (): Promise<boolean> => {
      why = await ringer.hindrance();
      if (why !== undefined && !told.has(why)) {
        told.add(why);
        await context.output.note(`There is mail for ${agent}; it is not rung yet: ${why}.`);
      }
      return why !== undefined;
    };
    const news = await announceNews(session, await resolveFormer(session, agent), key, { isLate });
    return news && { news, key };
  };
  const waiter = createWaiter(session, agent);
  const options = { waitMs, signal: context.signal };
  try {
    return (await waiter.next(attempt, options, () => (why === undefined ? lookMs : againMs))) ?? why;
  } finally {
    await waiter.close();
  }
}

/**
 * What no hook tells of is a session for as long as this process waits, so that senders know that the mail is seen. Its record
 * stays, since what was announced is forgotten with it: the next one goes on where this one has stopped.
 */
async function stay({ around: { pid } }: Context, session: Session, agent: string, key: SessionKey): Promise<void> {
  const { reach } = session.store;
  const known = await reach.getSession(key);
  if (known?.pid === pid && known.agent === agent) return;
  await reach.putSession({ ...key, agent, state: 'idle', since: session.store.now(), interactive: true, pid });
}

async function ringerOf(
  context: Context,
  session: Session,
  agent: string,
  { tmux, exec, notify }: WakeOptions,
  { command, ready }: Words,
): Promise<Ringer> {
  if (tmux !== undefined) {
    await checkCommand(context.around, ['tmux']);
    const { ringer, isKnown } = await inPane(session, agent, tmux, ready);
    if (!ready && !isKnown)
      throw usage(
        `No hook tells what the agent in ${JSON.stringify(tmux)} does.`,
        'Say what the last lines of its screen match when it waits for a prompt: --ready <regex>; or let its hooks tell: dreamos help reach',
      );
    return ringer;
  }
  if (exec !== undefined) {
    await checkCommand(context.around, command);
    return byCommand(context, session, agent, command);
  }
  return notify ? byNotice(context, agent) : byBell(context, agent);
}

interface Words {
  readonly name: string | undefined;
  readonly command: readonly string[];
  readonly ready: RegExp | undefined;
}

// Commander does not tell where the `--` was.
function wordsOf(context: Context, operands: readonly string[], options: WakeOptions): Words {
  const { tmux, ready, exec, notify, bell } = options;
  const ways = [tmux, exec, notify, bell].filter((way) => way !== undefined).length;
  if (ways !== 1)
    throw usage(
      `"wake" needs one way to ring, not ${ways}.`,
      'One of: --tmux <pane>, --exec -- <command...>, --notify, --bell.',
    );
  if (ready !== undefined && tmux === undefined)
    throw usage('--ready is about what a pane shows.', 'Give the pane, too: --tmux <pane>');
  const dashes = context.argv.indexOf('--');
  const behind = dashes < 0 ? [] : context.argv.slice(dashes + 1);
  const [name, ...more] = operands.slice(0, operands.length - behind.length);
  if (more.length > 0)
    throw usage(`For one agent, not for ${more.length + 1}.`, 'Examples are in: dreamos wake --help');
  if (behind.length > 0 && exec === undefined)
    throw usage('What stands behind "--" is a command.', 'To ring by it: --exec -- <command...>');
  const command = [...(Array.isArray(exec) ? exec : []), ...behind];
  if (exec !== undefined && command.length === 0)
    throw usage('--exec needs the command that rings.', '--exec -- <command...>');
  return { name, command, ready: ready === undefined ? undefined : patternOf(ready) };
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'm');
  } catch (error) {
    throw usage(
      `${JSON.stringify(text)} is no regular expression: ${error instanceof Error ? error.message : String(error)}.`,
      "Such as: --ready '^> $'",
    );
  }
}
