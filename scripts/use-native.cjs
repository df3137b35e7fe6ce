'use strict';
// What npm runs when it has installed the package: puts the native program of this machine in the place of bin/dreamos. Whatever
// stands against it (no package for this platform, another version, a program that does not run here) is no fault of the
// install, and bin/dreamos stays the script that runs by Node.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const place = path.join(__dirname, 'dreamos');
const fresh = `${place}.new-${process.pid}`;

try {
  useNative();
} catch {
  fs.rmSync(fresh, { force: true });
}

function useNative() {
  // Others than npm write into a script beside it that it is run by Node, or share the file with other installations.
  if (!process.env.npm_config_user_agent?.startsWith('npm/')) return;
  const { version } = require('../package.json');
  const name = `@dreamos/native-${process.platform}-${process.arch}`;
  const manifest = require.resolve(`${name}/package.json`);
  if (require(manifest).version !== version) return;
  fs.copyFileSync(path.join(path.dirname(manifest), 'dreamos'), fresh);
  fs.chmodSync(fresh, 0o755);
  // Here it stands as it will: this is also the proof that it finds the rest of the package.
  const env = { ...process.env, DREAMOS_RUNTIME: 'native' };
  const { stdout } = spawnSync(fresh, ['--version', '--json'], { env, encoding: 'utf8', timeout: 10_000 });
  const own = JSON.parse(stdout);
  if (own.runtime !== 'native' || own.version !== version) throw new Error(`It is not ${version}.`);
  // A rename: whoever starts it meanwhile finds the script or the program.
  fs.renameSync(fresh, place);
}
