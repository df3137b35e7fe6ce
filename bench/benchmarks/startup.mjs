// One-shot commands in pairs with `node -e 0` of the same Node, and with a script that makes the system calls of a send.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { figure, row } from '../figures.mjs';
import { interleave, median, medianRatio } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';

const bareSend = join(import.meta.dirname, '../workers/bare-send.cjs');

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('startup');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const dreamosWith = (stdin, ...args) => runNode([command, ...args], { env, stdin });
  const dreamos = (...args) => dreamosWith('ignore', ...args);
  dreamos('init', 'sender', 'box', '--root', folder.path);
  const bareBox = join(folder.path, 'bare');
  for (const dir of ['tmp', 'ready/p2/1/1']) mkdirSync(join(bareBox, dir), { recursive: true });
  let receipt = '';
  let sent = 0;
  const send = (stdin, to) => dreamosWith(stdin, 'send', to, 'hello', '--as', 'sender').ms;
  const lanes = [
    { name: 'node -e 0', run: async () => runNode(['-e', '0'], { env }).ms },
    { name: 'a bare script', run: async () => runNode([bareSend, bareBox, 'hello'], { env }).ms },
    {
      name: 'send',
      run: async () => {
        sent++;
        return send('ignore', 'box');
      },
    },
    // It has to look whether a second body comes that way.
    { name: 'send, stdin a socket', run: async () => send('pipe', 'sender') },
    {
      name: 'read',
      run: async () => {
        const { ms, stdout } = dreamos('read', 'box', '--json');
        receipt = JSON.parse(stdout).receipt;
        return ms;
      },
    },
    { name: 'ack', run: async () => dreamos('ack', receipt).ms },
  ];
  const figures = await interleave(lanes, {
    rounds: quick ? 1 : 41,
    onRound: (round, rounds) => round % 10 === 1 && progress(`round ${round} of ${rounds}`),
  });
  const base = figures.get('node -e 0');
  const { ready, inflight, archived } = JSON.parse(dreamos('status', 'box', '--json').stdout);
  if (ready !== 0 || inflight !== 0 || archived !== sent) throw new Error('startup does not add up.');
  folder.remove();
  const ratios = new Map(lanes.slice(1).map(({ name }) => [name, medianRatio(figures.get(name), base)]));
  return {
    results: Object.fromEntries(figures),
    tables: [
      {
        title: 'One-shot commands, median of pairs',
        columns: ['', 'ms', 'of node -e 0'],
        lines: lanes.map(({ name }) => [
          name,
          median(figures.get(name)).toFixed(1),
          ratios.has(name) ? `${ratios.get(name).toFixed(2)} x` : '',
        ]),
      },
    ],
    rows: [
      row(
        'one-shot send, read, ack',
        ['send', 'send, stdin a socket', 'read', 'ack'].map((name) => figure(`${name} of node -e 0`, ratios.get(name))),
      ),
    ],
  };
}
