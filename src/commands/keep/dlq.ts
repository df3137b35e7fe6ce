import { quoteWord } from '../../model/basics/shell-word.ts';
import type { Dead, DeadShown, PurgedJson } from '../../contract/keep.ts';
import type { EntryJson } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { printMessage, printOrWarn } from '../../cli/print-message.ts';
import { entryJson } from '../../contract/json.ts';
import { beginningOf, deadLayout } from '../../cli/show/dead-layout.ts';
import { messageView, signatureLine, whoseText } from '../../cli/show/message-view.ts';
import { createScreenful } from '../../cli/show/screenful.ts';
import { agentAndIds, countOption, deadFilterOptions, given, type DeadFilterOptions } from '../../cli/input/parse.ts';
import {
  chooseDead,
  type DeadOptions,
  glanceAt,
  listDead,
  purgeDead,
  type Purged,
  retryDead,
  showDead,
} from '../../core/keep/dlq.ts';
import { listMailboxes } from '../../core/agents/agents.ts';
import { mailboxOf } from '../../core/keep/mailbox-of.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export async function listCommand(
  context: Context,
  name: string | undefined,
  options: DeadFilterOptions & { limit?: string },
): Promise<void> {
  const { output, signal } = context;
  const limit = countOption(options.limit, '--limit');
  const filter = deadFilterOptions(options);
  const session = await context.session();
  const { row, ...layout } = deadLayout(output, name === undefined, session.clock.now());
  const screen = createScreenful(output, layout, limit);
  const gone = (await listMailboxes(session)).filter(({ deletedAt }) => deletedAt).map((card) => card.name);
  let newest: Dead | undefined;
  const left = new Set<string>();
  for await (const dead of listDead(session, name, { ...given({ limit }), ...filter, signal })) {
    if (signal.aborted) return;
    if (gone.includes(dead.mailbox)) left.add(dead.mailbox);
    else newest ??= dead;
    if (output.json) await printOrWarn(output, dead.id, dead, () => '');
    else screen.add(() => row(dead));
  }
  if (output.json || signal.aborted) return;
  await screen.print();
  const steps = [
    ...(newest ? nextSteps(context, newest, name) : []),
    ...[...left].map((one) => deletedStep(context, one)),
  ];
  await output.note(steps.length > 0 ? `\n${steps.join('\n')}` : noneText(filter, name));
}

function noneText({ filter }: DeadOptions, name: string | undefined): string {
  const where = name === undefined ? '' : ` for ${name}`;
  return filter === undefined ? `No dead letters${where}.` : `No dead letter${where} fits.`;
}

/** With the words of the newest one, so that they can be pasted. */
function nextSteps(context: Context, { id, mailbox, reason }: Dead, name: string | undefined): string[] {
  const whose = name === undefined ? '' : ` ${name}`;
  const lines = [`Try one again: dreamos dlq retry ${mailbox} ${id}${context.flags()}`];
  const cause = beginningOf(reason);
  if (cause !== '')
    lines.push(`All of a cause: dreamos dlq retry${whose} --reason ${quoteWord(cause)}${context.flags()}`);
  return lines;
}

/** Its dead letters stay, and are ready for nobody. */
function deletedStep(context: Context, mailbox: string): string {
  const anew = `dreamos agent register ${mailbox}${context.flags()}`;
  return `${mailbox} is deleted. To retry what it had, make it anew: ${anew}`;
}

export async function showCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = await agentAndIds(context, words);
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0)
    throw usage('"dlq show" needs one message id.', 'Which there are: dreamos dlq list');
  const session = await context.session();
  const mailbox = agent ?? (await mailboxOf(session, id, 'dead', 'dlq show'));
  const dead = await showDead(session, mailbox, id);
  const paint = await context.output.paint();
  await printMessage(context.output, dead.id, dead, () => {
    const history = dead.history.map(
      (event) =>
        `${event.at}: ${[event.event, whoseText(event), event.reason && `(${event.reason})`].filter(Boolean).join(' ')}`,
    );
    const extra = [
      ...signatureLine(dead),
      ['Reason', dead.reason],
      ['Attempts', String(dead.attempts)],
      ['Dead since', dead.deadAt],
      ...(dead.notice === undefined ? [] : [['Told', toldText(dead)] as const]),
    ] as const;
    return messageView(
      dead.message,
      [...extra, ...history.map((line) => ['History', line] as const)],
      paint,
      session.clock.now(),
      context.output.width,
    );
  });
}

function toldText({ notice, message }: DeadShown): string {
  return notice === 'sent' ? `${message.from}, by a notice` : `nobody: ${notice}`;
}

