// Makes the packages that are published, in dist/packages/: dreamos, and the native program for each platform, which dreamos has
// as an optional dependency, so that npm takes the one that fits the machine. They are named at packing only, because `npm ci`
// in a checkout would ask the registry for them.
//
//   npm run pack:native                               for this machine
//   npm run pack:native -- linux-x64 linux-arm64      for these; what is not this machine is cross-compiled
//   npm run pack:native -- --built                    for this machine, as build:native has left it
//
// dreamos names the platform packages of its version that lie in dist/packages/, so those of macOS are made there and copied.
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildNative, nativePlatforms, ownPlatform, project } from './build-native.mjs';
import { bundle } from './bundle-native.mjs';
import { CannotBuild, engine } from './native-tools.mjs';
import { bundledIn, bundledProperty, hash, licensed, sbomOf } from './sbom.mjs';

const run = promisify(execFile);

/**
 * @param {string} program of this platform
 * @param {string} out a folder
 * @returns {Promise<string>} the packed file
 */
export async function packPlatform(platform, program, out) {
  return staged(async (folder) => {
    const own = await manifest(project);
    const made = manifestOf(own, platform, await readFile(program));
    await writeManifest(folder, made);
    await writeFile(join(folder, 'sbom.cdx.json'), await sbomOfNative(made));
    await copyFile(program, join(folder, 'dreamos'));
    await chmod(join(folder, 'dreamos'), 0o755);
    await copyFile(join(project, 'LICENSE'), join(folder, 'LICENSE'));
    return pack(folder, out);
  });
}

/** Of a platform's package: where it comes from is said as dreamos itself says it, since npm compares that with who publishes. */
export function manifestOf({ version, license, author, repository, publishConfig }, platform, program) {
  const [os, cpu] = platform.split('-');
  return {
    name: `@dreamos/native-${platform}`,
    version,
    description: `The native program of dreamos for ${platform}. Install dreamos instead.`,
    license,
    author,
    repository,
    os: [os],
    cpu: [cpu],
    // Statically linked (musl) it runs with any; else npm takes it only where its loader is.
    ...(os === 'linux' && program.includes('/ld-linux') && { libc: ['glibc'] }),
    preferUnplugged: true,
    publishConfig,
    files: ['dreamos', 'sbom.cdx.json'],
  };
}

/**
 * @param {readonly string[]} platforms whose packages it names
 * @param {(folder: string) => Promise<void>} change of what is packed, before it is
 */
export async function packCommand(platforms, out, change = async () => {}) {
  return staged(async (folder) => {
    const plain = await pack(project, folder);
    await run('tar', ['-xzf', plain, '--strip-components=1', '-C', folder]);
    await rm(plain);
    const own = await manifest(folder);
    await writeManifest(folder, {
      ...own,
      // Which starts the script, or the native program; that needs the script for the rest.
      bin: { dreamos: 'bin/dreamos' },
      // They are a checkout's.
      scripts: undefined,
      devDependencies: undefined,
      optionalDependencies: Object.fromEntries(platforms.map((name) => [`@dreamos/native-${name}`, own.version])),
    });
    await writeFile(join(folder, 'bin/dreamos'), await launcher(platforms), { mode: 0o755 });
    await change(folder);
    return pack(folder, out);
  });
}

async function launcher(platforms) {
  const text = await readFile(join(project, 'scripts/launcher.sh'), 'utf8');
  // A loop over no words is none.
  return text.replace('PLATFORMS', platforms.join(' '));
}

async function sbomOfNative(about) {
  const { metafile } = await bundle(join(project, 'dist/native/modules'));
  const { name, version, sha256 } = engine;
  const ref = `pkg:pypi/${name}@${version}`;
  return sbomOf(about, bundledIn([metafile]), [
    {
      type: 'library',
      'bom-ref': ref,
      name,
      version,
      hashes: [hash('SHA-256', sha256)],
      ...licensed('MIT'),
      purl: ref,
      properties: [bundledProperty(true)],
    },
  ]);
}

async function staged(make) {
  const folder = await mkdtemp(join(tmpdir(), 'dreamos-pack-'));
  try {
    return await make(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pack(folder, out) {
  const fresh = await mkdtemp(join(tmpdir(), 'dreamos-packed-'));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', fresh], { cwd: folder });
    const [name] = await readdir(fresh);
    await mkdir(out, { recursive: true });
    await copyFile(join(fresh, name), join(out, `${name}.new`));
    await rename(join(out, `${name}.new`), join(out, name));
    return join(out, name);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function manifest(folder) {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

function writeManifest(folder, contents) {
  return writeFile(join(folder, 'package.json'), `${JSON.stringify(contents, undefined, 2)}\n`);
}

async function packAll(words) {
  const out = join(project, 'dist/packages');
  const built = words.includes('--built');
  const platforms = words.filter((word) => word !== '--built');
  const { version } = await manifest(project);
  for (const platform of platforms.length > 0 ? platforms : [ownPlatform]) {
    const program = built ? join(project, 'dist/native/dreamos') : await buildNative({ platform });
    console.log(relative(process.cwd(), await packPlatform(platform, program, out)));
  }
  const there = await readdir(out);
  const named = Object.keys(nativePlatforms).filter((name) => there.includes(`dreamos-native-${name}-${version}.tgz`));
  console.log(relative(process.cwd(), await packCommand(named, out)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await packAll(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
