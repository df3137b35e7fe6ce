// Tasks among many agents: what it costs to give each to somebody, and to take the next one out of a full queue, by the command
// and in pairs with a plain read.
import { setTimeout as rest } from 'node:timers/promises';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { interleave, median, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode, start, stop } from '../processes.mjs';
import { whole } from '../race.mjs';

const capabilities = ['ts', 'docs', 'sql', 'test', 'ops'];
const atOnce = 1000;

export async function run({ quick, scratch, progress }) {
  const [agents, tasks] = quick ? [20, 200] : [1000, 10_000];
  const folder = scratch.folder('tasks');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const mail = (await init({ root: folder.path, agents: ['boss', 'box'], env: {} })).as('boss');
  const names = Array.from({ length: agents }, (_, i) => `agent-${i}`);
  progress(`${whole(agents)} agents`);
  for (const [i, name] of names.entries()) {
    const own = [capabilities[i % capabilities.length]];
    await mail.agent.register({ name, capabilities: own, maxTasks: Math.ceil(tasks / agents) });
    await mail.agent.heartbeat(name, { status: 'idle' });
  }
  progress(`${whole(tasks)} tasks`);
  for (let made = 0; made < tasks; made += atOnce) {
    const drafts = Array.from({ length: Math.min(atOnce, tasks - made) }, (_, i) => ({
      title: `task ${made + i}`,
      requires: [capabilities[(made + i) % capabilities.length]],
      durability: 'relaxed',
    }));
    await mail.tasks.createAll(drafts.map((draft) => ({ ...draft, assign: false })));
  }

  progress('task next');
  const rounds = quick ? 1 : 15;
  let taker = 0;
  const dreamos = (args) => runNode([command, ...args], { env }).ms;
  const taken = await interleave(
    [
      {
        name: 'read',
        run: async () => {
          await mail.send({ to: 'box', body: 'hello' });
          return dreamos(['read', 'box']);
        },
      },
      { name: 'next', run: async () => dreamos(['task', 'next', '--as', names[taker++]]) },
    ],
    { rounds },
  );

  progress('coordinate');
  const left = tasks - taker;
  const { seconds } = await secondsOf(() => assigned(mail, env));
  await mail.close();
  progress('removing the files');
  folder.remove();
  const beyond = median(taken.get('next').map((ms, i) => ms - taken.get('read')[i]));
  return {
    results: { taken: Object.fromEntries(taken), seconds, left },
    tables: [
      {
        title: `${whole(tasks)} tasks among ${whole(agents)} agents`,
        columns: ['', 'ms'],
        lines: [
          ['read, of a mailbox with one message', median(taken.get('read')).toFixed(1)],
          ['task next, out of full queues', median(taken.get('next')).toFixed(1)],
          ['an assignment, by coordinate', ((seconds * 1000) / left).toFixed(2)],
        ],
      },
    ],
    rows: [
      row(`${whole(tasks)} tasks, ${whole(agents)} agents`, [
        figure('task next, ms beyond a read', beyond, 1),
        figure('an assignment, ms', (seconds * 1000) / left, 2),
      ]),
    ],
  };
}

/** Until the queues are empty. */
async function assigned(mail, env) {
  const coordinator = start(process.execPath, [command, 'coordinate', '--as', 'boss'], { env });
  try {
    for (;;) {
      const queues = (await mail.status()).filter(({ mailbox }) => mailbox.startsWith('task-pool'));
      if (queues.every(({ ready }) => ready === 0)) return;
      if (coordinator.exitCode !== null) throw new Error(`coordinate ended with ${coordinator.exitCode}.`);
      await rest(500);
    }
  } finally {
    await stop(coordinator);
  }
}
