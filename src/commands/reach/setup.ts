import { join, relative } from 'node:path';
import type { Context } from '../../cli/context.ts';
import { gitHooksOf } from '../../cli/handler/git.ts';
import { harmless } from '../../cli/harmless.ts';
import { oneOf } from '../../cli/input/parse.ts';
import { hostsFound, hostsSetUp, lookingOf, placeOf, plainWish } from '../../cli/tools/surveyed.ts';
import type { SetupChange, SetupCheck } from '../../contract/reach.ts';
import { resolveFormer } from '../../core/agents/agents.ts';
import { checkName } from '../../core/root/names.ts';
import { setUpFile, takeDownFile } from '../../setup/apply.ts';
import { callerNow, checkHost, onPath, scopeOf } from '../../setup/check.ts';
import type { Caller } from '../../setup/commands.ts';
import { refused } from '../../setup/editor.ts';
import { byHand, hasGitHook, setUpGit, takeDownGit } from '../../setup/git.ts';
import { filesOf, type HostName, hostNames, type Place, type Scope, scopes } from '../../setup/hosts.ts';
import { targetsOf, type Wish } from '../../setup/targets.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

export interface SetupOptions {
  readonly scope?: string;
  readonly mcp?: boolean;
  readonly guard?: boolean;
  readonly instructions?: boolean;
  readonly wake?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly uninstall?: boolean;
}

export async function setupCommand(context: Context, named: readonly string[], options: SetupOptions): Promise<void> {
  const names = [...new Set(named.map((name) => oneOf(name, hostNames, 'tool')))];
  const scope = options.scope === undefined ? undefined : oneOf(options.scope, scopes, 'scope');
  if (options.check && options.uninstall)
    throw usage('--check and --uninstall are two things.', 'dreamos setup --check');
  const place = placeOf(context);
  if (scope === 'user' && place.home === undefined)
    throw usage(
      '--scope user needs to know your home, and HOME is not set.',
      'HOME=<folder> dreamos setup --scope user',
    );
  const { mcp = false, guard = false, instructions = false, wake = true } = options;
  const wish: Wish = { ...(await plainWish()), hosts: names, scope: scope ?? 'local', wake, guard, mcp, instructions };
  const run: Run = { context, place, wish, named: names.length > 0, scope };
  if (options.check) return check(run);
  if (options.uninstall) return uninstall(run, options.dryRun ?? false);
  return install(run, options.dryRun ?? false);
}

interface Run {
  readonly context: Context;
  readonly place: Place;
  readonly wish: Wish;
  readonly named: boolean;
  /** As it was typed. */
  readonly scope: Scope | undefined;
}

async function install({ context, place, wish, named }: Run, dryRun: boolean): Promise<void> {
  const { output } = context;
  const hosts = named ? wish.hosts : await hostsFound(context, place);
  if (hosts.length === 0 && !wish.guard)
    throw usage(
      `Neither ${place.project} nor your home shows which tool you use: ${hostNames.join(', ')}.`,
      'Name it: dreamos setup claude',
    );
  if (!named && hosts.length > 0) await output.note(`Found: ${hosts.join(', ')}.`);
  const caller = await callerOf(context, place);
  // Who runs it again without a name means the same one.
  const callerFor = (host: HostName): Caller => {
    const { as, root } = callerNow(host, wish.scope, place) ?? {};
    return { program: caller.program, as: caller.as ?? as, root: caller.root ?? root };
  };
  const unnamed = hosts.some((host) => callerFor(host).as === undefined);
  const changes: SetupChange[] = [];
  const tell = async (change: SetupChange): Promise<void> => {
    changes.push(change);
    await tellChange(context, place, change);
  };
  await context.each(targetsOf({ ...wish, hosts, callerFor }, place), async (target) => {
    const change = await setUpFile(target, { dryRun });
    await tell(change);
    if (change.why !== undefined)
      throw refused(change.path, change.why, 'Put in by hand what is printed, or mend the file and run it again.');
  });
  if (wish.guard) {
    if (hosts.includes('cursor')) await output.note('Cursor: no hook before edits; git alone guards there.');
    const hooks = await gitHooksOf(place.project);
    if (hooks === undefined) await output.note(`${place.project} is no repository of git: no pre-commit.`);
    else
      await context.each([hooks], async ({ folder, isOwn }) => {
        if (!isOwn) throw refused(folder, 'core.hooksPath gives it to all your repositories', byHand);
        await tell(await setUpGit(folder, callerFor(hosts[0] ?? 'claude'), { dryRun }));
      });
  }
  if (context.failed || context.signal.aborted) return;
  if (changes.every(({ change }) => change === 'none')) return output.note('Nothing to do: all of it is there.');
  if (dryRun) return output.note('Nothing was written: --dry-run.');
  await output.note(next(hosts, unnamed).join('\n'));
}

