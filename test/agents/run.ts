/**
 * `npm run test:agents [-- <host>…] [--record]`: the real agents of test/agents/package.json, each in a home of its own and against
 * a mock of its model's API, with our hooks. It needs tmux, and is no part of `npm test`. With `--record` what they give their
 * hooks goes into fixtures/hooks/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agents } from './hosts/agents.ts';
import { record } from './record.ts';

const { values, positionals } = parseArgs({ options: { record: { type: 'boolean' } }, allowPositionals: true });
const here = join('test', 'agents');
if (!existsSync(join(here, 'node_modules')))
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
for (const agent of agents.filter(({ name }) => positionals.length === 0 || positionals.includes(name)))
  if (values.record) process.stdout.write(`${await record(agent)}\n`);
