// Builds dist/native/: the command as a native program (native/). It needs a C compiler, and pip for the sources of QuickJS-ng.
// Without them dreamos runs by Node, as it does where nobody has built this. With musl-gcc it is a megabyte smaller, and as fast.
//
//   node scripts/build-native.mjs            for this machine
//   node scripts/build-native.mjs --quick    without the profile: a fifth slower, built in a third of the time
//   node scripts/pack-native.mjs             packages of it, also for another machine
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
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
export async function buildNative({ quick = false, compiler, platform = ownPlatform } = {}) {
  if (!(platform in nativePlatforms))
    throw new CannotBuild(
      `There is no native program for ${platform}, only for ${Object.keys(nativePlatforms).join(', ')}.`,
    );
  await mkdir(cache, { recursive: true });
  const sources = await engineSources();
  compiler ??= process.env.CC ?? (await ownCompiler());
  const work = await mkdtemp(join(tmpdir(), 'dreamos-native-'));
  try {
    await compileModules(await compilerOfModules(compiler, sources), work);
    const program = join(work, 'dreamos');
    const flags = [quick ? '-O2' : '-O3', '-ffunction-sections', '-fdata-sections', '-fno-asynchronous-unwind-tables'];
    if (platform !== ownPlatform)
      await link(await crossCompiler(platform), flags, sources, work, program, emulators[platform]);
    // Others keep their profiles in other ways.
    else if (!quick && /Free Software Foundation/.test((await need(compiler, ['--version'], ...aCompiler)).stdout)) {
      await link([compiler], [...flags, '-DDREAMOS_PROFILE', '-fprofile-generate'], sources, work, program);
      await train(program, work);
      // Left to itself it makes the engine a tenth larger, for a tenth fewer instructions and no time that can be measured.
      const small = '--param=inline-unit-growth=15';
      await link([compiler], [...flags, '-fprofile-use', '-Wno-missing-profile', small], sources, work, program);
    } else await link([compiler], flags, sources, work, program);
    const bytes = await readFile(program);
    if (compiler === 'musl-gcc' && platform === ownPlatform) checkSize(bytes.length, quick);
    const out = join(project, 'dist/native', platform === ownPlatform ? 'dreamos' : `dreamos-${platform}`);
    await mkdir(dirname(out), { recursive: true });
    const fresh = `${out}.new-${process.pid}`;
    await writeFile(fresh, bytes, { mode: 0o755 });
    await rename(fresh, out);
    return out;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Of what is published. The same image lies in the quick build, whose code was 50,112 and 53,248 bytes longer. */
const mostBytes = 3_000_000;
const quickIsLonger = 50_000;

function checkSize(bytes, quick) {
  const most = mostBytes + (quick ? quickIsLonger : 0);
  if (bytes > most)
    throw new Error(
      `The program has ${bytes} bytes, and may have ${most}: see what came into scripts/bundle-native.mjs.`,
    );
}

export const ownPlatform = `${process.platform}-${process.arch}`;

/** Where there is a native program, by Node's names; and what the cross compiler calls it, where that has the system's headers. */
export const nativePlatforms = {
  'linux-x64': 'x86_64-linux-musl',
  'linux-arm64': 'aarch64-linux-musl',
  'darwin-x64': undefined,
  'darwin-arm64': undefined,
};

/** What runs a program of another machine, which makes its image itself. */
const emulators = { 'linux-x64': 'qemu-x86_64', 'linux-arm64': 'qemu-aarch64' };

async function ownCompiler() {
  const isThere = await run('musl-gcc', ['--version']).then(
    () => true,
    () => false,
  );
  return isThere ? 'musl-gcc' : 'cc';
}

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
  for (const { path, text } of outputFiles) {
    // import() asks the engine which file it stands in, and of that nothing is kept.
    await writeFile(path, text.replace(/\bimport\("\.\//g, 'importModule("'));
    await run(compile, [path, basename(path), `${path}.bin`]);
  }
  await writeFile(join(work, 'modules.S'), imageOf(names, modules));
}

/** What native/host/image.h says of `struct image`, with the modules. */
function imageOf(names, modules) {
  const from = (label) => `.long ${label} - SYMBOL(image)`;
  return section([
    `.quad 0, 0, 0, SYMBOL(image_end) - SYMBOL(image), ${names.length}`,
    ...names.flatMap((_, i) => [from(`name_${i}`), from(`module_${i}`), `.long module_${i}_end - module_${i}`]),
    ...names.flatMap((name, i) => [
      `name_${i}: .asciz ${JSON.stringify(name)}`,
      `module_${i}: .incbin "${join(modules, name)}.bin"`,
      `module_${i}_end:`,
    ]),
    // The room that the program makes its image in.
    '#ifndef __APPLE__',
    '.zero 16 << 20',
    '#endif',
    'SYMBOL(image_end):',
  ]);
}

const section = (lines) =>
  [
    '#ifdef __APPLE__',
    '#define SYMBOL(name) _##name',
    '.data',
    '#else',
    '#define SYMBOL(name) name',
    '.section .image,"aw"',
    '#endif',
    '.balign 16',
    '.globl SYMBOL(image)',
    'SYMBOL(image):',
    ...lines,
    '#ifdef __ELF__',
    '.section .note.GNU-stack,"",%progbits',
    '#endif',
    '',
  ].join('\n');

const ofLinux = ['-static', '-no-pie', `-Wl,-T,${join(native, 'image.ld')}`, '-Wl,--gc-sections', '-lpthread', '-s'];
const ofMac = ['-Wl,-dead_strip'];
// What the cross compiler does anyhow, and knows no word for.
const onlyHere = ownPlatform.startsWith('linux') ? ['-Wl,-z,noseparate-code'] : [];

/**
 * On Linux twice: with the modules, and with the image that the program makes of them.
 * @param emulator what runs it, if not this machine
 */
async function link([command, ...words], flags, sources, work, program, emulator) {
  const host = (await readdir(join(native, 'host'), { recursive: true })).filter((name) => name.endsWith('.c'));
  const folder = join(work, 'objects');
  const compiler = [command, ...words];
  const engineParts = await objects(
    compiler,
    [...flags, '-w', '-D_GNU_SOURCE', '-Dgettimeofday=engine_time', ...includes(sources)],
    engineFiles(sources),
    folder,
  );
  const version = await ownVersion();
  const own = [
    ...flags,
    '-Wall',
    '-Wextra',
    ...includes(sources),
    `-I${join(native, 'host')}`,
    `-DDREAMOS_VERSION="${version}"`,
  ];
  const files = host.map((name) => join(native, 'host', name));
  const parts = [...engineParts, ...(await objects(compiler, own, files, folder))];
  const isMac = ownPlatform.startsWith('darwin');
  const linkWith = async (file) => {
    parts.push(...(await objects(compiler, own, [join(work, file)], folder)));
    await need(
      command,
      [...words, ...flags, ...parts, ...(isMac ? ofMac : ofLinux), ...(emulator ? [] : onlyHere), '-lm', '-o', program],
      ...aCompiler,
    );
    parts.pop();
  };
  await linkWith('modules.S');
  if (isMac) return;
  const [first, ...before] = emulator ? [emulator, program] : [program];
  const image = join(work, 'image');
  const making = [...before, '--make-image', image];
  await need(first, making, `${emulator}, by which that machine's program makes its image`, 'qemu-user');
  // It holds nothing of where and when it was made, or the build ends here.
  await run(first, [...making.slice(0, -1), `${image}-again`], {
    cwd: '/',
    env: { PATH: process.env.PATH, TZ: 'Asia/Tokyo' },
  });
  if (!(await readFile(image)).equals(await readFile(`${image}-again`)))
    throw new Error('The image depends on its surroundings: something in native/prepared.ts looks at the machine.');
  await writeFile(join(work, 'image.S'), section([`.incbin "${image}"`]));
  await linkWith('image.S');
  const { stdout } = await run(first, [...before, '--version']);
  if (stdout !== `${version}\n`) throw new Error(`The program with its image says: ${stdout}`);
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
    console.log(`${relative(process.cwd(), program)}: ${(await stat(program)).size} bytes`);
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.error(`${error.message}\nWithout it everything works by Node as before.`);
    if (process.env.DREAMOS_DEBUG && error.cause) console.error(error.cause.stderr || error.cause);
    process.exitCode = 1;
  }
}
