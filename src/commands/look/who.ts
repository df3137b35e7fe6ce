import type { HostSessionJson, WhoIs } from '../../contract/reach.ts';
import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { who } from '../../core/look/who.ts';
import { listAgents } from '../../core/agents/agents.ts';
import { isQueue } from '../../model/agent.ts';
import { formatDuration, timeLeft } from '../../model/duration.ts';

export interface WhoCommandOptions {
  all?: boolean;
}

export async function whoCommand(
  context: Context,
  names: readonly string[],
  { all = false }: WhoCommandOptions,
): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const told = await who(session, names.length > 0 ? names : undefined, { all });
  const nowMs = session.store.now();
  const withSessions = told.some(({ sessions }) => sessions);
  const head = [
    'agent',
    'state',
    'for',
    'process',
    ...(withSessions ? ['sessions'] : []),
    'holds',
    'unread',
    'errors',
    'note',
  ];
  await output.rows(told, head, (one) => [
    one.agent,
    one.presence.state,
    one.presence.since === undefined ? '' : since(one.presence.since, nowMs),
    processText(one, nowMs),
    ...(withSessions ? [(one.sessions ?? []).map(sessionText).join(', ')] : []),
    holdsText(one),
    one.oldestUnreadAgeMs === null ? '' : `${one.unread}, ${formatDuration(one.oldestUnreadAgeMs)}`,
    one.errorRate === undefined ? '' : `${Math.round(one.errorRate * 100)}%`,
    one.presence.note ?? '',
  ]);
  if (names.length > 0) for (const line of told.flatMap(heldLines)) await output.note(line);
  else await noteOthers(context, told.length);
}

async function noteOthers(context: Context, shown: number): Promise<void> {
  if (context.output.json || context.output.quiet) return;
  const agents = (await listAgents(await context.session())).filter((card) => !isQueue(card) && !card.retiredAt);
  const others = agents.length - shown;
  const flags = context.flags();
  if (agents.length === 0) return context.output.note(await context.noAgents());
  if (others <= 0) return undefined;
  const more =
    shown === 0 ? `None of ${others} agents has` : others === 1 ? '1 more has not' : `${others} more have not`;
  return context.output.note(
    `${more} said that they are there: dreamos who --all${flags}; to say it: dreamos agent start <name>${flags}`,
  );
}

function since(time: string, nowMs: number): string {
  return formatDuration(Math.max(0, nowMs - Date.parse(time)));
}

/** `worker-1 host:4711 (2h)` */
function processText({ presence: { pid, host, label, startedAt, running } }: WhoIs, nowMs: number): string {
  const its = pid === undefined ? undefined : [host, pid].filter((part) => part !== undefined).join(':');
  const age = running === false ? '(ended)' : startedAt === undefined ? undefined : `(${since(startedAt, nowMs)})`;
  return [label === its ? undefined : label, its, its === undefined ? undefined : age].filter(Boolean).join(' ');
}

function sessionText({ host, state }: HostSessionJson): string {
  return `${host} ${state}`;
}

function holdsText({ holds }: WhoIs): string {
  const [next] = holds;
  return next === undefined ? '' : `${holds.length}, ${timeLeft(next.leftMs)} left`;
}

function heldLines({ agent, holds }: WhoIs): string[] {
  return holds.map(({ id, attempt, heldBy, heldLabel, leftMs }) => {
    const holder = heldBy ?? agent;
    const by = heldLabel === undefined ? holder : `${holder} (${heldLabel})`;
    const tries = attempt > 1 ? `, attempt ${attempt}` : '';
    return harmless(`${agent}: ${by} holds ${id}, ${timeLeft(leftMs)} left${tries}`);
  });
}
