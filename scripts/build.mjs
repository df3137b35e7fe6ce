// Builds dist/: the command as one CommonJS file, and a few beside it of what few commands need; the library as ESM with its
// types; the manual page; the licences of bundled code, and a list of it (sbom.mjs).
//
// The command is CommonJS, because the loader of ESM alone is 5 ms of a send, and it is read with V8's code cache
// (bin/dreamos.cjs), which is 15. Plugins keep out of a send what it does not need: child_process, 3 ms, zod, 2, and copies of
// what Node exports, 2.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';
import { enclose, buildParts } from './parts.mjs';
import { pagePlugin } from './build-page.mjs';
import { bundledIn, sbomOf, vendoredIn } from './sbom.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const help = join(root, 'src/cli/help');

/** @param {{ types?: boolean }} options without types it takes a fraction of a second */
export async function buildAll({ types = true } = {}) {
  const ofPage = [];
  const builds = await Promise.all([
    buildCommand((metafile) => ofPage.push(metafile)),
    buildSeldom(),
    buildLibrary(),
    types ? emitTypes() : undefined,
  ]);
  const results = builds.flat().filter((result) => result !== undefined);
  const files = results.flatMap(({ outputFiles }) =>
    outputFiles.map(({ path, contents, text }) => ({
      path,
      contents: path.endsWith('.map') ? ofOurs(text) : contents,
    })),
  );
  const metafiles = [...results.map(({ metafile }) => metafile), ...ofPage];
  const bundled = bundledIn(metafiles);
  files.push({ path: join(dist, 'THIRD-PARTY.txt'), contents: await notices(bundled) });
  const maps = results.flatMap(({ outputFiles }) => outputFiles.filter(({ path }) => path.endsWith('.map')));
  const vendored = vendoredIn(maps.map(({ text }) => text));
  files.push({ path: join(dist, 'sbom.cdx.json'), contents: await sbomOf(await ownManifest(), bundled, vendored) });
  for (const file of files) await replace(file.path, file.contents);
  await removeOldChunks(files.map((file) => relative(dist, file.path)));
  if (types) await replace(join(dist, 'dreamos.1'), await manPage());
}

/** A source map with the places in src/ alone, without names: those in packages are more than half of it, and nobody is told of them. */
function ofOurs(text) {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source) => /^(?:\.\.\/)+src\//.test(source));
  const lines = decode(map.mappings).map((line) => {
    const kept = [];
    for (const [column, source, ...place] of line) {
      if (isOurs[source]) kept.push([column, source, place[0], place[1]]);
      // What follows is of nobody, and not of who came before.
      else if (kept.at(-1)?.length !== 1) kept.push([column]);
    }
    return kept;
  });
  // All of them are still named: the list of what is in the package is compared with them.
  return JSON.stringify({ ...map, names: [], mappings: encode(lines) });
}

async function manPage() {
  return (await promisify(execFile)(process.execPath, [join(root, 'bin/dreamos.cjs'), 'help', 'man'])).stdout;
}

async function ownManifest() {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
}

export async function ownVersion() {
  return (await ownManifest()).version;
}

export const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  metafile: true,
  write: false,
  loader: { '.md': 'text', '.lua': 'text' },
  logLevel: 'warning',
};

// What is asked for by an error, by `help` or by `schema`: zod and the texts of the topics. Every command would read the 180 KB
// and half of it again as code cache: 0.6 ms.
const seldom = '../dist/seldom.cjs';

async function buildSeldom() {
  const result = await build({
    ...shared,
    stdin: { contents: await seldomSource(), resolveDir: root },
    outfile: join(root, 'dist/seldom.cjs'),
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
  });
  return launchable(result);
}

async function seldomSource() {
  const pages = (await readdir(help)).filter((name) => name.endsWith('.md'));
  const page = (name) => `export { default as ${idOf(name)} } from './src/cli/help/${name}';`;
  return [`export { ${(await namesOfZod()).join(', ')} } from 'zod/mini';`, ...pages.map(page)].join('\n');
}

