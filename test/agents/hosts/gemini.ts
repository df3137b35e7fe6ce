import { type Agent, openWith, submit, versionOf } from './host.ts';
import { alsoAt, binary, inShell } from './settings.ts';

// Else another model is asked first which one to ask.
const command = `${binary('gemini')} -m gemini-2.5-flash`;

export const gemini: Agent = {
  name: 'gemini',
  version: (world) => versionOf(world, binary('gemini')),
  open: (world) => openWith(world, command, gemini.env(world), gemini.ready),
  submit,
  once: (prompt) => `${command} -y -p ${inShell(prompt)}`,
  env: ({ mock }) => ({
    GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${mock.port}`,
    GEMINI_API_KEY: 'mock',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  }),
  setUp(world) {
    world.write('project/.gemini/settings.json', {
      tools: { allowed: ['run_shell_command(sleep)', 'run_shell_command(echo)', 'invoke_agent'] },
      hooks: alsoAt(world, 'gemini', ['PreCompress', 'Notification']),
    });
    world.write('home/.gemini/settings.json', {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      general: { disableAutoUpdate: true, enableAutoUpdate: false, disableUpdateNag: true },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      ui: { hideTips: true, hideBanner: true },
    });
  },
  ready: /Type your message/,
  dialog: /Allow execution|Allow once/,
  wakes: false,
  edit: 'CALL<<write_file {"file_path":"a.txt","content":"x"}>>',
  clear: '/clear',
  compact: '/compress',
  compacted: 'PreCompress',
  quit: '/quit',
};
