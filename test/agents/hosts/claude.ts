import { type Agent, openWith, submit, versionOf } from './host.ts';
import { alsoAt, binary, inShell } from './settings.ts';

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
  setUp(world) {
    world.write('project/.claude/settings.local.json', {
      permissions: {
        defaultMode: 'default',
        allow: ['Bash(sleep:*)', 'Bash(echo:*)', 'Bash(dreamos:*)', 'Write', 'Edit', 'Agent', 'Task'],
      },
      hooks: alsoAt(world, 'claude', ['PreCompact', 'SubagentStop', 'Notification', 'PostToolUse']),
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
