/** What `setup` writes for whom: each file once, with what is to be in it. */
import { join } from 'node:path';
import { isThere } from '../storage/file/disk/foreign/host-files.ts';
import type { Caller } from './commands.ts';
import type { Editor } from './editor.ts';
import { filesOf, type HostName, type Place, type Role, type Scope } from './hosts.ts';
import { jsonEditor } from './json-editor.ts';
import { pluginText, wishesIn } from './plugin.ts';
import { skillText } from './skill.ts';
import { instructionsEditor, isSigned, signedEditor, tomlEditor } from './text-editors.ts';

type Part = 'hooks' | 'mcp' | 'skill' | 'instructions' | 'git';

export interface Wish {
  readonly hosts: readonly HostName[];
  readonly scope: Scope;
  /** Who a tool runs, and as whom. */
  readonly callerFor: (host: HostName) => Caller;
  readonly wake: boolean;
  readonly guard: boolean;
  readonly mcp: boolean;
  readonly instructions: boolean;
  /** What `dreamos help agent` prints. */
  readonly page: string;
}

export interface Target {
  readonly path: string;
  readonly hosts: HostName[];
  readonly parts: readonly Part[];
  readonly editor: Editor;
  /** The project that it may not lead out of, by a link; `undefined`: in one's own home links lead where one has put them. */
  readonly within?: string | undefined;
}

export function targetsOf(wish: Wish, place: Place): Target[] {
  const targets: Target[] = [];
  const within = wish.scope === 'user' ? undefined : place.project;
  const add = (host: HostName, path: string, parts: readonly Part[], editor: Editor): void => {
    const known = targets.find((one) => one.path === path);
    if (known) known.hosts.push(host);
    else targets.push({ path, hosts: [host], parts, editor, within });
  };
  for (const host of wish.hosts) {
    const files = filesOf(host, wish.scope, place);
    if (!files) continue;
    const mcpPath = host === 'opencode' ? jsonOrJsonc(files.mcp) : files.mcp;
    const caller = wish.callerFor(host);
    const isOne = files.hooks === mcpPath;
    if (host === 'opencode') add(host, files.hooks, ['hooks'], pluginEditor(wish, caller));
    else {
      const parts: Part[] = isOne && wish.mcp ? ['hooks', 'mcp'] : ['hooks'];
      add(host, files.hooks, parts, jsonEditor({ host, caller, roles: rolesOf(wish), mcp: isOne && wish.mcp }));
    }
    if (wish.mcp && !isOne)
      add(host, mcpPath, ['mcp'], host === 'codex' ? tomlEditor(caller) : jsonEditor({ host, caller, mcp: true }));
    add(host, files.skill, ['skill'], signedEditor(skillText(wish.page)));
    if (wish.instructions && files.instructions !== undefined)
      add(host, files.instructions, ['instructions'], instructionsEditor());
  }
  return targets;
}

function rolesOf({ wake, guard }: Pick<Wish, 'wake' | 'guard'>): ReadonlySet<Role> {
  return new Set<Role>(['tell', ...(wake ? (['wait'] as const) : []), ...(guard ? (['guard'] as const) : [])]);
}

function pluginEditor({ wake, guard }: Wish, caller: Caller): Editor {
  const editor = (there = ''): Editor => {
    const isGuarded = guard || (isSigned(there) && wishesIn(there).guard);
    return signedEditor(pluginText(caller, { wake, guard: isGuarded }));
  };
  return {
    ...editor(),
    add: async (text) => editor(text).add(text),
    async lacks(text) {
      if (!isSigned(text)) return [];
      const has = wishesIn(text);
      return [
        ...(wake && !has.wake ? ['what wakes it'] : []),
        ...(guard && !has.guard ? ['the hook before edits'] : []),
      ];
    },
  };
}

/** OpenCode reads either. */
function jsonOrJsonc(path: string): string {
  return !isThere(path) && isThere(`${path}c`) ? `${path}c` : path;
}

/** Where a project begins, seen from a folder in it: where its root or its repository is, whichever is nearer; else there. */
export function projectOf(cwd: string): string {
  for (let dir = cwd; ;) {
    if (isThere(join(dir, '.git')) || isThere(join(dir, 'runtime', 'agent_comms'))) return dir;
    const above = join(dir, '..');
    if (above === dir) return cwd;
    dir = above;
  }
}

export function isThereBelow(top: string, folder: string): boolean {
  return isThere(join(top, folder));
}
