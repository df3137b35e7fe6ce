import type { Reservation, ReservationCheck, Reserved } from '../../contract/reach.ts';
import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { upTo } from '../../cli/waiting.ts';
import {
  checkReservations,
  type CheckOptions,
  refusedBy,
  releaseReservations,
  renewReservations,
} from '../../core/reserve/held.ts';
import { asItStands } from '../../core/reserve/place.ts';
import { listReservations } from '../../core/reserve/reservations.ts';
import { reserve } from '../../core/reserve/reserve.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { timeLeft } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

interface ReserveOptions {
  shared?: boolean;
  for?: string;
  reason?: string;
  wait?: string;
}

export async function reserveCommand(
  context: Context,
  paths: readonly string[],
  { shared, reason, ...times }: ReserveOptions,
): Promise<void> {
  const { output, signal, around } = context;
  checkWord(paths);
  const forMs = durationOption(times.for, '--for');
  const waitMs = durationOption(times.wait, '--wait');
  const session = await context.session();
  const options = { cwd: around.cwd(), signal, ...given({ shared, reason, forMs, waitMs }) };
  const reserved = await upTo(waitMs, context, 'what others have reserved', () => reserve(session, paths, options));
  if (reserved === undefined) return;
  for (const one of reserved) await output.outcome(one, () => reservedText(one));
  await output.note(`To give it free: dreamos reserve release${context.flagsAs(reserved[0]?.agent ?? '')}`);
}

/** What others call the verbs of this group; a file of such a name is rarer than who types it. */
const otherVerbs: Readonly<Record<string, string>> = {
  ls: 'list',
  ...Object.fromEntries(['rm', 'remove', 'delete', 'unlock', 'free'].map((word) => [word, 'release'])),
  extend: 'renew',
};

function checkWord([first = '', ...more]: readonly string[]): void {
  if (!Object.hasOwn(otherVerbs, first)) return;
  const verb = otherVerbs[first] ?? '';
  const meant = ['dreamos reserve', verb, ...(verb === 'list' ? [] : more.map(quoteWord))].join(' ');
  throw usage(`"reserve" has no ${first}.`, `${meant}; of a file of this name: dreamos reserve ./${first}`);
}

function reservedText({ path, shared, until, token, created }: Reserved): string {
  const how = shared ? ', shared' : '';
  return created
    ? `${harmless(path)} is yours until ${until}${how} (token ${token})`
    : `${harmless(path)} was yours already; now until ${until}${how} (token ${token})`;
}

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const all = await listReservations(session);
  if (all.length === 0) return output.note('Nobody has reserved anything. How that is done: dreamos reserve --help');
  const nowMs = session.store.now();
  await output.rows(all, ['path', 'agent', 'shared', output.toTerminal ? 'left' : 'until', 'reason'], (one) => [
    one.path,
    one.agent,
    one.shared ? 'shared' : '',
    output.toTerminal ? timeLeft(Date.parse(one.until) - nowMs) : one.until,
    one.reason ?? '',
  ]);
}

export async function checkCommand(
  context: Context,
  paths: readonly string[],
  { shared, literal }: CheckOptions,
): Promise<void> {
  const session = await context.session();
  const checks = await checkReservations(session, paths, { cwd: context.around.cwd(), ...given({ shared, literal }) });
  for (const check of checks) await context.output.item(check, () => `${harmless(check.path)} ${stateText(check)}`);
  // All that is named, as with `reserve`: who has only what is free now may wait for one who waits for him.
  const files = paths.map((path) => quoteWord(literal ? asItStands(path) : path));
  const words = ['dreamos reserve', ...files, ...(shared ? ['--shared'] : []), '--wait 30s'];
  const error = refusedBy(session, checks, `${words.join(' ')} --as ${session.acting ?? '<agent>'}`);
  if (error) throw error;
}

const mostHolders = 3;

/** Without what they say of it: hooks hand this on. */
function stateText({ state, held }: ReservationCheck): string {
  if (state !== 'held') return state === 'mine' ? 'yours' : state;
  const more = held.length > mostHolders ? `, and ${held.length - mostHolders} more` : '';
  const holders = held.slice(0, mostHolders).map(({ agent, until }) => `by ${agent} until ${until}`);
  return `held ${holders.join(', ')}${more}`;
}

export async function renewCommand(
  context: Context,
  paths: readonly string[],
  options: Pick<ReserveOptions, 'for'>,
): Promise<void> {
  const forMs = durationOption(options.for, '--for');
  const how = { cwd: context.around.cwd(), ...given({ forMs }) };
  const renewed = await renewReservations(await context.session(), named(paths), how);
  await printEach(context, renewed, ({ path, until }) => `${harmless(path)} is yours until ${until}`);
}

export async function releaseCommand(context: Context, paths: readonly string[]): Promise<void> {
  const released = await releaseReservations(await context.session(), named(paths), { cwd: context.around.cwd() });
  await printEach(context, released, ({ path }) => `${harmless(path)} is free`);
}

/** Without a path all are meant. */
function named(paths: readonly string[]): readonly string[] | undefined {
  return paths.length === 0 ? undefined : paths;
}

async function printEach(
  context: Context,
  results: readonly (Reservation | DreamosError)[],
  text: (one: Reservation) => string,
): Promise<void> {
  for (const result of results) {
    if (result instanceof DreamosError) await context.fail(result);
    else await context.output.outcome(result, () => text(result));
  }
  if (results.length === 0) await context.output.note('You have reserved nothing.');
}
