// One-shot commands in pairs with `node -e 0` of the same Node, by both runtimes, beside a script that makes the system calls
// of a send, and beside AMQ. First by the wall's clock, then by the processor's: a loaded disk speaks in the first alone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Absent } from '../contestants/absent.mjs';
import { openAmq } from '../contestants/amq.mjs';
import { figure, row } from '../figures.mjs';
import { interleave, mean, median, medianRatio } from '../measure.mjs';
import { cleanEnv, command, nativeCommand, runNode, runProgram } from '../processes.mjs';

const bareSend = join(import.meta.dirname, '../workers/bare-send.cjs');
const nodeAlone = 'node -e 0';
const bytesOf = { '16 KB': 16 * 1024, '900 KB': 900 * 1024 };

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('startup');
  const env = cleanEnv(folder.path);
  const bareBox = join(folder.path, 'bare');
  for (const dir of ['tmp', 'ready/p2/1/1']) mkdirSync(join(bareBox, dir), { recursive: true });
  for (const [size, bytes] of Object.entries(bytesOf)) writeFileSync(join(folder.path, size), 'x'.repeat(bytes));
  const absent = [];
  const runtimes = [lanesOf('node', folder, env, (args, options) => runNode([command, ...args], options))];
  const native = nativeCommand();
  if (native) runtimes.push(lanesOf('native', folder, env, (args, options) => runProgram(native, args, options)));
  else absent.push('the native program is not built (npm run build:native)');
  const lanes = [
    { name: nodeAlone, run: (clock) => runNode(['-e', '0'], { env, clock }).ms },
    { name: 'a bare script', run: (clock) => runNode([bareSend, bareBox, 'hello'], { env, clock }).ms },
    ...runtimes.flatMap((runtime) => runtime.lanes),
    ...amqLanes(folder, env, absent),
  ];
  const measured = async (clock, rounds) =>
    interleave(
      lanes.map(({ name, run: runLane }) => ({ name, run: async () => runLane(clock) })),
      {
        rounds: quick ? 1 : rounds,
        onRound: (round, all) => round % 10 === 1 && progress(`${clock}: round ${round} of ${all}`),
      },
    );
  const wall = await measured('wall', 41);
  const cpu = await measured('cpu', 21);
  for (const runtime of runtimes) runtime.check();
  folder.remove();
  const names = lanes.map(({ name }) => name);
  // Bash tells a millisecond at the least: only all rounds together say more.
  const cpuRatio = (name) => mean(cpu.get(name)) / mean(cpu.get(nodeAlone));
  const ratio = (name, base = nodeAlone) =>
    wall.has(name) && wall.has(base) ? medianRatio(wall.get(name), wall.get(base)) : undefined;
  const runtimeRow = (runtime) =>
    row(
      `one-shot commands, ${runtime}, of ${nodeAlone}`,
      ['send', 'read', 'ack', 'send of 16 KB', 'send of 900 KB', 'send, stdin a socket'].map((what) =>
        figure(what, ratio(`${runtime}: ${what}`)),
      ),
    );
  return {
    results: { wall: Object.fromEntries(wall), cpu: Object.fromEntries(cpu) },
    absent,
    tables: [
      {
        title: `One-shot commands, median of pairs; without NODE_OPTIONS and NODE_EXTRA_CA_CERTS for all`,
        columns: ['', 'ms', `of ${nodeAlone}`, 'processor, ms', `of ${nodeAlone}`],
        lines: names.map((name) => [
          name,
          median(wall.get(name)).toFixed(1),
          `${ratio(name).toFixed(2)} x`,
          mean(cpu.get(name)).toFixed(1),
          `${cpuRatio(name).toFixed(2)} x`,
        ]),
      },
    ],
    rows: [
      runtimeRow('node'),
      runtimeRow('native'),
      row(
        'one-shot commands, native, of AMQ',
        [
          ['send', 'send'],
          ['read --ack', 'drain'],
        ].map(([what, theirs]) => figure(what, ratio(`native: ${what}`, `AMQ: ${theirs}`))),
      ),
    ],
  };
}

/** The commands of one runtime, in a root of its own. */
function lanesOf(runtime, folder, env, runCommand) {
  const root = join(folder.path, runtime);
  const dreamos = (args, options) => runCommand(args, { env: { ...env, DREAMOS_ROOT: root }, ...options });
  dreamos(['init', 'sender', 'box', 'large', '--root', root]);
  let sent = 0;
  let receipt = '';
  const send = (clock, to, body, stdin) => dreamos(['send', to, '--as', 'sender', ...body], { clock, stdin }).ms;
  const one = {
    send: (clock) => {
      sent++;
      return send(clock, 'box', ['hello']);
    },
    read: (clock) => {
      const { ms, stdout } = dreamos(['read', 'box', '--json'], { clock });
      ({ receipt } = JSON.parse(stdout));
      return ms;
    },
    ack: (clock) => dreamos(['ack', receipt], { clock }).ms,
    // It has to look whether a second body comes that way.
    'send, stdin a socket': (clock) => send(clock, 'sender', ['hello'], 'pipe'),
    'read --ack': (clock) => dreamos(['read', 'sender', '--ack'], { clock }).ms,
  };
  for (const size of Object.keys(bytesOf))
    one[`send of ${size}`] = (clock) => send(clock, 'large', ['--body-file', join(folder.path, size)]);
  const lanes = Object.entries(one).map(([name, runOne]) => ({ name: `${runtime}: ${name}`, run: runOne }));
  return {
    lanes,
    check() {
      const { ready, inflight, archived } = JSON.parse(dreamos(['status', 'box', '--json']).stdout);
      if (ready !== 0 || inflight !== 0 || archived !== sent) throw new Error('startup does not add up.');
    },
  };
}

function amqLanes(folder, env, absent) {
  try {
    const { send, drain } = openAmq(join(folder.path, 'amq'), env);
    return [
      { name: 'AMQ: send', run: (clock) => send('hello', { clock }).ms },
      { name: 'AMQ: drain', run: (clock) => drain({ clock }).ms },
    ];
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    absent.push(error.message);
    return [];
  }
}
