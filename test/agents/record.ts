/**
 * What a real agent gives its hooks, as fixtures/hooks/<host>/<version>/<Event>.json: of each event the cases that differ in
 * what they hold. Ids, paths and times are made neutral, so that a second recording says only what has changed in the agent.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from './hosts/host.ts';
import type { Pane } from './tmux.ts';
import { installHooks } from './hosts/settings.ts';
import { makeWorld, screenShows, sleep, until, type World } from './world.ts';

interface Case {
  readonly case: string;
  /** What of its surroundings tells of the agent. */
  readonly env: Readonly<Record<string, string>>;
  readonly said: Said;
}
type Said = Readonly<Record<string, unknown>>;

export async function record(agent: Agent): Promise<string> {
  const world = await makeWorld({ record: true });
  try {
    agent.setUp(world);
    await installHooks(world, agent.name, 'reviewer');
    const pane = await agent.open(world);
    await walk(world, agent, pane);
    await world.sh(`${agent.once('hello')} </dev/null`, agent.env(world));
    await agent.recordMore?.(world);
    await sleep(1000);
    const folder = join('fixtures', 'hooks', agent.name, await agent.version(world));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [event, cases] of casesIn(world))
      writeFileSync(join(folder, `${event}.json`), `${JSON.stringify(cases, null, 2)}\n`);
    return folder;
  } finally {
    await world.end();
  }
}

/** Makes happen what an agent tells of. */
async function walk(world: World, agent: Agent, pane: Pane): Promise<void> {
  const count = (event: string): number =>
    heardIn(world).filter(({ said }) => said['hook_event_name'] === event).length;
  const rest = { claude: 'Stop', codex: 'Stop', gemini: 'AfterAgent', opencode: 'rest' }[agent.name];
  const then = async (event: string, work: () => Promise<unknown>): Promise<void> => {
    const before = count(event);
    await work();
    await until(`${event} of ${agent.name}`, () => count(event) > before, 30_000).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await pane.screen()}`);
    });
    await sleep(1500);
  };
  for (const prompt of ['hello', 'RUN<<echo hi>>', agent.edit, 'TASK<<look SUB{{echo inside}}>>']) {
    if (prompt === undefined) continue;
    await then(rest, async () => {
      await agent.submit(pane, prompt);
      if (prompt === agent.edit && agent.name === 'gemini') {
        await screenShows(pane, agent.dialog);
        await pane.press('Enter');
      }
    });
  }
  await sleep(4000);
  if (agent.wakes) await then(rest, () => world.send('reviewer', 'wake up'));
  if (agent.name === 'opencode') {
    // Its plugin tells only with the next prompt that its model has forgotten.
    await agent.submit(pane, agent.compact);
    await sleep(8000);
  } else await then(agent.compacted, () => agent.submit(pane, agent.compact));
  // Codex tells that a session begins anew only with its next turn.
  await then(rest, () => agent.submit(pane, 'hello'));
  await agent.submit(pane, agent.clear);
  await sleep(4000);
  await then(rest, () => agent.submit(pane, 'hello again'));
  await agent.submit(pane, agent.quit);
  await sleep(3000);
}

interface Recorded extends Omit<Case, 'case'> {
  readonly at: number;
}

function heardIn(world: World): Recorded[] {
  const folder = world.recording ?? '';
  return readdirSync(folder)
    .filter((name) => name.endsWith('.said'))
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      if (text === '' || readFileSync(path.replace('.said', '.words'), 'utf8').includes('--wait')) return [];
      const env = readFileSync(path.replace('.said', '.env'), 'utf8')
        .split('\n')
        .filter((line) => telling.test(line));
      const pairs = env.map((line) => line.split(/=(.*)/s) as [string, string]);
      return [{ at: statSync(path).mtimeMs, said: JSON.parse(text) as Said, env: Object.fromEntries(pairs) }];
    })
    .sort((a, b) => a.at - b.at);
}

const telling = /^(CLAUDECODE|[A-Z_]*(ENTRYPOINT|SESSION_ID|THREAD_ID|ATTENDED|PROJECT_DIR))=/;

function casesIn(world: World): Map<string, Case[]> {
  const neutral = neutralizer(world);
  const events = new Map<string, Case[]>();
  for (const { said, env } of heardIn(world)) {
    const event = String(said['hook_event_name']);
    const name = nameOf(said, env);
    const cases = events.get(event) ?? [];
    events.set(event, cases);
    if (!cases.some((one) => one.case === name)) cases.push({ case: name, env: neutral(env), said: neutral(said) });
  }
  for (const cases of events.values()) cases.sort((a, b) => (a.case < b.case ? -1 : 1));
  return events;
}

/** What tells one case of an event from another. */
function nameOf(said: Said, env: Case['env']): string {
  const { prompt } = said;
  const parts = [
    ...['source', 'reason', 'trigger', 'tool_name', 'notification_type'].map((name) => said[name]),
    typeof prompt === 'string' && /^dreamos: |<task-notification>/.test(prompt) && 'woken',
    said['wake'] === true && 'woken',
    said['forgets'] === true && 'forgets',
    said['stop_hook_active'] === true && 'held up',
    said['agent_id'] !== undefined && 'subagent',
    Array.isArray(said['background_tasks']) && said['background_tasks'].length > 0 && 'work goes on',
    env['CLAUDE_CODE_ENTRYPOINT'] === 'sdk-cli' && 'without a screen',
  ];
  return parts.filter((part) => typeof part === 'string').join(', ') || 'plain';
}

function neutralizer(world: World): <T>(value: T) => T {
  const ids = new Map<string, string>();
  const numbered = (id: string): string => {
    const known = ids.get(id) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(id, known);
    return known;
  };
  const folded = (path: string): string => path.replace(/[^A-Za-z0-9]/g, '-');
  const text = (given: string): string =>
    given
      .replaceAll(world.project, '/home/ann/project')
      .replaceAll(world.home, '/home/ann')
      .replaceAll(folded(world.project), '-home-ann-project')
      .replace(/\/tmp\/claude-\d+/g, '/tmp/claude')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, numbered)
      .replace(/\ba[0-9a-f]{16}\b/g, 'a0000000000000001')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '2026-01-01T00:00:00.000Z')
      .replace(/session-\d{4}-\d\d-\d\dT\d\d-\d\d-[0-9a-f]{8}/g, 'session-2026-01-01T00-00-00000000')
      .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d/g, '2026-01-01T00-00-00')
      .replace(/\/\d{4}\/\d\d\/\d\d\//g, '/2026/01/01/')
      .replace(/PGID: \d+/g, 'PGID: 1');
  const walkIn = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return name === 'duration_ms' ? 1 : value;
    // The cells of a whole screen say no more than its first ones.
    if (Array.isArray(value)) return value.slice(0, 2).map((one) => walkIn(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walkIn(one, key)]));
  };
  return <T>(value: T) => walkIn(value) as T;
}
