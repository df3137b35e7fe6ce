// Builds dist/native/: the command as a native program (native/). It needs a C compiler, and pip for the sources of QuickJS-ng.
// Without them dreamos runs by Node, as it does where nobody has built this.
//
//   node scripts/build-native.mjs            for this machine
//   node scripts/build-native.mjs --quick    without the profile: a fifth slower, built in a third of the time
//   node scripts/pack-native.mjs             packages of it, also for another machine
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ownVersion } from './build.mjs';
import { bundle } from './bundle-native.mjs';
import { CannotBuild, cache, engine, engineSources, need, zig } from './native-tools.mjs';

const run = promisify(execFile);
export const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(project, 'native');

/**
 * @param {{ quick?: boolean, compiler?: string, platform?: string }} options platform: one of nativePlatforms; without it, or if it
 *   is this machine's, the compiler of this machine builds it, else a cross compiler
 * @returns {Promise<string>} the file
 */
export async function buildNative({ quick = false, compiler = process.env.CC ?? 'cc', platform = ownPlatform } = {}) {
  if (!(platform in nativePlatforms))
    throw new CannotBuild(
      `There is no native program for ${platform}, only for ${Object.keys(nativePlatforms).join(', ')}.`,
    );
  await mkdir(cache, { recursive: true });
  const sources = await engineSources();
  const work = await mkdtemp(join(tmpdir(), 'dreamos-native-'));
  try {
    await compileModules(await compilerOfModules(compiler, sources), work);
    const program = join(work, 'dreamos');
    const flags = [quick ? '-O2' : '-O3', '-ffunction-sections', '-fdata-sections'];
    if (platform !== ownPlatform) await link(await crossCompiler(platform), flags, sources, work, program);
    // Others keep their profiles in other ways.
    else if (!quick && /Free Software Foundation/.test((await need(compiler, ['--version'], ...aCompiler)).stdout)) {
      await link([compiler], [...flags, '-DDREAMOS_PROFILE', '-fprofile-generate'], sources, work, program);
      await train(program, work);
      await link([compiler], [...flags, '-fprofile-use', '-Wno-missing-profile'], sources, work, program);
    } else await link([compiler], flags, sources, work, program);
    const out = join(project, 'dist/native', platform === ownPlatform ? 'dreamos' : `dreamos-${platform}`);
    await mkdir(dirname(out), { recursive: true });
    const fresh = `${out}.new-${process.pid}`;
    await writeFile(fresh, await readFile(program), { mode: 0o755 });
    await rename(fresh, out);
    return out;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export const ownPlatform = `${process.platform}-${process.arch}`;

/** Where there is a native program, by Node's names; and what the cross compiler calls it, where that has the system's headers. */
export const nativePlatforms = {
  'linux-x64': 'x86_64-linux-musl',
  'linux-arm64': 'aarch64-linux-musl',
  'darwin-x64': undefined,
  'darwin-arm64': undefined,
};

async function crossCompiler(platform) {
  const target = nativePlatforms[platform];
  if (!target) throw new CannotBuild(`The native program for ${platform} is built on such a machine.`);
  // It traps what C leaves undefined, which the engine does in a few places.
  return [await zig(), 'cc', '-target', target, '-fno-sanitize=undefined'];
}

const includes = (sources) => ['-DNDEBUG', '-isystem', sources];

const aCompiler = ['a C compiler', 'gcc libc6-dev'];

/** Compiles each to `<folder>/<name>.o`: gcc finds a profile by the name of the object that it was written for. */
async function objects([compiler, ...words], flags, files, folder) {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    files.map(async (file) => {
      const object = join(folder, `${basename(file)}.o`);
      await need(compiler, [...words, '-std=gnu11', ...flags, '-c', file, '-o', object], ...aCompiler);
      return object;
    }),
  );
}

const engineFiles = (sources) => engine.sources.map((name) => join(sources, name));

// Kept: it changes with the sources alone.
async function compilerOfModules(compiler, sources) {
  const own = createHash('sha256')
    .update(await readFile(join(native, 'compile.c')))
    .digest('hex')
    .slice(0, 8);
  const out = join(cache, `compile-${engine.version}-${own}`);
  if (existsSync(out)) return out;
  const folder = await mkdtemp(join(cache, 'compile-'));
  try {
    const parts = await objects(
      [compiler],
      ['-w', '-O1', '-D_GNU_SOURCE', ...includes(sources)],
      [join(native, 'compile.c'), ...engineFiles(sources)],
      folder,
    );
    await need(compiler, [...parts, '-lm', '-lpthread', '-o', join(folder, 'compile')], ...aCompiler);
    await rename(join(folder, 'compile'), out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return out;
}

async function compileModules(compile, work) {
  const modules = join(work, 'modules');
  const { outputFiles } = await bundle(modules);
  await mkdir(modules, { recursive: true });
  const names = outputFiles.map(({ path }) => basename(path)).sort((a, b) => (a < b ? -1 : 1));
  await Promise.all(outputFiles.map(({ path, contents }) => writeFile(path, contents)));
  for (const name of names) await run(compile, [join(modules, name), name, join(modules, `${name}.bin`)]);
  await writeFile(join(work, 'blobs.c'), tableOf(names));
  await writeFile(join(work, 'blobs.S'), assemblyOf(names, modules));
}

function tableOf(names) {
  const externs = names.map((_, i) => `extern const uint8_t blob_${i}[], blob_${i}_end[];`);
  const rows = names.map((name, i) => `  { ${JSON.stringify(name)}, blob_${i}, blob_${i}_end },`);
  return [
    '#include "blobs.h"',
    ...externs,
    'const struct blob blobs[] = {',
    ...rows,
    '};',
    `const uint64_t blob_count = ${names.length};`,
    '',
  ].join('\n');
}

function assemblyOf(names, modules) {
  const parts = names.map((name, i) =>
    [
      `.globl SYMBOL(blob_${i})`,
      `SYMBOL(blob_${i}):`,
      `.incbin "${join(modules, name)}.bin"`,
      `.globl SYMBOL(blob_${i}_end)`,
      `SYMBOL(blob_${i}_end):`,
      '.byte 0',
    ].join('\n'),
  );
  return `#ifdef __APPLE__\n#define SYMBOL(name) _##name\n.const\n#else\n#define SYMBOL(name) name\n.section .rodata\n#endif\n${parts.join('\n')}\n#ifdef __ELF__\n.section .note.GNU-stack,"",%progbits\n#endif\n`;
}

async function link(compiler, flags, sources, work, program) {
  const host = (await readdir(join(native, 'host'))).filter((name) => name.endsWith('.c'));
  const folder = join(work, 'objects');
  const engineParts = await objects(
    compiler,
    [...flags, '-w', '-D_GNU_SOURCE', ...includes(sources)],
    engineFiles(sources),
    folder,
  );
  const own = [
    ...flags,
    '-Wall',
    '-Wextra',
    ...includes(sources),
    `-I${join(native, 'host')}`,
    `-DDREAMOS_VERSION="${await ownVersion()}"`,
  ];
  const files = [...host.map((name) => join(native, 'host', name)), join(work, 'blobs.c'), join(work, 'blobs.S')];
  const parts = await objects(compiler, own, files, folder);
  // macOS has no static programs.
  const libraries = ownPlatform.startsWith('darwin')
    ? ['-Wl,-dead_strip', '-lm']
    : ['-static', '-Wl,--gc-sections', '-lm', '-lpthread', '-s'];
  const [command, ...words] = compiler;
  await need(command, [...words, ...flags, ...parts, ...engineParts, ...libraries, '-o', program], ...aCompiler);
}

// What is done most often, as it is done: the compiler then knows which way the code goes.
async function train(program, work) {
  const root = join(work, 'training');
  const env = { ...process.env, DREAMOS_RUNTIME: 'native', DREAMOS_ROOT: root, DREAMOS_AGENT: 'a', NO_COLOR: '1' };
  const dreamos = async (...words) => (await run(program, words, { env })).stdout;
  await run(process.execPath, [join(project, 'bin/dreamos.cjs'), 'init', '--root', root, 'a', 'b'], { env });
  const long = 'word '.repeat(3000);
  for (let round = 0; round < 8; round++) {
    await dreamos('send', 'b', 'hello');
    await dreamos('send', 'b', long, '--subject', 'Wörter', '--priority', 'high', '--json');
    await dreamos('list', 'b');
    await dreamos('peek', 'b');
    await dreamos('read', 'b');
    await dreamos('ack');
    const [line] = (await dreamos('read', 'b', '--json')).split('\n');
    await dreamos('ack', JSON.parse(line).receipt);
    await dreamos('status', '--json');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const program = await buildNative({ quick: process.argv.includes('--quick') });
    console.log(relative(process.cwd(), program));
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.error(`${error.message}\nWithout it everything works by Node as before.`);
    if (process.env.DREAMOS_DEBUG && error.cause) console.error(error.cause.stderr || error.cause);
    process.exitCode = 1;
  }
}
