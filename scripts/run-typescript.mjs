// Runs a TypeScript file of the tests or benchmarks outside of vitest: bundled first, because Node 20 takes no TypeScript.
//   node scripts/run-typescript.mjs test/readme/write.ts [arguments]
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { pagePlugin } from './build-page.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [entry, ...args] = process.argv.slice(2);
// Below the checkout, so that the bundle finds node_modules.
const outfile = join(root, 'node_modules', '.cache', 'dreamos', entry.replace(/\.ts$/, '.mjs'));

await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  loader: { '.md': 'text', '.lua': 'text' },
  plugins: [pagePlugin()],
  logLevel: 'warning',
});
const child = spawn(process.execPath, [outfile, ...args], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => (process.exitCode = code ?? (signal ? 130 : 1)));