// By which it would check what a person has typed into a form: 0.2 MB for what dreamos never asks for.
const withoutValidators = {
  name: 'without-validators',
  setup(api) {
    api.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, ({ path }) => ({ path, namespace: 'shims' }));
    api.onLoad({ filter: /./, namespace: 'shims' }, () => ({
      contents: 'export const process = {}; export class DefaultJsonSchemaValidator {}',
    }));
  },
};

/** `page_exit_codes` of `…/exit-codes.md`; of zod nothing is called like this. */
function idOf(path) {
  return `page_${basename(path, '.md').replaceAll('-', '_')}`;
}

// Outside stays what only some commands need, and what is CommonJS. ESM-only packages are inside, also chalk and
// chokidar: with require() their default export would look different from what import() promises.
/** @param page is told of the metafile of the page, which is in the part of the server */
async function buildCommand(page) {
  const options = {
    ...shared,
    entryPoints: { dreamos: 'src/main.ts' },
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // Also the names, a third of the text: 1.8 ms of a send. Of a bug the map says where it is (src/cli/in-sources.ts).
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    lineLimit: 120,
    // import() would start the ESM loader for what require() can load as well.
    supported: { 'dynamic-import': false },
    external: [
      '@nats-io/jetstream',
      '@nats-io/transport-node',
      '@opentelemetry/api',
      '@secretlint/core',
      '@secretlint/secretlint-rule-preset-recommend',
      'cli-table3',
      'croner',
      'diff',
      'jsonc-parser',
      'node-sqlite3-wasm',
      'proper-lockfile',
      'write-file-atomic',
      'zeromq',
      seldom,
    ],
    define: { DREAMOS_VERSION: JSON.stringify(await ownVersion()) },
    // Its build for Node loads node:crypto, which is handed in where it is needed.
    alias: { ulid: join(root, 'node_modules/ulid/dist/browser/index.js') },
    plugins: [pagePlugin(page), lazyChildProcess, lazyAssert, withoutValidators, requires],
  };
  const { built, plugin } = await buildParts(options);
  const result = await build({ ...options, plugins: [plugin, ...options.plugins] });
  return [result, ...built].map(launchable);
}

/** As bin/dreamos.cjs takes it: a line with its hash, by which its code cache is named, and the function that is called. */
function launchable(result) {
  const { text, contents } = result.outputFiles.find(({ path }) => path.endsWith('.cjs'));
  // A regular expression keeps its characters where a text gets escapes, and bin/dreamos.cjs reads what it does not mean.
  const [odd] = /[\u0080-\uffff].{0,60}/.exec(text) ?? [];
  if (odd !== undefined) throw new Error(`The build is not plain ASCII: ${odd}`);
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  // If the function were put around the text by the launcher, V8 would copy 0.5 MB (0.5 ms).
  const head = `// build ${hash}\n(function (exports, require, module, __filename) {`;
  for (const file of result.outputFiles) enclose(file, head, '})');
  return result;
}

async function buildLibrary() {
  return build({
    ...shared,
    entryPoints: { index: 'src/index.ts' },
    outdir: dist,
    chunkNames: 'library-[hash]',
    format: 'esm',
    splitting: true,
    packages: 'external',
    define: { DREAMOS_VERSION: JSON.stringify(await ownVersion()) },
  });
}

// commander needs child_process for subcommands in files of their own, which dreamos does not have: 3 ms of a send.
const lazyChildProcess = {
  name: 'lazy-child-process',
  setup(api) {
    api.onLoad({ filter: /[\\/]commander[\\/]lib[\\/]command\.js$/ }, async ({ path }) => {
      const eager = "const childProcess = require('node:child_process');";
      const source = await readFile(path, 'utf8');
      if (!source.includes(eager)) return { errors: [{ text: 'commander no longer loads child_process this way' }] };
      const lazy = "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };";
      return { contents: source.replace(eager, () => lazy), loader: 'js' };
    });
  },
};

