// Builds dist/native/: the command as a native program (native/). It needs a C compiler, and pip for the sources of QuickJS-ng.
// Without them dreamos runs by Node, as it does where nobody has built this.
//
//   node scripts/build-native.mjs            for this machine
//   node scripts/build-native.mjs --quick    without the profile: a fifth slower, built in a third of the time
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundle } from './bundle-native.mjs';

const run = promisify(execFile);
const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(project, 'native');
const cache = join(project, 'node_modules/.cache/dreamos-native');

const engine = {
  name: 'quickjs-ng',
  version: '0.17.0.2',
  sha256: '43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef',
  folder: 'upstream-quickjs',
  sources: ['quickjs.c', 'libregexp.c', 'libunicode.c', 'dtoa.c'],
};

export async function buildNative({ quick = false, compiler = process.env.CC ?? 'cc' } = {}) {
  await mkdir(cache, { recursive: true });
  const sources = await engineSources();
  const work = await mkdtemp(join(tmpdir(), 'dreamos-native-'));
  try {
    const compile = await compilerOfModules(compiler, sources);
    await compileModules(compile, work);
    const program = join(work, 'dreamos');
    const flags = [...(quick ? ['-O2'] : ['-O3']), '-ffunction-sections', '-fdata-sections'];
    // Others keep their profiles in other ways.
    const profiled =
      !quick && /Free Software Foundation/.test((await need(compiler, ['--version'], ...aCompiler)).stdout);
    if (profiled) {
      await link(compiler, [...flags, '-DDREAMOS_PROFILE', '-fprofile-generate'], sources, work, program);
      await train(program, work);
    }
    await link(
      compiler,
      !profiled ? flags : [...flags, '-fprofile-use', '-Wno-missing-profile'],
      sources,
      work,
      program,
    );
    const out = join(project, 'dist/native');
    await mkdir(out, { recursive: true });
    const fresh = join(out, `dreamos.new-${process.pid}`);
    await writeFile(fresh, await readFile(program), { mode: 0o755 });
    await rename(fresh, join(out, 'dreamos'));
    return join(out, 'dreamos');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

// Pinned, and checked by pip. A release of its sources is on PyPI; on npm there is none.
async function engineSources() {
  const folder = join(cache, `${engine.name}-${engine.version}`);
  if (existsSync(folder)) return join(folder, engine.folder);
  const download = await mkdtemp(join(cache, 'download-'));
  try {
    const wanted = join(download, 'requirements.txt');
    await writeFile(wanted, `${engine.name}==${engine.version} --hash=sha256:${engine.sha256}\n`);
    const words = '-m pip download --quiet --no-deps --no-binary :all: --require-hashes --disable-pip-version-check';
    await need('python3', [...words.split(' '), '-r', wanted, '-d', download], 'pip', 'python3-pip');
    const archive = (await readdir(download)).find((name) => name.endsWith('.tar.gz'));
    await need('tar', ['-xzf', join(download, archive), '--strip-components=1', '-C', download], 'tar', 'tar');
    await rename(download, folder);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  return join(folder, engine.folder);
}

/** What this machine lacks, or what has come of a program, in one sentence; `dreamos` goes on by Node. */
class CannotBuild extends Error {}

async function need(command, args, what, packages) {
  try {
    return await run(command, args, { maxBuffer: 1 << 26 });
  } catch (error) {
    const said = String(error.stderr ?? '').trim();
    if (error.code === 'ENOENT' || /No module named pip/.test(said))
      throw new CannotBuild(
        `The native program is built with ${what}, which is not here: apt-get install ${packages}, or whatever installs it on this machine.`,
      );
    if (/DO NOT MATCH THE HASHES/.test(said))
      throw new CannotBuild(
        `What PyPI gave for ${engine.name} ${engine.version} is not what scripts/build-native.mjs has the checksum of, and was thrown away: type the same again, or pip config list to see where it came from.`,
      );
    const why = said.split('\n').find((line) => /error/i.test(line)) ?? said.split('\n').at(-1);
    throw new CannotBuild(
      `The native program was not built, because ${command} failed: ${why || error.message}. To see all of it, type: DREAMOS_DEBUG=1 npm run build:native`,
      { cause: error },
    );
  }
}

const includes = (sources) => ['-DNDEBUG', '-isystem', sources];

const aCompiler = ['a C compiler', 'gcc libc6-dev'];

/** Compiles each to `<folder>/<name>.o`: gcc finds a profile by the name of the object that it was written for. */
async function objects(compiler, flags, files, folder) {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    files.map(async (file) => {
      const object = join(folder, `${basename(file)}.o`);
      await need(compiler, ['-std=gnu11', ...flags, '-c', file, '-o', object], ...aCompiler);
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
      compiler,
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
    '-DNODE_SCRIPT="../../bin/dreamos.cjs"',
  ];
  const files = [...host.map((name) => join(native, 'host', name)), join(work, 'blobs.c'), join(work, 'blobs.S')];
  const parts = await objects(compiler, own, files, folder);
  await need(
    compiler,
    [...flags, ...parts, ...engineParts, '-static', '-Wl,--gc-sections', '-lm', '-lpthread', '-s', '-o', program],
    ...aCompiler,
  );
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
