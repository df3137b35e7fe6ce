/** Who types an address with a password in it finds that in no error: it would stand in logs and on screens. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DreamosError } from '../../src/model/errors.ts';
import { endsOfMove, findRoot, initRootFolder } from '../../src/storage/engines.ts';
import { scratch } from '../scratch.ts';
import { createRig } from './rig.ts';

const addresses = [
  'amqp://ann:hunter2@host:5672/team',
  'amqp://ann:hun/hunter2@host/team',
  'amqp://ann:hunter2@one,two,/team',
  'redis://:hunter2@host:6379/0#id1',
  'rediss://ann:hunter2@one,two/0',
  'redis://host/0?password=hunter2',
  'tcp://ann:hunter2@host:5555',
  'tcp://hunter2@host:5555',
  'https://ann:hunter2@host:80',
  'nats://ann:hunter2@host',
];

const lines: readonly (readonly string[])[] = [
  ['bridge', 'b', '--via', '<address>'],
  ['bridge', 'b', '--via', '<address>', '--key', 'k'],
  ['bridge', 'b', '--via', '<address>', '--name', 'b'],
  ['bridge', '<address>', '--via', 'cat'],
  ['bridge', 'b', '<address>'],
  ['bridge', 'b', '--vai=<address>'],
  ['listen', 'x', '--at', 'b', '--key', 'k', '--via', '<address>', '--as', 'ann'],
  ['receive', '--listen', '<address>', '--key', 'k'],
  ['agent', 'a2a', 'planner', '--url', '<address>'],
  ['send', '<address>', 'hello', '--as', 'planner'],
  ['read', 'reviewer', '--since', '<address>'],
  ['move', '<address>'],
  ['serve', '--socket', '<address>', 'x'],
];

test.each(addresses)('%s is typed, and no error tells its password', async (address) => {
  const { dreamos } = await createRig();
  for (const line of lines)
    for (const also of [[], ['--json']]) {
      const { out, err, code } = await dreamos([...line.map((word) => word.replace('<address>', address)), ...also]);
      expect(code, line.join(' ')).not.toBe(0);
      expect(err, line.join(' ')).not.toBe('');
      expect(out + err, line.join(' ')).not.toContain('hunter2');
    }
  const { err } = await dreamos('list reviewer', { env: { DREAMOS_SERVER: address } });
  expect(err).toMatch(/where a server listens|unix socket only/);
  expect(err).not.toContain('hunter2');
});

test.each([...addresses, 'redis:/ann:hunter2@host'])(
  '%s is where a root is to be, and no error tells its password',
  async (address) => {
    const cwd = scratch();
    const at = join(cwd, 'runtime', 'agent_comms');
    await mkdir(at, { recursive: true });
    const format = { format: 'dreamos', version: 2, engine: 'redis', address: address.split('#')[0], id: 'id1' };
    await writeFile(join(at, 'format.json'), JSON.stringify(format));
    const tries = [
      findRoot({ cwd, env: {}, root: address }),
      findRoot({ cwd, env: { DREAMOS_ROOT: address } }),
      findRoot({ cwd, env: {} }),
      initRootFolder({ cwd: scratch(), env: {}, store: address }),
      endsOfMove({ to: address }, { cwd, env: {} }),
    ];
    for (const refused of await Promise.allSettled(tries)) {
      const error = (refused as PromiseRejectedResult).reason as DreamosError;
      expect(error).toBeInstanceOf(DreamosError);
      expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain('hunter2');
    }
  },
);