// What redis-parser says of an answer that is none is checked by node:assert, which gets hold of the standard error stream at once.
const lazyAssert = {
  name: 'lazy-assert',
  setup(api) {
    api.onLoad({ filter: /[\\/]redis-errors[\\/]lib[\\/]\w+\.js$/ }, async ({ path }) => {
      const eager = "const assert = require('assert')";
      const source = await readFile(path, 'utf8');
      if (!source.includes(eager)) return { errors: [{ text: 'redis-errors no longer loads assert this way' }] };
      const lazy = `const assert = (value) => require('assert')(value);
assert.strictEqual = (actual, expected) => require('assert').strictEqual(actual, expected);`;
      return { contents: source.replace(eager, () => lazy), loader: 'js' };
    });
  },
};

// What the sources import is asked for by require().
// Of Node, because an import copies every export there is, again in each file: 0.2 MB, and with that a garbage collection.
// Of zod, because the first `z.…` that runs sets it up, which good mail does not get to (src/model/basics/fits.ts): 2 ms of a
// send. It is an object that loads zod when something of it is asked for, and has the names that stand behind a `z.` somewhere.
const requires = {
  name: 'requires',
  setup(api) {
    api.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace(importOfZod, "const z = require('lazy-zod');")
        .replace(/^import \* as (\w+) from ('node:[^']+');$/gm, 'const $1 = require($2);')
        .replace(/^import (\{[^}]+\}) from ('node:[^']+');$/gm, 'const $1 = require($2);');
      return { contents, loader: 'ts' };
    });
    api.onLoad({ filter: /\.md$/ }, ({ path }) => ({
      contents: `module.exports = require('${seldom}').${idOf(path)};`,
    }));
    api.onResolve({ filter: /^lazy-zod$/ }, ({ path }) => ({ path, namespace: path }));
    api.onLoad({ filter: /./, namespace: 'lazy-zod' }, async () => {
      const getters = (await namesOfZod()).map((name) => `get ${name}() { return require('${seldom}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};
export const importOfZod = "import * as z from 'zod/mini';";

async function namesOfZod() {
  return namesOfZodIn((await readdir(join(root, 'src'), { recursive: true })).map((file) => join('src', file)));
}

/** @param files in the project; others than sources are passed over */
export async function namesOfZodIn(files) {
  const names = new Set();
  for (const file of files) {
    const source = file.endsWith('.ts') ? await readFile(join(root, file), 'utf8') : '';
    if (!source.includes(importOfZod)) continue;
    for (const [, name] of source.matchAll(/\bz\s*\.(?!core\b|infer\b|output\b)(\w+)/g)) names.add(name);
  }
  return [...names];
}

async function emitTypes() {
  const types = join(dist, 'types');
  const fresh = `${types}.new-${process.pid}`;
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root });
  } catch (error) {
    throw new Error(`tsc failed:\n${error.stdout || error.message}`, { cause: error });
  }
  // TypeScript before 5.7 does not look for ./x.d.ts behind './x.ts'.
  for (const name of await readdir(fresh, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = await readFile(join(fresh, name), 'utf8');
    await writeFile(join(fresh, name), text.replace(/((?:from|import\()\s*'\.{1,2}\/[^']*)\.ts'/g, "$1.js'"));
  }
  await rm(types, { recursive: true, force: true });
  await rename(fresh, types);
}

// A rename, so that a command that starts meanwhile finds the old file or the new one, never half of one.
async function replace(path, contents) {
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.new-${process.pid}`;
  await writeFile(fresh, contents);
  await rename(fresh, path);
}

async function removeOldChunks(names) {
  for (const name of await readdir(dist)) {
    if (name.startsWith('library-') && !names.includes(name)) await rm(join(dist, name));
  }
}

/** @param {readonly string[]} packages their folders */
async function notices(packages) {
  const parts = ['dreamos contains code of these packages.\n'];
  for (const folder of packages) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} is bundled, but it has no licence file.`);
    const text = await readFile(join(root, folder, file), 'utf8');
    parts.push(`${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
