import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { screenShows, sleep } from '../world.ts';
import { type Agent, openWith, submit, versionOf } from './host.ts';
import { alsoAt, binary, inShell } from './settings.ts';

const patch = 'CALL<<apply_patch {"input":"*** Begin Patch\\n*** Add File: a.txt\\n+x\\n*** End Patch"}>>';

export const codex: Agent = {
  name: 'codex',
  version: (world) => versionOf(world, binary('codex')),
  async open(world) {
    // It runs no hook that its user has not looked at.
    const isTrusted = readFileSync(join(world.home, '.codex', 'config.toml'), 'utf8').includes('trusted_hash');
    const pane = await openWith(
      world,
      binary('codex'),
      codex.env(world),
      isTrusted ? codex.ready : /Hooks need review/,
    );
    if (isTrusted) return pane;
    await pane.press('Down');
    await screenShows(pane, /^› 2\. Trust all/m);
    await pane.press('Enter');
    await screenShows(pane, codex.ready);
    await sleep(500);
    return pane;
  },
  // Only of a model that it knows does it know that it can call `apply_patch`.
  recordMore: async (world) => void (await world.sh(`${codex.once(patch)} -m gpt-5.5 </dev/null`, codex.env(world))),
  submit,
  once: (prompt) => `${binary('codex')} exec --dangerously-bypass-hook-trust ${inShell(prompt)}`,
  env: () => ({ MOCK_KEY: 'sk-mock' }),
  setUp(world) {
    const events = ['PreCompact', 'PostCompact', 'SubagentStart', 'SubagentStop', 'PermissionRequest'];
    world.write('project/.codex/hooks.json', { hooks: alsoAt(world, 'codex', events) });
    world.write(
      'home/.codex/config.toml',
      `model = "mock-1"
model_provider = "mock"
check_for_update_on_startup = false
[model_providers.mock]
name = "mock"
base_url = "http://127.0.0.1:${world.mock.port}/v1"
wire_api = "responses"
env_key = "MOCK_KEY"
[projects."${world.project}"]
trust_level = "trusted"
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
`,
    );
  },
  ready: /^› (?!\d)/m,
  dialog: /Would you like to run|Yes, proceed/,
  wakes: true,
  edit: undefined,
  clear: '/clear',
  compact: '/compact',
  compacted: 'PostCompact',
  quit: '/quit',
};
