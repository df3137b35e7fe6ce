import { type Agent, openWith, submit, versionOf } from './host.ts';
import { binary, inShell } from './settings.ts';

export const opencode: Agent = {
  name: 'opencode',
  version: (world) => versionOf(world, binary('opencode')),
  open: (world) => openWith(world, binary('opencode'), opencode.env(world), opencode.ready),
  submit,
  once: (prompt) => `${binary('opencode')} run ${inShell(prompt)}`,
  env: () => ({
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  }),
  setUp(world) {
    // It would fetch the types of plugins there.
    for (const place of ['project/.opencode', 'home/.config/opencode']) {
      const dependencies = { '@opencode-ai/plugin': '1.18.33' };
      world.write(`${place}/node_modules/.keep`, '');
      world.write(`${place}/package.json`, { dependencies });
      world.write(`${place}/package-lock.json`, { lockfileVersion: 3, packages: { '': { dependencies } } });
    }
    world.write('project/opencode.json', {
      model: 'mock/mock-1',
      autoupdate: false,
      permission: { bash: { '*': 'allow', 'touch *': 'ask' } },
      provider: {
        mock: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: `http://127.0.0.1:${world.mock.port}/v1`, apiKey: 'mock' },
          models: { 'mock-1': { name: 'mock', tool_call: true } },
        },
      },
    });
  },
  ready: /Ask anything/,
  dialog: /Permission required|Allow once/,
  wakes: true,
  edit: undefined,
  clear: '/new',
  compact: '/compact',
  compacted: 'session.compacted',
  quit: '/exit',
};
