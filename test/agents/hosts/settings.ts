import { join } from 'node:path';
import type { World } from '../world.ts';

/** Puts our hooks into an agent's settings, as its user would. @param as whose its sessions are */
export async function installHooks(world: World, agent: string, as: string): Promise<void> {
  // With the guard it tells of edits, too.
  const more = world.recording === undefined ? '' : ' --guard';
  const { code, out, err } = await world.sh(`dreamos setup ${agent} --as ${as}${more}`);
  if (code !== 0) throw new Error(`setup: ${out}${err}`);
}

/** Entries of events at which our hooks are not run: when recording, what comes with these is kept all the same. */
export function alsoAt(world: World, host: string, events: readonly string[]): Record<string, object[]> {
  if (world.recording === undefined) return {};
  const hooks = [{ type: 'command', command: `dreamos hook ${host} || :` }];
  return Object.fromEntries(events.map((event) => [event, [{ hooks }]]));
}

export function binary(name: string): string {
  return join(process.cwd(), 'test', 'agents', 'node_modules', '.bin', name);
}

export function inShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
