// Builds test/faults/run.ts and runs it: Node 20 takes no TypeScript.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAll } from './build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Below the checkout, so that the bundle finds node_modules.
const outfile = join(root, 'dist', 'faults', 'run.mjs');

await buildAll({ types: false });
await build({
  absWorkingDir: root,
  entryPoints: ['test/faults/run.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
});
const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => (process.exitCode = code ?? (signal ? 130 : 1)));
