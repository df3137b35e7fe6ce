/** What `setup` and `doctor` have to know of where they are: the project, the home, the tools that are used there. */
import type { SetupCheck } from '../../contract/reach.ts';
import { checkHost, type Looking, onPath, scopeOf } from '../../setup/check.ts';
import { type HostName, hostNames, marks, type Place, type Scope, scopes } from '../../setup/hosts.ts';
import { isThereBelow, projectOf, type Wish } from '../../setup/targets.ts';
import { absolute } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { loadTopic } from '../help/texts.ts';

export function placeOf({ around: { cwd, env } }: Context): Place {
  return { project: projectOf(absolute(cwd(), '.', 'SOURCE_NOT_FOUND')), home: env['HOME'] || undefined, env };
}

export function lookingOf(context: Context, place: Place, where: readonly Scope[] = scopes): Looking {
  const sessions = async (host: HostName): Promise<number | undefined> => {
    const root = await context.session().catch(() => undefined);
    return (await root?.store.reach.sessions())?.filter((one) => one.host === host).length;
  };
  return { place, scopes: where, canRun: context.around.canRun, sessions };
}

/** What is wanted of tools of which nothing else was said. */
export async function plainWish(): Promise<Omit<Wish, 'hosts' | 'scope'>> {
  const callerFor = () => ({ program: 'dreamos' });
  return { callerFor, wake: true, guard: false, mcp: false, instructions: false, page: await loadTopic('agent') };
}

/** The tools that have hooks of ours. */
export async function hostsSetUp(wish: Omit<Wish, 'hosts' | 'scope'>, looking: Looking): Promise<HostName[]> {
  const found = await Promise.all(hostNames.map(async (host) => (await scopeOf(host, wish, looking)) && host));
  return found.filter((host) => host !== undefined);
}

/** The tools that are used here, by their folders or their programs. */
export async function hostsFound(context: Context, place: Place): Promise<HostName[]> {
  const found: HostName[] = [];
  for (const host of hostNames) {
    const { folders, programs } = marks[host];
    const tops = [place.project, ...(place.home === undefined ? [] : [place.home])];
    const isHere = folders.some((folder) => tops.some((top) => isThereBelow(top, folder)));
    const ran = await Promise.all(programs.map((name) => onPath(name, place.env, context.around.canRun)));
    if (isHere || ran.some((path) => path !== undefined)) found.push(host);
  }
  return found;
}

/** What keeps the tools that were set up here from working. */
export async function setupTrouble(context: Context): Promise<SetupCheck[]> {
  if (context.around.cwd() === undefined) return [];
  const looking = lookingOf(context, placeOf(context));
  // A waiter that was left out was left out on purpose.
  const wish = { ...(await plainWish()), wake: false };
  const found: SetupCheck[] = [];
  for (const host of await hostsSetUp(wish, looking)) found.push(...(await checkHost(host, wish, looking)));
  // Nobody need be at work for all to be well.
  return found.filter(({ part, ok }) => ok === false && part !== 'alive');
}
