import { type Agent, openWith, submit, versionOf } from './host.ts';
import { binary, hooksFor, inShell } from './settings.ts';

const key = 'sk-ant-mock-0000000000000000000000000000000000000000';

export const claude: Agent = {
  name: 'claude',
  version: (world) => versionOf(world, binary('claude')),
  open: (world) => openWith(world, binary('claude'), claude.env(world), claude.ready),
  submit,
  once: (prompt) => `${binary('claude')} -p ${inShell(prompt)}`,
  env: ({ mock }) => ({
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${mock.port}`,
    ANTHROPIC_API_KEY: key,
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CI: '',
  }),
  setUp(world, as) {
    const { tell, wait } = hooksFor('claude', as);
    const one = { type: 'command', command: tell, timeout: 5 };
    const waiter = { type: 'command', command: wait, asyncRewake: true, timeout: 86_400 };
    world.write('project/.claude/settings.local.json', {
      permissions: {
        defaultMode: 'default',
        allow: ['Bash(sleep:*)', 'Bash(echo:*)', 'Bash(dreamos:*)', 'Write', 'Edit', 'Agent', 'Task'],
      },
      hooks: {
        SessionStart: [{ hooks: [one, waiter] }],
        UserPromptSubmit: [{ hooks: [one] }],
        PostToolBatch: [{ hooks: [one] }],
        Stop: [{ hooks: [one, waiter] }],
        SessionEnd: [{ hooks: [{ ...one, timeout: 1 }] }],
        PreToolUse: [{ matcher: 'Edit|Write|MultiEdit|NotebookEdit', hooks: [one] }],
        // What is not asked for: what comes with it is recorded all the same.
        ...(world.recording !== undefined && {
          PreCompact: [{ hooks: [one] }],
          SubagentStop: [{ hooks: [one] }],
          Notification: [{ hooks: [one] }],
          PostToolUse: [{ hooks: [one] }],
        }),
      },
    });
    world.write('home/.claude.json', {
      hasCompletedOnboarding: true,
      theme: 'dark',
      customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
      projects: { [world.project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    });
  },
  ready: /^\s*[❯>]/m,
  dialog: /Do you want to proceed|Esc to cancel/,
  wakes: true,
  edit: 'CALL<<Write {"file_path":"a.txt","content":"x"}>>',
  clear: '/clear',
  compact: '/compact',
  compacted: 'SessionStart',
  quit: '/exit',
};