async function uninstall({ context, place, wish, named, scope }: Run, dryRun: boolean): Promise<void> {
  const hosts = named ? wish.hosts : hostNames;
  const all = { ...wish, hosts, mcp: true, guard: true, instructions: true };
  const scopesMeant: readonly Scope[] = scope === undefined ? ['local', 'project'] : [scope];
  const others = hostNames.filter((host) => !hosts.includes(host));
  const changes: SetupChange[] = [];
  for (const each of scopesMeant) {
    const inUse = await filesInUse(others, each, { context, place, wish, named, scope });
    await context.each(targetsOf({ ...all, scope: each }, place), async (target) => {
      if (inUse.has(target.path) || changes.some(({ path, change }) => path === target.path && change !== 'none'))
        return;
      const top = each === 'user' ? (place.home ?? place.project) : place.project;
      const change = await takeDownFile(target, top, { dryRun });
      if (change.change === 'none') return;
      changes.push(change);
      await tellChange(context, place, change);
    });
  }
  const hooks = named ? undefined : await gitHooksOf(place.project);
  if (hooks?.isOwn)
    await context.each([hooks.folder], async (one) => {
      const change = await takeDownGit(one, { dryRun });
      if (change.change === 'none') return;
      changes.push(change);
      await tellChange(context, place, change);
    });
  if (context.failed || context.signal.aborted) return;
  if (changes.length > 0) return dryRun ? context.output.note('Nothing was written: --dry-run.') : undefined;
  const where = scope === 'user' ? 'in your home' : `in ${place.project}; in your home: --scope user`;
  return context.output.note(`Nothing to do: there is nothing of dreamos ${where}`);
}

/** What is shared with a tool that stays. */
async function filesInUse(hosts: readonly HostName[], scope: Scope, run: Run): Promise<Set<string>> {
  const used = new Set<string>();
  for (const host of hosts) {
    if ((await scopeOf(host, run.wish, lookingOf(run.context, run.place, [scope]))) === undefined) continue;
    const { skill, instructions } = filesOf(host, scope, run.place) ?? {};
    for (const path of [skill, instructions]) if (path !== undefined) used.add(path);
  }
  return used;
}

async function check(run: Run): Promise<void> {
  const { context, place, wish, named } = run;
  const looking = lookingOf(context, place, run.scope === undefined ? scopes : [run.scope]);
  let hosts = wish.hosts;
  if (!named) {
    hosts = await hostsSetUp(wish, looking);
    if (hosts.length === 0) hosts = await hostsFound(context, place);
  }
  let missing = 0;
  const tell = async (found: SetupCheck): Promise<void> => {
    if (found.ok === false) missing++;
    await context.output.item(found, () => checkText(found));
  };
  for (const host of hosts) for (const found of await checkHost(host, wish, looking)) await tell(found);
  if (wish.guard) {
    const hooks = await gitHooksOf(place.project);
    const ok = hooks !== undefined && hooks.isOwn && hasGitHook(hooks.folder);
    const message = ok ? `${hooks.folder} has its pre-commit.` : 'git has no pre-commit of dreamos.';
    await tell({ host: null, part: 'git', ok, message, ...(!ok && { hint: 'dreamos setup --guard' }) });
  }
  if (missing === 0 && hosts.length > 0) return;
  const what =
    hosts.length === 0 ? 'No tool is set up' : `${missing} of what is needed ${missing === 1 ? 'is' : 'are'} missing`;
  throw new DreamosError('nothing', 'SETUP_INCOMPLETE', `${what}.`, { hint: 'dreamos setup' });
}

