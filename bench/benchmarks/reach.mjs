// What an agent's own tool pays for its mail: a hook with nothing new and one that announces, in pairs with `node -e 0`; the
// waiter of a session that rests; and `dreamos mcp` until its first answer.
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import { figure, row } from '../figures.mjs';
import { interleave, mean, median, medianRatio } from '../measure.mjs';
import {
  cleanEnv,
  command,
  cpuNanoseconds,
  measureIdle,
  nativeCommand,
  runNode,
  runProgram,
  start,
  stop,
} from '../processes.mjs';

const nodeAlone = 'node -e 0';
const newMessages = 3;

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('reach');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const dreamos = (args, options) => runNode([command, ...args], { env, ...options });
  dreamos(['init', 'sender', 'box', 'resting', '--root', folder.path]);
  for (let i = 0; i < newMessages; i++) dreamos(['send', 'box', 'hello', '--as', 'sender']);
  const absent = [];
  const runtimes = [['node', (args, options) => runNode([command, ...args], { env, ...options })]];
  const native = nativeCommand();
  if (native) runtimes.push(['native', (args, options) => runProgram(native, args, { env, ...options })]);
  else absent.push('the native program is not built (npm run build:native)');
  const lanes = [
    { name: nodeAlone, run: (clock) => runNode(['-e', '0'], { env, clock }).ms },
    ...runtimes.flatMap(([runtime, runCommand]) => hookLanes(runtime, runCommand)),
  ];
  const measured = (clock, rounds) =>
    interleave(
      lanes.map(({ name, run: runLane }) => ({ name, run: async () => runLane(clock) })),
      {
        rounds: quick ? 1 : rounds,
        onRound: (round, all) => round % 10 === 1 && progress(`${clock}: round ${round} of ${all}`),
      },
    );
  const wall = await measured('wall', 21);
  const cpu = await measured('cpu', 21);
  const waiter = await measureWaiter(env, quick ? 1 : 30, progress);
  const mcp = [];
  for (let i = 0; i < (quick ? 1 : 11); i++) mcp.push(await cpuToFirstAnswer(env));
  folder.remove();
  const names = lanes.map(({ name }) => name);
  const ratio = (name) => (wall.has(name) ? medianRatio(wall.get(name), wall.get(nodeAlone)) : undefined);
  return {
    results: { wall: Object.fromEntries(wall), cpu: Object.fromEntries(cpu), waiter, mcp },
    absent,
    tables: [
      {
        title: `Hooks of a session, ${newMessages} messages ready; median of pairs`,
        columns: ['', 'ms', `of ${nodeAlone}`, 'processor, ms'],
        lines: names.map((name) => [
          name,
          median(wall.get(name)).toFixed(1),
          `${ratio(name).toFixed(2)} x`,
          mean(cpu.get(name)).toFixed(1),
        ]),
      },
    ],
    rows: [
      ...['node', 'native'].map((runtime) =>
        row(
          `a hook, ${runtime}, of ${nodeAlone}`,
          ['nothing new', 'announces'].map((what) => figure(what, ratio(`${runtime}: ${what}`))),
        ),
      ),
      row('the waiter of a session that rests', [
        figure(`idle for ${waiter.seconds} s: CPU, %`, waiter.cpuPercent, 3),
        figure('resident, MB', waiter.residentMb, 1),
      ]),
      row('dreamos mcp', [figure('CPU until its first answer, s', median(mcp), 3)]),
    ],
  };
}

function hookLanes(runtime, runCommand) {
  let sessions = 0;
  const hook = (session, event, clock) => {
    const input = JSON.stringify({ hook_event_name: event, session_id: session, cwd: process.cwd() });
    return runCommand(['hook', 'claude', '--as', 'box'], { clock, input });
  };
  const told = `${runtime}-told`;
  hook(told, 'SessionStart');
  if (hook(told, 'UserPromptSubmit').stdout !== '') throw new Error('A hook announces twice.');
  return [
    { name: `${runtime}: nothing new`, run: (clock) => hook(told, 'PostToolBatch', clock).ms },
    {
      name: `${runtime}: announces`,
      run: (clock) => {
        const { ms, stdout } = hook(`${runtime}-${sessions++}`, 'SessionStart', clock);
        if (!stdout.includes(`${newMessages} unread messages`)) throw new Error(`A hook announces nothing: ${stdout}`);
        return ms;
      },
    },
  ];
}

async function measureWaiter(around, seconds, progress) {
  // By which Claude Code tells that somebody sits before it; without anybody no waiter stays.
  const env = { ...around, CLAUDE_CODE_ENTRYPOINT: 'cli', CLAUDE_CODE_SESSION_ATTENDED: '1' };
  const session = { session_id: 'resting', cwd: process.cwd() };
  const input = (event) => JSON.stringify({ ...session, hook_event_name: event });
  const hook = ['hook', 'claude', '--as', 'resting'];
  runNode([command, ...hook], { env, input: input('SessionStart') });
  const waiter = start(process.execPath, [command, ...hook, '--wait'], { env });
  waiter.stdin.end(input('Stop'));
  await rest(1000);
  if (waiter.exitCode !== null) throw new Error(`The waiter ended with ${waiter.exitCode}.`);
  try {
    return await measureIdle(waiter.pid, seconds, progress);
  } finally {
    await stop(waiter);
  }
}

/** Seconds of all its threads. */
async function cpuToFirstAnswer(env) {
  const server = start(process.execPath, [command, 'mcp', '--as', 'box'], { env });
  const answered = new Promise((resolve) => createInterface(server.stdout).once('line', resolve));
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
  try {
    const { result } = JSON.parse(await answered);
    if (!result?.serverInfo) throw new Error('dreamos mcp did not answer.');
    return process.platform === 'linux' ? cpuNanoseconds(server.pid) / 1e9 : Number.NaN;
  } finally {
    await stop(server);
  }
}
