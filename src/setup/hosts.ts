/** The tools that run agents: what files of theirs `setup` writes, and where. What is said of each stands in `help hosts`. */
import { join } from 'node:path';

export const hostNames = ['claude', 'codex', 'gemini', 'cursor', 'opencode'] as const;
export type HostName = (typeof hostNames)[number];

/** What a hook is for: to tell of mail, to wait for it, to ask before files are changed. */
export type Role = 'tell' | 'wait' | 'guard';

export const scopes = ['local', 'project', 'user'] as const;
/** Whose sessions: one's own in this project, everybody's in it, or one's own everywhere. */
export type Scope = (typeof scopes)[number];

export interface Place {
  /** The top of the project. */
  readonly project: string;
  /** `undefined`: the environment names none. */
  readonly home: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

export interface HostFiles {
  /** Where its hooks are; OpenCode's is a plugin, which is a file of ours. */
  readonly hooks: string;
  readonly mcp: string;
  readonly skill: string;
  /** What it reads before each session. */
  readonly instructions?: string;
}

const skill = join('skills', 'dreamos', 'SKILL.md');

/** @returns `undefined`: it has no such files without a home */
export function filesOf(host: HostName, scope: Scope, { project, home, env }: Place): HostFiles | undefined {
  if (scope !== 'user') return inProject[host]((...parts) => join(project, ...parts), scope);
  return home === undefined ? undefined : inHome[host](home, (name, ...parts) => env[name] || join(home, ...parts));
}

const shared = (at: (...parts: string[]) => string) => ({ skill: at('.agents', skill), instructions: at('AGENTS.md') });

/** Below the top of a project. Only Claude Code tells what is one's own there from what is everybody's. */
const inProject: Readonly<Record<HostName, (at: (...parts: string[]) => string, scope: Scope) => HostFiles>> = {
  claude: (at, scope) => ({
    hooks: at('.claude', scope === 'local' ? 'settings.local.json' : 'settings.json'),
    mcp: at('.mcp.json'),
    skill: at('.claude', skill),
    instructions: at('CLAUDE.md'),
  }),
  codex: (at) => ({ ...shared(at), hooks: at('.codex', 'hooks.json'), mcp: at('.codex', 'config.toml') }),
  gemini: (at) => {
    const settings = at('.gemini', 'settings.json');
    return { ...shared(at), hooks: settings, mcp: settings, instructions: at('GEMINI.md') };
  },
  cursor: (at) => ({ ...shared(at), hooks: at('.cursor', 'hooks.json'), mcp: at('.cursor', 'mcp.json') }),
  opencode: (at) => ({ ...shared(at), hooks: at('.opencode', 'plugins', 'dreamos.js'), mcp: at('opencode.json') }),
};

/** Below a home, or where the environment has moved it. Cursor reads no instructions there. */
const inHome: Readonly<
  Record<HostName, (home: string, own: (variable: string, ...parts: string[]) => string) => HostFiles>
> = {
  claude: (_, own) => {
    const dir = own('CLAUDE_CONFIG_DIR', '.claude');
    return {
      hooks: join(dir, 'settings.json'),
      mcp: join(own('CLAUDE_CONFIG_DIR'), '.claude.json'),
      skill: join(dir, skill),
      instructions: join(dir, 'CLAUDE.md'),
    };
  },
  codex: (home, own) => {
    const dir = own('CODEX_HOME', '.codex');
    return {
      hooks: join(dir, 'hooks.json'),
      mcp: join(dir, 'config.toml'),
      skill: join(home, '.agents', skill),
      instructions: join(dir, 'AGENTS.md'),
    };
  },
  gemini: (home, own) => {
    const dir = join(own('GEMINI_CLI_HOME'), '.gemini');
    const settings = join(dir, 'settings.json');
    const more = { skill: join(home, '.agents', skill), instructions: join(dir, 'GEMINI.md') };
    return { ...more, hooks: settings, mcp: settings };
  },
  cursor: (home) => ({
    hooks: join(home, '.cursor', 'hooks.json'),
    mcp: join(home, '.cursor', 'mcp.json'),
    skill: join(home, '.agents', skill),
  }),
  opencode: (home, own) => {
    const dir = join(own('XDG_CONFIG_HOME', '.config'), 'opencode');
    return {
      hooks: join(dir, 'plugins', 'dreamos.js'),
      mcp: join(dir, 'opencode.json'),
      skill: join(home, '.agents', skill),
      instructions: join(dir, 'AGENTS.md'),
    };
  },
};

/** By what one sees that a tool is used here: its folders, below the project and below the home; its programs. */
export const marks: Readonly<Record<HostName, { folders: readonly string[]; programs: readonly string[] }>> = {
  claude: { folders: ['.claude'], programs: ['claude'] },
  codex: { folders: ['.codex'], programs: ['codex'] },
  gemini: { folders: ['.gemini'], programs: ['gemini'] },
  cursor: { folders: ['.cursor'], programs: ['cursor-agent', 'cursor'] },
  opencode: { folders: ['.opencode', join('.config', 'opencode')], programs: ['opencode'] },
};

interface Moments {
  /** `wait`: where a session comes to rest; none: it cannot be woken. */
  readonly events: Readonly<Record<Role, readonly string[]>>;
  /** Which of its tools change files. */
  readonly edits?: string;
  /** Of what an event tells, what its hook is run for; else all. */
  readonly only?: Readonly<Record<string, string>>;
}

/** The events of those whose hooks are JSON. Cursor's event before edits was never seen to work, so it has none here. */
export const moments: Readonly<Record<Exclude<HostName, 'opencode'>, Moments>> = {
  claude: {
    events: {
      tell: ['SessionStart', 'UserPromptSubmit', 'PostToolBatch', 'Stop', 'SessionEnd'],
      wait: ['SessionStart', 'Stop'],
      guard: ['PreToolUse'],
    },
    edits: 'Edit|Write|MultiEdit|NotebookEdit',
  },
  codex: {
    events: {
      tell: ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop', 'SessionEnd'],
      wait: ['SessionStart', 'Stop'],
      guard: ['PreToolUse'],
    },
    edits: 'apply_patch',
  },
  gemini: {
    events: {
      tell: ['SessionStart', 'BeforeAgent', 'BeforeTool', 'AfterTool', 'AfterAgent', 'PreCompress', 'SessionEnd'],
      wait: [],
      guard: ['BeforeTool'],
    },
    edits: 'write_file|replace',
    // Of the other compressions it tells at every turn.
    only: { BeforeTool: 'invoke_agent', PreCompress: 'manual' },
  },
  cursor: { events: { tell: ['sessionStart', 'postToolUse', 'stop', 'sessionEnd'], wait: [], guard: [] } },
};

/** What stands in the list of an event, in the tool's own words and units. */
export function hookEntry(host: Exclude<HostName, 'opencode'>, event: string, role: Role, command: string): object {
  if (host === 'cursor') return { command, ...(event === 'stop' && { loop_limit: 3 }) };
  const { edits, only = {} } = moments[host];
  const matcher = role === 'guard' ? edits : only[event];
  return { ...(matcher !== undefined && { matcher }), hooks: [oneHook(host, event, role, command)] };
}

function oneHook(host: HostName, event: string, role: Role, command: string): object {
  if (host === 'gemini') return { name: 'dreamos', type: 'command', command, timeout: 5000 };
  if (role === 'wait' && host === 'claude') return { type: 'command', command, asyncRewake: true, timeout: 86_400 };
  return { type: 'command', command, timeout: event === 'SessionEnd' ? atEndSeconds[host] : 5 };
}

/** Claude Code gives all its hooks 1.5 s when it ends; Codex warns its user of more than 3. */
const atEndSeconds = { claude: 1, codex: 3, gemini: 5, cursor: 5, opencode: 5 };
