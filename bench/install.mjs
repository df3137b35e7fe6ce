// What only the peers need is installed by the first run that has peers.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

export function installPeers() {
  if (isInstalled()) return;
  process.stderr.write('Installing what the peers need, once (npm ci in bench/; SQLite may have to be compiled) …\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', import.meta.dirname], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.stderr.write('That failed; the peers that need it are named as absent.\n');
}

function isInstalled() {
  const mark = stat(join(import.meta.dirname, 'node_modules', '.package-lock.json'));
  return mark !== undefined && mark.mtimeMs >= stat(join(import.meta.dirname, 'package-lock.json')).mtimeMs;
}

function stat(path) {
  return statSync(path, { throwIfNoEntry: false });
}