/** Whom the hooks run, and as whom. @throws NAME_INVALID, AGENT_NOT_FOUND */
async function callerOf(context: Context, place: Place): Promise<Caller> {
  const as = context.options.as ?? (place.env['DREAMOS_AGENT'] || undefined);
  if (as !== undefined) checkName(as);
  const root = context.options.root === undefined ? undefined : (await context.session()).path;
  // Without a root nobody can be known; there may be one where the tool will run.
  const session = as === undefined ? undefined : await context.session().catch(() => undefined);
  if (as !== undefined && session) await resolveFormer(session, as);
  return { program: await programOf(context, place), as, root };
}

/** Its name, where the tools will find it: npm puts folders on PATH that are there only while it runs something. */
async function programOf(context: Context, { env }: Place): Promise<string> {
  const { canRun, program } = context.around;
  const isNpms = (path: string): boolean => path.includes('/node_modules/.bin/');
  if ((await onPath('dreamos', env, canRun, isNpms)) !== undefined) return 'dreamos';
  const local = await onPath('dreamos', env, canRun, (path) => path.includes('/_npx/'));
  const path = local ?? program();
  await context.output.note(
    path.includes('/_npx/')
      ? `The hooks run ${harmless(path)}, which npm may remove. To keep it: npm install -g dreamos; then dreamos setup again`
      : `dreamos is not on PATH; the hooks run ${harmless(path)}`,
  );
  return path;
}

async function tellChange(context: Context, place: Place, change: SetupChange): Promise<void> {
  const { path, hosts, parts, diff, snippet, backup, remarks } = change;
  const of = hosts.length > 0 ? `  ${parts.join(', ')} of ${hosts.join(', ')}` : '  a pre-commit of git';
  const text = `${said[change.change].padEnd(10)}${harmless(shortOf(path, place))}${of}`;
  await context.output.item(change, () =>
    (diff ?? (snippet === undefined ? text : `${text}\n${harmless(snippet, 'block')}`)).trimEnd(),
  );
  if (backup !== undefined) await context.output.note(`  as it was before: ${harmless(shortOf(backup, place))}`);
  for (const remark of remarks) await context.output.note(`  ${remark}`);
}

const said: Readonly<Record<SetupChange['change'], string>> = {
  made: 'made',
  changed: 'changed',
  removed: 'removed',
  restored: 'restored',
  none: 'as it was',
  refused: 'refused',
};

function shortOf(path: string, { project, home }: Place): string {
  const inside = relative(project, path);
  if (!inside.startsWith('..')) return inside;
  const below = home === undefined ? '..' : relative(home, path);
  return below.startsWith('..') ? path : join('~', below);
}

function next(hosts: readonly HostName[], unnamed: boolean): string[] {
  const lines = [
    ...(hosts.includes('codex') ? ['Codex asks at its next start whether to trust these hooks: choose "Trust".'] : []),
    ...(hosts.includes('gemini') ? ['Gemini CLI warns once of new hooks in a project.'] : []),
    ...(hosts.includes('cursor') ? ['What is written for Cursor was never tried against Cursor itself.'] : []),
  ];
  if (unnamed) lines.push('No agent is named: say in each session whose it is, dreamos hook bind <agent>');
  return [
    'Sessions that are running may have to be started again.',
    ...lines,
    'To see whether all works: dreamos setup --check',
  ];
}

function checkText({ host, part, ok, message, hint }: SetupCheck): string {
  const mark = ok === null ? '?' : ok ? 'ok' : 'missing';
  const line = `${mark.padEnd(9)}${(host ?? 'git').padEnd(10)}${part.padEnd(14)}${harmless(message)}`;
  return hint === undefined ? line : `${line}\n${' '.repeat(9)}Next: ${harmless(hint)}`;
}
