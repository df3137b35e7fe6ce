/** What the scenes are made of: what is done with an agent, and what is seen of it from outside. */
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from './hosts/host.ts';
import type { Pane } from './tmux.ts';
import { sleep, until, type World } from './world.ts';

/** The agent's own processes. */
export const agentLine = /(claude|codex|gemini|opencode)(\.exe|\.js)?( |$)(?!.*hook )/;

/** An agent that has said something once, so that its session is known. */
export async function begun(world: World, agent: Agent): Promise<Pane> {
  const pane = await agent.open(world);
  const before = world.mock.requests.length;
  await agent.submit(pane, 'hello');
  await world.turn('hello', 120_000, before);
  return pane;
}

export async function resting(world: World, agent: Agent): Promise<void> {
  await until(
    'it rests',
    () => {
      const known = sessions(world);
      const rest = known.length > 0 && known.every(({ state }) => state === 'idle');
      return rest && (!agent.wakes || waiters(world).length > 0);
    },
    30_000,
  );
  await sleep(1000);
}

interface Known {
  readonly session: string;
  readonly agent?: string;
  readonly state: string;
}

export function sessions(world: World): Known[] {
  const folder = join(world.project, 'runtime', 'agent_comms', 'reach', 'sessions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as Known];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** Those of dreamos itself, not the shells that wait for them. */
export function waiters(world: World): { pid: number; line: string }[] {
  return world.processes(/^\S*node \S+ hook \w+ .*--wait/).filter(({ line }) => !/ -c |^sh /.test(line));
}

/** Makes what was announced as old as that. */
export function age(world: World, ms: number): void {
  const folder = join(world.project, 'runtime', 'agent_comms', 'agent_mailboxes', 'reviewer', 'announced');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const then = new Date(Date.now() - ms);
    if (/\.\d$/.test(name)) utimesSync(join(folder, name), then, then);
  }
}

export function unread(agent: string, count: number): string {
  return `${agent} has ${count} unread message`;
}

export function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

export function quantiles(times: readonly number[]): Record<string, number> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
  return { 'p50 ms': at(0.5), 'p90 ms': at(0.9), 'p99 ms': at(0.99), 'max ms': at(1) };
}

/** User and system time, in hundredths of a second. */
export function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

export function residentMb(pid: number): number {
  const [, kb = 'NaN'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Math.round(Number(kb) / 102.4) / 10;
}