export interface ChangeOptions extends DeadFilterOptions {
  all?: boolean;
  limit?: string;
  dryRun?: boolean;
}

export async function retryCommand(context: Context, words: readonly string[], options: ChangeOptions): Promise<void> {
  const choice = await choose(context, words, options, 'retry');
  const session = await context.session();
  if (options.dryRun)
    return printChosen(context, choice, 'retry', (entry) => ({ ...entryJson(entry, session.acting), dryRun: true }));
  const results = await retryDead(session, choice.mailbox, choice.which, choice.how);
  await printEach(context, choice, results, async (entry) => {
    const text = `${entry.id} ${entry.state}${whereOf(choice, entry)}`;
    await context.output.outcome(entryJson(entry, session.acting), () => text);
  });
}

export async function purgeCommand(
  context: Context,
  words: readonly string[],
  options: ChangeOptions & { force?: boolean },
): Promise<void> {
  const choice = await choose(context, words, options, 'purge');
  const session = await context.session();
  if (options.dryRun)
    return printChosen(context, choice, 'purge', ({ id, mailbox }) => ({ id, mailbox, dryRun: true }));
  const how = { ...choice.how, ...given({ force: options.force }) };
  const results = await purgeDead(session, choice.mailbox, choice.which, how);
  await printEach(context, choice, results, async (one) => {
    const purged: PurgedJson = { id: one.id, mailbox: one.mailbox, purged: true };
    await context.output.outcome(purged, () => `${one.id} purged${whereOf(choice, one)}`);
  });
}

/** Which dead letters are meant, and where. */
interface Choice {
  readonly mailbox: string | undefined;
  readonly which: string[] | 'all';
  readonly how: DeadOptions;
}

async function choose(
  context: Context,
  words: readonly string[],
  options: ChangeOptions,
  verb: 'retry' | 'purge',
): Promise<Choice> {
  const filter = deadFilterOptions(options);
  const all = options.all === true || filter.filter !== undefined || options.limit !== undefined;
  const { agent, ids } = await agentAndIds(context, words, { all });
  const limit = countOption(options.limit, '--limit');
  const byFilter = filter.filter !== undefined;
  if ((options.all || byFilter || limit !== undefined) && ids.length > 0)
    throw usage(
      `Ids and ${options.all ? '--all' : 'a filter'} are two different things to ask for.`,
      'Leave out one of them.',
    );
  const whose = agent === undefined ? '' : ` ${agent}`;
  if (!options.all && !byFilter && ids.length === 0)
    throw usage(
      `"dlq ${verb}" needs message ids, a filter, or --all.`,
      `Which there are: dreamos dlq list${whose}; all of them: dreamos dlq ${verb}${whose} --all --dry-run`,
    );
  const onProgress = (done: number): void =>
    context.output.progress(`${done} ${verb === 'retry' ? 'retried' : 'purged'}`);
  return {
    mailbox: agent,
    which: ids.length > 0 ? ids : 'all',
    how: { ...filter, ...given({ limit }), onProgress, signal: context.signal },
  };
}

/** Where it is not clear from what was typed. */
function whereOf({ mailbox, which }: Choice, one: Purged): string {
  return mailbox === undefined && which === 'all' ? ` at ${one.mailbox}` : '';
}

async function printEach<T>(
  context: Context,
  { mailbox, how }: Choice,
  results: readonly (T | DreamosError)[],
  print: (one: T) => Promise<void>,
): Promise<void> {
  for (const result of results) {
    if (result instanceof DreamosError) await context.fail(result);
    else await print(result);
  }
  await context.output.done();
  if (results.length === 0 && !context.signal.aborted) await context.output.note(noneText(how, mailbox));
}

/** A dry run: for people as a list shows them, in the order in which they would be done. */
async function printChosen(
  context: Context,
  choice: Choice,
  verb: 'retry' | 'purge',
  json: (entry: Entry) => EntryJson | PurgedJson,
): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const { row, ...layout } = deadLayout(output, choice.mailbox === undefined, session.clock.now());
  const screen = createScreenful(output, layout, choice.how.limit);
  const results = await chooseDead(session, verb, choice.mailbox, choice.which, choice.how);
  await printEach(context, choice, results, async (entry) => {
    if (output.json) return output.item(json(entry), () => '');
    const dead = await glanceAt(session, entry);
    screen.add(() => row(dead));
  });
  await screen.print();
  if (screen.count > 0)
    await output.note(
      `\n${screen.count.toLocaleString('en')} would be ${verb === 'retry' ? 'retried' : 'purged'}; without --dry-run they are.`,
    );
}
