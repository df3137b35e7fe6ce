// A folder of files in Python that never syncs: not a fair comparison for a send, but the nearest relative.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Absent } from './absent.mjs';

const script = join(import.meta.dirname, 'dirq-queue.py');

export function open(folder) {
  const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import dirq']).status === 0);
  if (!python) throw new Absent('dirq is not installed (Debian: apt-get install python3-dirq)');
  return {
    name: 'python3-dirq',
    durable: false,
    batching: '',
    box: async (name) => {
      const ask = (request) => askPython(python, { dir: join(folder, name), ...request });
      return { send: (texts) => ask({ send: texts }), consume: () => ask({}) };
    },
    close() {},
  };
}

// It measures by itself, so that Python's start does not count.
function askPython(python, request) {
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`dirq-queue.py ended with ${status}.\n${stderr}`);
  return JSON.parse(stdout);
}
