// npm run example:swarm [-- --pace 0.5 --json --keep]
// Ten agents, a hundred tasks with dependencies, two who coordinate; three agents are killed, one is paused for longer than its
// lease, and whoever coordinates is killed twice. At the end the diaries of all are checked: every task is done once, none is
// stuck, and never two were at one while the claims of both held. Exit 1 if not.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { init } from '../../dist/index.js';
import { check } from './check.mjs';
import { agents, plan } from './plan.mjs';
import { createScreen } from './screen.mjs';

const { values: options } = parseArgs({
  options: {
    /** How long the tasks take, of half a minute. */
    pace: { type: 'string', default: '1' },
    /** The verdict alone, as one line of JSON. */
    json: { type: 'boolean', default: false },
    /** Leaves the root, to look at it. */
    keep: { type: 'boolean', default: false },
  },
});
const states = ['blocked', 'ready', 'assigned', 'active', 'done', 'failed', 'cancelled'];
const command = join(import.meta.dirname, '../../bin/dreamos.cjs');
const folder = await mkdtemp(join(tmpdir(), 'dreamos-swarm-'));
const { DREAMOS_ROOT: _root, DREAMOS_AGENT: _agent, ...env } = process.env;
const beganAt = Date.now();
const tasks = plan(Number(options.pace));
const screen = createScreen(options.json ? { isTTY: false, write: () => true } : process.stdout, {
  agents,
  total: tasks.length,
});
const running = new Map();
const killed = [];
let paused;
process.once('exit', () => {
  for (const child of running.values()) child.kill('SIGKILL');
  if (!options.keep) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const root = await init({ root: folder, as: 'boss', agents: ['boss', 'coord-1', 'coord-2', 'coord-3'], env: {} });
// A moment without a word is long here.
await root.config.set('heartbeat', '1s');
for (const agent of agents) await root.agent.register({ ...agent, kind: 'specialist' });

const diaryOf = (name) => join(folder, `${name}.diary`);
const start = (name, args, onLine) => {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  running.set(name, child);
  child.once('exit', () => {
    // Another one may have been started under its name.
    if (running.get(name) === child) running.delete(name);
  });
  createInterface(child.stdout).on('line', onLine);
};
let coordinator;
const coordinate = (name) =>
  start(name, [command, 'coordinate', '--as', name, '--json', '--root', folder], (line) => {
    const { holds, assigned } = JSON.parse(line);
    if (!holds || assigned !== undefined) return;
    coordinator = name;
    screen.tell(`${seconds()} ${name} coordinates`);
  });
for (const { name } of agents)
  start(name, [join(import.meta.dirname, 'agent.mjs'), folder, name, diaryOf(name)], () => undefined);
for (const name of ['coord-1', 'coord-2']) coordinate(name);

const made = await root.tasks.createAll(tasks.map((task) => ({ ...task, assign: false })));
const ids = new Map(tasks.map(({ key }, i) => [key, made[i].id]));
screen.tell(`${seconds()} ${tasks.length} tasks are there`);
await watchOver();

const faults = check(allDiaries(), await allEvents(), await allTasks(), dependencies());
const verdict = { tasks: tasks.length, seconds: (Date.now() - beganAt) / 1000, killed, lost: lostBy(), faults };
for (const child of running.values()) child.kill('SIGTERM');
await root.close();
if (options.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
else {
  screen.tell('');
  screen.draw(await look());
  const told = faults.length === 0 ? 'Every task was done once, and never two were at one.' : faults.join('\n');
  process.stdout.write(
    `\nKilled: ${killed.join(', ')}. Told that they had lost their task: ${verdict.lost.join(', ') || 'nobody'}.\n${told}\n`,
  );
}
process.exit(faults.length === 0 ? 0 : 1);

/** What happens to them, each once so many tasks are done. */
async function watchOver() {
  const plans = [
    [8, () => killAgent('hana')],
    [20, () => pauseAgent('gus')],
    [28, () => killCoordinator('coord-3')],
    [40, () => killAgent('dora')],
    [52, () => killCoordinator('coord-1')],
    [64, () => killAgent('finn')],
  ];
  let before = -1;
  let movedAt = Date.now();
  let drawnAt = 0;
  for (;;) {
    // As their diaries say: a look at all tasks takes so long on a busy machine that they would be done before anyone is killed.
    const done = allDiaries().filter(({ what }) => what === 'done').length;
    if (done > before) movedAt = Date.now();
    before = done;
    if (plans[0] && done >= plans[0][0] && plans[0][1]()) plans.shift();
    await resume();
    if (Date.now() - drawnAt >= 250) {
      const seen = await look();
      screen.draw(seen);
      drawnAt = Date.now();
      if (seen.counts.done === tasks.length && paused === undefined) return;
    }
    if (Date.now() - movedAt > 60_000) {
      screen.tell(`${seconds()} nothing has moved for a minute`);
      return;
    }
    await rest(50);
  }
}

/** In the middle of a task, else at the next look. */
function killAgent(name) {
  const at = taskOf(name);
  if (!at) return false;
  running.get(name)?.kill('SIGKILL');
  killed.push(name);
  screen.tell(`${seconds()} kill -9 ${name}, who was at ${at.title}`);
  return true;
}

function killCoordinator(next) {
  if (!running.has(coordinator)) return false;
  running.get(coordinator)?.kill('SIGKILL');
  killed.push(coordinator);
  screen.tell(`${seconds()} kill -9 ${coordinator}, who coordinated`);
  coordinate(next);
  return true;
}

function pauseAgent(name) {
  const at = taskOf(name);
  if (!at) return false;
  running.get(name)?.kill('SIGSTOP');
  paused = { name, ...at };
  screen.tell(`${seconds()} kill -STOP ${name}, who is at ${at.title}`);
  return true;
}

/** Once another one has done what it was at. */
async function resume() {
  if (!paused) return;
  const { state, assignee } = await root.tasks.show(paused.id);
  if (state !== 'done') return;
  screen.tell(`${seconds()} kill -CONT ${paused.name}; ${assignee} has done ${paused.title}`);
  running.get(paused.name)?.kill('SIGCONT');
  const { name, id } = paused;
  paused = undefined;
  for (let i = 0; i < 100 && !linesOf(name).some((line) => line.what === 'lost' && line.id === id); i++)
    await rest(100);
}

async function look() {
  const counts = {};
  for (const { state } of await allTasks()) counts[state] = (counts[state] ?? 0) + 1;
  const now = new Map(
    agents.map(({ name }) => {
      const at = taskOf(name);
      const state = killed.includes(name) ? 'killed' : paused?.name === name ? 'paused' : at ? 'working' : 'idle';
      return [name, { state, what: at?.title }];
    }),
  );
  return { counts, now, seconds: (Date.now() - beganAt) / 1000 };
}

function taskOf(name) {
  const last = linesOf(name).at(-1);
  return last?.what === 'begins' || last?.what === 'renews' ? last : undefined;
}

function linesOf(name) {
  try {
    return readFileSync(diaryOf(name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function allDiaries() {
  return agents.flatMap(({ name }) => linesOf(name));
}

function lostBy() {
  return allDiaries()
    .filter(({ what }) => what === 'lost')
    .map(({ agent }) => agent);
}

async function allTasks() {
  const all = [];
  for await (const task of root.tasks.list({ states })) all.push(task);
  return all;
}

async function allEvents() {
  const all = [];
  for await (const event of root.watch({ since: 'start', waitMs: 0 })) all.push(event);
  return all;
}

function dependencies() {
  return new Map(tasks.map(({ key, dependsOn }) => [ids.get(key), dependsOn.map((one) => ids.get(one))]));
}

function seconds() {
  return `${((Date.now() - beganAt) / 1000).toFixed(1).padStart(5)} s `;
}
