// Mail as tables: what it costs to put all of it into a database, to find that nothing is new, and to bring what is.
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { interleave, median } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';
import { whole } from '../race.mjs';

export async function run({ quick, scratch, progress }) {
  const messages = quick ? 2000 : 100_000;
  const folder = scratch.folder('export');
  const file = join(folder.path, '..', 'export.db');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const mail = (await init({ root: folder.path, agents: ['sender', 'box'], env: {} })).as('sender');
  await fill(mail, 'box', messages, progress);
  const dreamos = (args) => runNode([command, ...args], { env }).ms;

  const rounds = quick ? 1 : 5;
  const taken = await interleave(
    [
      {
        name: 'all',
        run: async () => {
          rmSync(file, { force: true });
          return dreamos(['export', '--sqlite', file]);
        },
      },
      { name: 'nothing', run: async () => dreamos(['export', '--sqlite', file]) },
      {
        name: 'one',
        run: async () => {
          await mail.send({ to: 'box', body: 'one more' });
          return dreamos(['export', '--sqlite', file]);
        },
      },
      { name: 'status', run: async () => dreamos(['--version']) },
    ],
    { rounds },
  );
  const { size } = statSync(file);
  await mail.close();
  progress('removing the files');
  folder.remove();
  rmSync(file, { force: true });
  const ms = (name) => median(taken.get(name));
  return {
    results: { messages, bytes: size, ms: Object.fromEntries([...taken].map(([name, all]) => [name, all])) },
    tables: [
      {
        title: `${whole(messages)} messages into a database of ${(size / 1e6).toFixed(0)} MB, whole processes`,
        columns: ['', 'ms'],
        lines: [
          ['all of them', ms('all').toFixed(0)],
          ['again, nothing is new', ms('nothing').toFixed(0)],
          ['again, one is new', ms('one').toFixed(0)],
          ['dreamos --version, to compare', ms('status').toFixed(0)],
        ],
      },
    ],
    rows: [
      row(`${whole(messages)} messages to SQLite`, [figure('seconds', ms('all') / 1000, 1)]),
      row('a second export of nothing', [figure('ms', ms('nothing'), 0)]),
    ],
  };
}
