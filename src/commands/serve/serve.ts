import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import type { ServeStopped, Serving } from '../../contract/security/serving.ts';
import { admit } from '../../core/root/operation.ts';
import { DreamosError } from '../../model/errors.ts';
import { absolute, usage } from '../../model/refusals.ts';
import { tcpAddress } from '../../server/place/address.ts';
import { processOf, runningServer } from '../../server/place/running.ts';
import { serve } from '../../server/serve.ts';
import { askToEnd, cannotListen, usualSocket } from '../../storage/file/disk/foreign/socket-files.ts';

export interface ServeFlags {
  socket?: string;
  http?: string | true;
  agentSockets?: string;
  agentUser?: string[];
  readOnly?: boolean;
}

export async function serveCommand(context: Context, flags: ServeFlags): Promise<void> {
  const { around, output, signal } = context;
  const http = flags.http === undefined ? undefined : tcpAddress(flags.http === true ? undefined : flags.http);
  const at = (path: string): string => absolute(around.cwd(), path, 'SOURCE_NOT_FOUND');
  const users = usersIn(flags);
  const session = await context.session();
  await admit(session, 'serve');
  let hurry: () => void = () => undefined;
  const letGo = around.holdExit(() => hurry());
  try {
    const served = await serve(session, {
      socket: flags.socket === undefined ? usualSocket(session.path, around.env) : at(flags.socket),
      ...(http && { http }),
      ...(flags.agentSockets !== undefined && { agentSockets: { folder: at(flags.agentSockets), users } }),
      readOnly: flags.readOnly ?? false,
      version: around.version(),
      env: around.env,
      warn: (message) => void output.warn(message),
    });
    hurry = served.cut;
    context.endsBySignal = true;
    try {
      if (output.json) await output.item(served.about, () => '');
      else for (const line of listenersText(served.about)) await output.note(line);
      await Promise.race([served.lost, aborted(signal)]);
      if (!signal.aborted) throw lostSocket(served.about);
    } finally {
      await served.close();
    }
  } finally {
    letGo();
  }
}

/** @throws USAGE */
function usersIn({ agentUser = [], agentSockets }: ServeFlags): Record<string, string> {
  if (agentUser.length > 0 && agentSockets === undefined)
    throw usage(
      '--agent-user is about the sockets of agents.',
      'dreamos serve --agent-sockets <dir> --agent-user planner=alice',
    );
  return Object.fromEntries(
    agentUser.map((text) => {
      const [, agent, user] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (agent === undefined || user === undefined)
        throw usage(`--agent-user ${text} does not say whose it is.`, 'For example: --agent-user planner=alice');
      return [agent, user];
    }),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function lostSocket({ socket }: Serving): DreamosError {
  return cannotListen(`${socket} was taken away, so nobody finds this server any more; it has ended.`, 'dreamos serve');
}

function listenersText({ socket, http, agentSockets, readOnly, pid }: Serving): string[] {
  const what = readOnly ? 'Read-only, process' : 'Process';
  return [
    `Listens at ${socket}`,
    ...(http === null ? [] : [`Listens at ${http} for who has a token: dreamos token create <agent>`]),
    ...(agentSockets === null ? [] : [`Listens in ${agentSockets}, at a socket for each agent`]),
    `${what} ${pid}. It runs until Ctrl-C, or: dreamos serve stop`,
  ].map((line) => harmless(line));
}

export async function statusCommand(context: Context): Promise<void> {
  const about = await runs(context);
  const { pid, version, since, root, socket, http, agentSockets, readOnly } = about;
  const lines = [
    `A server runs for ${root}: process ${pid}, dreamos ${version}, since ${since}${readOnly ? ', read-only' : ''}`,
    `  ${socket}`,
    ...(http === null ? [] : [`  ${http}`]),
    ...(agentSockets === null ? [] : [`  ${agentSockets}/<agent>/sock`]),
  ];
  await context.output.item(about, () => harmless(lines.join('\n'), 'block'));
}

/** It ends by itself after 10 seconds, whatever it is at. */
const mostMs = 15_000;
const lookMs = 50;

export async function stopCommand(context: Context): Promise<void> {
  const { signal } = context;
  const session = await context.session();
  await admit(session, 'serve.stop');
  const about = await runs(context);
  const { pid } = about;
  const isRunning = await processOf(session, about);
  if (!isRunning) throw notHere(about);
  const begun = session.clock.uptime();
  askToEnd(pid);
  while (isRunning()) {
    if (signal.aborted) return;
    if (session.clock.uptime() - begun > mostMs)
      throw new DreamosError('conflict', 'SERVER_RUNNING', `The server, process ${pid}, does not end.`, {
        hint: `kill -9 ${pid}`,
      });
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  const tookMs = Math.round(session.clock.uptime() - begun);
  await context.output.outcome({ pid, tookMs } satisfies ServeStopped, () => `The server, process ${pid}, has ended.`);
}

function notHere({ pid, socket }: Serving): DreamosError {
  const message = `What listens at ${socket} says that it is process ${pid}, and that is not known to be it here: no signal was sent.`;
  return new DreamosError('conflict', 'SERVER_RUNNING', message, {
    hint: `End it in the container in which it was started, or find it: fuser ${socket}`,
  });
}

/** @throws NOTHING_THERE */
async function runs(context: Context): Promise<Serving> {
  const session = await context.session();
  const about = await runningServer(session);
  if (about) return about;
  throw new DreamosError('nothing', 'NOTHING_THERE', `No server runs for ${session.path}.`, { hint: 'dreamos serve' });
}
