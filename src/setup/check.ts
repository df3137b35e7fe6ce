/** Whether what `setup` has written is there and can work. It reads, and changes nothing. */
import { isAbsolute, join } from 'node:path';
import type { SetupCheck } from '../contract/reach.ts';
import { isThere, readHostFile } from '../storage/file/disk/foreign/host-files.ts';
import { type Caller, known } from './commands.ts';
import { filesOf, type HostName, type Place, type Scope } from './hosts.ts';
import { isSigned } from './text-editors.ts';
import { hooksTrust } from './trust.ts';
import { type Target, targetsOf, type Wish } from './targets.ts';

export interface Looking {
  readonly place: Place;
  /** Of these first, where something of ours is. */
  readonly scopes: readonly Scope[];
  /** Whether there is a file that may be started as a program. */
  readonly canRun: (path: string) => Promise<boolean>;
  /** How many sessions of a tool are there now; `undefined`: it cannot be known. */
  readonly sessions: (host: HostName) => Promise<number | undefined>;
}

type WishFor = Omit<Wish, 'hosts' | 'scope'>;

/** Where a tool has hooks of ours; `undefined`: nowhere. */
export async function scopeOf(
  host: HostName,
  wish: WishFor,
  { place, scopes: all }: Looking,
): Promise<Scope | undefined> {
  for (const scope of all) {
    const [target] = targetsOf({ ...wish, hosts: [host], scope }, place);
    const text = target && textAt(target.path);
    if (text?.includes('dreamos') && (await target?.editor.has(text).catch(() => false))) return scope;
  }
  return undefined;
}

export async function checkHost(host: HostName, wish: WishFor, looking: Looking): Promise<SetupCheck[]> {
  const scope = await scopeOf(host, wish, looking);
  const again = `dreamos setup ${host}${scope === undefined || scope === 'local' ? '' : ` --scope ${scope}`}`;
  if (scope === undefined) {
    const [first = 'local'] = looking.scopes;
    const broken = filesOf(host, first, looking.place)?.hooks;
    const why =
      broken !== undefined && isThere(broken) ? `${broken} has no hooks of dreamos` : 'It has no hooks of dreamos';
    return [{ host, part: 'hooks', ok: false, message: `${why}.`, hint: `dreamos setup ${host}` }];
  }
  const targets = targetsOf({ ...wish, hosts: [host], scope }, looking.place);
  const found: SetupCheck[] = [];
  for (const target of targets) found.push(await checkTarget(host, target, again));
  const hooks = targets.find(({ parts }) => parts.includes('hooks'));
  const text = (hooks && textAt(hooks.path)) ?? '';
  if (hooks) found.push(await checkProgram(host, callerIn(host, text)?.program ?? 'dreamos', looking, again));
  if (host === 'codex' && hooks) found.push(hooksTrust(hooks.path, text, scope, looking.place, textAt));
  const alive = await looking.sessions(host);
  if (alive === undefined) return found;
  const message =
    alive === 0
      ? 'No session has told of itself yet, or all have ended.'
      : `${alive} ${alive === 1 ? 'session is' : 'sessions are'} there.`;
  const next = `Start ${host} in this folder, say something to it, and look again.`;
  return [...found, { host, part: 'alive', ok: alive > 0, message, ...(alive === 0 && { hint: next }) }];
}

async function checkTarget(host: HostName, { path, parts, editor }: Target, again: string): Promise<SetupCheck> {
  const [part = 'hooks'] = parts;
  const flags = `${parts.includes('mcp') ? ' --mcp' : ''}${parts.includes('instructions') ? ' --instructions' : ''}`;
  const hint = `${again}${flags}`;
  try {
    const text = textAt(path);
    if (text === undefined) return { host, part, ok: false, message: `${path} is not there.`, hint };
    const lacks = await editor.lacks(text);
    if (lacks.length === 0) return { host, part, ok: true, message: `${path} has what it needs.` };
    const guard = lacks.some((one) => one.includes('before edits')) ? ' --guard' : '';
    return { host, part, ok: false, message: `${path} lacks: ${lacks.join('; ')}.`, hint: `${hint}${guard}` };
  } catch (error) {
    return { host, part, ok: false, message: `${path} cannot be read: ${(error as Error).message}.`, hint };
  }
}

async function checkProgram(host: HostName, program: string, looking: Looking, again: string): Promise<SetupCheck> {
  const at = isAbsolute(program)
    ? (await looking.canRun(program))
      ? program
      : undefined
    : await onPath(program, looking.place.env, looking.canRun);
  if (at !== undefined) return { host, part: 'program', ok: true, message: `Its hooks run ${at}.` };
  const message = isAbsolute(program)
    ? `Its hooks run ${program}, which is not there.`
    : `Its hooks run ${program}, which is not on PATH.`;
  return { host, part: 'program', ok: false, message, hint: isAbsolute(program) ? again : 'npm install -g dreamos' };
}

/** Where PATH has a program. @param passes passes one over */
export async function onPath(
  program: string,
  env: NodeJS.ProcessEnv,
  canRun: (path: string) => Promise<boolean>,
  passes: (path: string) => boolean = () => false,
): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(':').filter((dir) => isAbsolute(dir))) {
    const path = join(folder, program);
    if (!passes(path) && (await canRun(path))) return path;
  }
  return undefined;
}

/** Whom the hooks of a tool run now, as a file of them says; `undefined`: it has none of ours. */
function callerIn(host: HostName, text: string): Caller | undefined {
  if (host === 'opencode') {
    if (!isSigned(text)) return undefined;
    const constant = (name: string): unknown =>
      JSON.parse(new RegExp(`^const ${name} = (.*);$`, 'm').exec(text)?.[1] ?? 'null');
    const words = constant('words') as string[];
    const behind = (flag: string): string | undefined => words[words.indexOf(flag) + 1];
    const has = (flag: string): boolean => words.includes(flag);
    return {
      program: String(constant('program')),
      as: has('--as') ? behind('--as') : undefined,
      root: has('--root') ? behind('--root') : undefined,
    };
  }
  for (const [, line = ''] of text.matchAll(/"command"\s*:\s*("(?:[^"\\]|\\.)*")/g)) {
    const caller = known(JSON.parse(line), host)?.caller;
    if (caller) return caller;
  }
  return undefined;
}

/** The same, of where they would be written. */
export function callerNow(host: HostName, scope: Scope, place: Place): Caller | undefined {
  const path = filesOf(host, scope, place)?.hooks;
  const text = path === undefined ? undefined : textAt(path);
  return text === undefined ? undefined : callerIn(host, text);
}

function textAt(path: string): string | undefined {
  return readHostFile(path)?.bytes.toString();
}
