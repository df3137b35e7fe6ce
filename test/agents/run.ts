/**
 * `npm run test:agents [-- <host>…] [--only <part of a scene's name>] [--record]`: the real agents of test/agents/package.json, each
 * in a home of its own and against a mock of its model's API, with our hooks. It needs tmux, and is no part of `npm test`. With
 * `--record` what they give their hooks goes into fixtures/hooks/ instead.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agents } from './hosts/agents.ts';
import { record } from './record.ts';
import { scenes } from './scenes.ts';
import { installHooks } from './hosts/settings.ts';
import { makeWorld } from './world.ts';

const { values, positionals } = parseArgs({
  options: { record: { type: 'boolean' }, only: { type: 'string' } },
  allowPositionals: true,
});
const here = join('test', 'agents');
if (!existsSync(join(here, 'node_modules')))
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
const results: object[] = [];
for (const agent of agents.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  if (values.record) process.stdout.write(`${await record(agent)}\n`);
  else
    for (const scene of scenes) if (scene.of(agent) && scene.name.includes(values.only ?? '')) await play(agent, scene);
}
const failed = results.filter((one) => 'failed' in one).length;
if (!values.record) {
  process.stdout.write(`${results.length - failed} held, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function play(agent: (typeof agents)[number], scene: (typeof scenes)[number]): Promise<void> {
  const begun = Date.now();
  const load = loadavg()[0]?.toFixed(1);
  const world = await makeWorld();
  const common = { agent: agent.name, version: await agent.version(world), scene: scene.name };
  try {
    agent.setUp(world);
    await installHooks(world, agent.name, 'reviewer');
    const figures = (await scene.run(world, agent)) ?? {};
    results.push({ ...common, figures, load });
    process.stdout.write(`${agent.name}: ${scene.name}: held ${JSON.stringify(figures)} load ${load}\n`);
  } catch (error) {
    results.push({ ...common, failed: String(error), load });
    process.stdout.write(`${agent.name}: ${scene.name}: FAILED ${String(error)}\n`);
    if (process.env['SHOW'] !== undefined) process.stdout.write(`${await shown(world)}\n`);
  } finally {
    await world.end();
    process.stderr.write(`${((Date.now() - begun) / 1000).toFixed(0)} s\n`);
  }
}

/** What a failed scene leaves to look at. */
async function shown(world: Awaited<ReturnType<typeof makeWorld>>): Promise<string> {
  const screens = await world.tmux.screens();
  const log = await world.sh('cat runtime/agent_comms/reach/hook.log; cat runtime/agent_comms/reach/sessions/*.json');
  const lines = world.processes().map(({ pid, line }) => `${pid} ${line}`);
  const turns = world.turns().map(({ id, at, text }) => `${id} ${at} ${/has \d+ unread/.exec(text)?.[0] ?? ''}`);
  return [...screens, log.out, ...lines, ...turns].join('\n');
}
