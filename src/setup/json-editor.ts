import { isDeepStrictEqual } from 'node:util';
import { type Caller, hookCommand, isMcpCall, known, mcpArguments } from './commands.ts';
import type { Editor } from './editor.ts';
import { hookEntry, type HostName, moments, type Role } from './hosts.ts';
import { JsonText } from './json-text.ts';

type HookHost = Exclude<HostName, 'opencode'>;
type Fields = Readonly<Record<string, unknown>>;

interface Found {
  readonly path: readonly (string | number)[];
  readonly event: string;
  readonly role: Role;
  readonly command: string;
}

export interface JsonWish {
  readonly host: HostName;
  readonly caller: Caller;
  /** Those of its hooks that are wanted; none: its hooks are not in this file. */
  readonly roles?: ReadonlySet<Role> | undefined;
  readonly mcp?: boolean | undefined;
}

/** Of a file of a tool's settings: its hooks, its MCP servers, or both. */
export function jsonEditor(wish: JsonWish): Editor {
  const hookHost: HookHost | undefined = wish.roles && wish.host !== 'opencode' ? wish.host : undefined;
  const servers = wish.host === 'opencode' ? 'mcp' : 'mcpServers';
  const server = serverOf(wish.host, wish.caller);

  return {
    async add(text) {
      let json = await JsonText.read(orEmpty(text));
      check(json.value);
      const wanted = new Set(wish.roles);
      const found = foundIn(json.value);
      // A guard stays until it is uninstalled; only --no-wake takes a waiter away.
      if (found.some(({ role }) => role === 'guard')) wanted.add('guard');
      const kept = found.filter(
        ({ event, role }, i) =>
          wanted.has(role) &&
          eventsOf(role).includes(event) &&
          found.findIndex((one) => one.event === event && one.role === role) === i,
      );
      for (const one of found.filter((each) => !kept.includes(each)).toReversed()) json = await without(json, one);
      for (const { event, role, command } of kept) {
        const right = hookCommand(wish.host, role, wish.caller);
        const [now] = foundIn(json.value).filter((one) => one.event === event && one.role === role);
        if (now && command !== right) json = await json.replace([...now.path, 'command'], right);
      }
      const missing = all(
        (event, role) => wanted.has(role) && !kept.some((one) => one.event === event && one.role === role),
      );
      json = await withHooks(
        json,
        missing.map(({ event, role }) => ({ event, role, command: hookCommand(wish.host, role, wish.caller) })),
      );
      return wish.mcp ? (await withServer(json, server)).text : json.text;
    },
    async strip(text, before) {
      let json = await JsonText.read(text);
      const found = foundIn(json.value);
      const own = ownServer(json.value);
      if (found.length === 0 && own === undefined) return text;
      const was = await JsonText.read(orEmpty(before));
      if ((await rebuilt(was, found, own)) === text) return before;
      for (const one of found.toReversed()) json = await without(json, one, fieldsOf(was.value, 'hooks'));
      if (own === undefined) return json.text;
      json = await json.remove([servers, 'dreamos']);
      const isOurs = !Object.hasOwn(fieldsOf(was.value), servers);
      return (isOurs && isEmpty(fieldsOf(json.value, servers)) ? await json.remove([servers]) : json).text;
    },
    async has(text) {
      const { value } = await JsonText.read(orEmpty(text));
      return foundIn(value).length > 0 || ownServer(value) !== undefined;
    },
    async lacks(text) {
      const { value } = await JsonText.read(orEmpty(text));
      const found = foundIn(value);
      const missing = all((event, role) => {
        return (wish.roles?.has(role) ?? false) && !found.some((one) => one.event === event && one.role === role);
      });
      const { roles = new Set() } = wish;
      return [
        ...[...roles].flatMap((role) => {
          const events = missing.filter((one) => one.role === role).map(({ event }) => event);
          return events.length > 0 ? [`${what[role]} (${events.join(', ')})`] : [];
        }),
        ...(wish.mcp && ownServer(value) === undefined ? ['the MCP server'] : []),
        ...(hookHost && isSwitchedOff(value) ? ['its hooks are switched off in this file'] : []),
      ];
    },
    async remarks(text) {
      // A file that nobody can read may be anything: what is not in it at all needs no look.
      if (!text.includes('dreamos')) return [];
      const { value } = await JsonText.read(orEmpty(text));
      const others = hookHost ? commandsIn(value).filter(({ command }) => isAlike(command, wish.host)) : [];
      const foreign = wish.mcp && ownServer(value) === undefined && 'dreamos' in fieldsOf(value, servers);
      return [
        ...others.map(({ event }) => `A hook of ${event} runs dreamos in other words, and is left as it is.`),
        ...(foreign ? ['There is another MCP server called dreamos, which is left as it is.'] : []),
      ];
    },
    async snippet() {
      const hooks = all((_, role) => wish.roles?.has(role) ?? false).map(({ event, role }) => ({
        event,
        role,
        command: hookCommand(wish.host, role, wish.caller),
      }));
      const made = await withHooks(await JsonText.read('{}\n'), hooks);
      return (wish.mcp ? await withServer(made, server) : made).text;
    },
  };

  /** @throws Error where something else stands than a tool would read */
  function check(value: unknown): void {
    const need = (isRight: boolean, name: string, kind: string): void => {
      if (!isRight) throw new Error(`${name} is not ${kind}`);
    };
    need(isObject(value), 'what it holds', 'an object');
    for (const name of [...(hookHost ? ['hooks'] : []), ...(wish.mcp ? [servers] : [])])
      need(!Object.hasOwn(fieldsOf(value), name) || isObject(fieldsOf(value)[name]), `"${name}"`, 'an object');
    for (const { event } of all(() => true)) {
      const hooks = fieldsOf(value, 'hooks');
      need(!Object.hasOwn(hooks, event) || Array.isArray(hooks[event]), `"hooks.${event}"`, 'a list');
    }
  }

  function eventsOf(role: Role): readonly string[] {
    return hookHost ? moments[hookHost].events[role] : [];
  }

  /** In the order in which they are put in. */
  function all(which: (event: string, role: Role) => boolean): { event: string; role: Role }[] {
    return (['tell', 'wait', 'guard'] as const).flatMap((role) =>
      eventsOf(role).flatMap((event) => (which(event, role) ? [{ event, role }] : [])),
    );
  }

  function commandsIn(value: unknown): { path: (string | number)[]; event: string; command: unknown }[] {
    return Object.entries(fieldsOf(value, 'hooks')).flatMap(([event, groups]) =>
      (Array.isArray(groups) ? groups : []).flatMap((group: unknown, i) => {
        if (hookHost === 'cursor') return [{ path: ['hooks', event, i], event, command: fieldsOf(group)['command'] }];
        const inner = fieldsOf(group)['hooks'];
        return (Array.isArray(inner) ? inner : []).map((one: unknown, j) => {
          return { path: ['hooks', event, i, 'hooks', j], event, command: fieldsOf(one)['command'] };
        });
      }),
    );
  }

  function foundIn(value: unknown): Found[] {
    if (!hookHost) return [];
    return commandsIn(value).flatMap(({ path, event, command }) => {
      const role = known(command, wish.host)?.role;
      return role === undefined ? [] : [{ path, event, role, command: command as string }];
    });
  }

  function ownServer(value: unknown): unknown {
    if (!wish.mcp) return undefined;
    const there = fieldsOf(value, servers)['dreamos'];
    const { command, args } = fieldsOf(there);
    const [program, ...rest] = Array.isArray(command) ? (command as unknown[]) : [command, ...listOf(args)];
    if (!isMcpCall(program, rest)) return undefined;
    // Whatever else was added to it, such as an environment, somebody has added.
    const like = fieldsOf(serverOf(wish.host, wish.caller));
    return isDeepStrictEqual(Object.keys(fieldsOf(there)).sort(), Object.keys(like).sort()) ? there : undefined;
  }

  async function withHooks(json: JsonText, hooks: readonly Omit<Found, 'path'>[]): Promise<JsonText> {
    let now = json;
    if (hookHost === undefined) return now;
    if (hookHost === 'cursor' && hooks.length > 0 && !Object.hasOwn(fieldsOf(now.value), 'version'))
      now = await now.add([], 'version', 1);
    for (const { event, role, command } of hooks)
      now = await now.add(['hooks', event], undefined, hookEntry(hookHost, event, role, command));
    return now;
  }

  async function withServer(json: JsonText, value: unknown): Promise<JsonText> {
    const there = fieldsOf(json.value, servers)['dreamos'];
    if (there === undefined) return json.add([servers], 'dreamos', value);
    const own = ownServer(json.value);
    return own === undefined || isDeepStrictEqual(own, value) ? json : json.replace([servers, 'dreamos'], value);
  }

  /** What `was` had become, if nobody but `setup` had changed it. */
  async function rebuilt(was: JsonText, found: readonly Found[], own: unknown): Promise<string | undefined> {
    if (foundIn(was.value).length > 0 || ownServer(was.value) !== undefined) return undefined;
    const inOrder = all(() => true).flatMap(({ event, role }) =>
      found.filter((one) => one.event === event && one.role === role),
    );
    const json = await withHooks(was, inOrder);
    return (own === undefined ? json : await withServer(json, own)).text;
  }

  /** Without one hook, and what is empty then; what was there before, in `before`, stays. */
  async function without(json: JsonText, { path }: Found, before: Fields = {}): Promise<JsonText> {
    const [, event = '', group = 0] = path;
    let now = await json.remove(path);
    const groups = (): unknown[] => listOf(fieldsOf(now.value, 'hooks')[event]);
    const left = groups()[group as number];
    if (hookHost !== 'cursor' && listOf(fieldsOf(left)['hooks']).length === 0)
      now = await now.remove(['hooks', event, group]);
    if (groups().length === 0 && !Object.hasOwn(before, event)) now = await now.remove(['hooks', event]);
    if (isEmpty(fieldsOf(now.value, 'hooks')) && isEmpty(before)) now = await now.remove(['hooks']);
    return now;
  }
}

const what: Readonly<Record<Role, string>> = {
  tell: 'hooks that tell of mail',
  wait: 'hooks that wake it',
  guard: 'the hook before edits',
};

function serverOf(host: HostName, caller: Caller): object {
  const args = mcpArguments(caller);
  if (host === 'opencode') return { type: 'local', command: [caller.program, ...args], enabled: true };
  return { command: caller.program, args };
}

const isAlike = (command: unknown, host: HostName): boolean =>
  typeof command === 'string' && /\bdreamos'? hook\b/.test(command) && !known(command, host);

const isSwitchedOff = (value: unknown): boolean =>
  fieldsOf(value)['disableAllHooks'] === true || fieldsOf(value, 'hooksConfig')['enabled'] === false;

/** An empty file is one that somebody has begun. */
const orEmpty = (text: string | undefined): string => (text === undefined || text.trim() === '' ? '{}\n' : text);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fieldsOf(value: unknown, name?: string): Fields {
  const fields = isObject(value) ? value : {};
  return name === undefined ? fields : fieldsOf(Object.hasOwn(fields, name) ? fields[name] : undefined);
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isEmpty = (fields: Fields): boolean => Object.keys(fields).length === 0;
