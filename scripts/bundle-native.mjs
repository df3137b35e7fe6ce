// The modules of the native program: the sources of the command, over native/prelude/ in place of Node's own modules.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { importOfZod, namesOfZod, shared, ownVersion } from './build.mjs';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(project, 'native');

export async function bundle(outdir) {
  return build({
    ...shared,
    entryPoints: { start: 'native/prelude/start.ts', seldom: 'seldom' },
    outdir,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    splitting: true,
    target: 'es2023',
    // Of long names the program would read each at every start; a stack trace names the functions by their letters.
    minify: true,
    external: ['dreamos:host'],
    define: { __filename: '"/dreamos"', DREAMOS_VERSION: JSON.stringify(await ownVersion()) },
    // Their builds for Node load node:crypto and workers.
    alias: {
      ulid: join(project, 'node_modules/ulid/dist/browser/index.js'),
      fflate: join(project, 'node_modules/fflate/esm/browser.js'),
    },
    plugins: [onlyNames, seldom, commander, nodeModules],
  });
}

/** What only `schema` asks for, which is left to Node, is 20 KB. */
const namesInUse = async () => (await namesOfZod()).filter((name) => name !== 'toJSONSchema');

// Zod: a module that is read when something of it is asked for.
const seldom = {
  name: 'seldom',
  setup(api) {
    api.onResolve({ filter: /^seldom$/ }, ({ path }) => ({ path, namespace: path }));
    api.onLoad({ filter: /./, namespace: 'seldom' }, async () => ({
      contents: `export { ${(await namesInUse()).join(', ')} } from 'zod/mini';`,
      resolveDir: project,
    }));
    api.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(importOfZod, "import z from 'lazy-zod';"),
      loader: 'ts',
    }));
    api.onResolve({ filter: /^lazy-zod$/ }, ({ path }) => ({ path, namespace: path }));
    api.onLoad({ filter: /./, namespace: 'lazy-zod' }, () => {
      // No object of getters, as Node has: in the image each of them takes 400 bytes.
      return {
        contents: `import { seldom } from './native/prelude/seldom.ts';
          export default new Proxy({}, { get: (_, name) => seldom()[name] });`,
        resolveDir: project,
      };
    });
  },
};

const fromNode =
  /^(?:node:)?(child_process|crypto|events|fs|fs\/promises|net|os|path|process|stream|stream\/promises|tty|util|v8|worker_threads|zlib)$/;
/** What only Node can do, because it stands on too much of it: watching files, schedules, archives, and work; and colours, which no table of ours has. */
const onlyNode = /^(?:chokidar|croner|modern-tar|@colors\/colors)(?:\/|$)/;
/**
 * And what only commands need that are left to it: the texts of `help`, and what looks after a root as a whole; and what finds out what
 * a command line was meant to say that cannot be run.
 */
const onlyNodeFiles =
  /[\\/]src[\\/](?:mcp[\\/].*\.ts|cli[\\/]help[\\/].*\.md|(?:storage[\\/](?:engine|redis)[\\/].*|storage[\\/]file[\\/](?:make-root|disk[\\/](?:watch-folder|foreign[\\/]tar-gz)|(?:doctor|backup|dump|load|move|restore|keep)[\\/].*|audit[\\/]trail|claim[\\/]hand-over|events[\\/](?:watch|watch-document|pushes|read-log|rollups))|hooks[\\/](?:wait|guard|bind)|core[\\/](?:audit[\\/].*|root[\\/](?:spans|revisions)|(?:secrets|policy|follow)[\\/].*|config[\\/].*|work[\\/]outcome|schedules[\\/]fire-due|tasks[\\/](?:keeper|ending)|agents[\\/](?:duties|card)|overview[\\/].*|(?:age|seal)[\\/].*|identity[\\/](?!root-id|signatures[\\/]look).*|take[\\/](?:signed|unsealed|away)|remote[\\/].*)|program[\\/]dashes|cli[\\/](?:tools[\\/]server|security[\\/].*|other-words|handler[\\/]tail|input[\\/]batch))\.ts)$/;
/** A file of a command has its verb's name. */
const commandFile = /^(?:\.\.\/)+commands\/\w+\/([\w-]+)\.ts$/;
const others = { 'graceful-fs': 'node/fs.ts', 'signal-exit': 'signal-exit.ts' };

const nodeModules = {
  name: 'node-modules',
  async setup(api) {
    const leave = (path) => ({ path, namespace: 'only-node' });
    const { isNative } = await declared();
    api.onResolve({ filter: commandFile }, ({ path }) =>
      isNative(commandFile.exec(path)[1], {}) ? undefined : leave(path),
    );
    api.onResolve({ filter: onlyNode }, ({ path }) => leave(path));
    api.onResolve({ filter: /^\.{1,2}\/.*\.(?:ts|md)$/ }, ({ path, resolveDir }) =>
      onlyNodeFiles.test(join(resolveDir, path)) ? leave(path) : undefined,
    );
    api.onLoad({ filter: /./, namespace: 'only-node' }, ({ path }) => ({
      contents: `process.getBuiltinModule(${JSON.stringify(path)}); module.exports = {};`,
    }));
    const use = (file, kind) => (kind === 'require-call' ? { path: file, namespace: 'required' } : { path: file });
    api.onResolve({ filter: fromNode }, ({ path, kind }) => {
      const file = join(native, 'prelude/node', `${fromNode.exec(path)[1].replace(/[/_]/g, '-')}.ts`);
      return existsSync(file) ? use(file, kind) : leave(path);
    });
    api.onResolve({ filter: /^(?:graceful-fs|signal-exit)$/ }, ({ path, kind }) =>
      use(join(native, 'prelude', others[path]), kind),
    );
    // require() gives what `import` calls the default, where there is one.
    api.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: `const all = require(${JSON.stringify(path)}); module.exports = all.default ?? all;`,
      resolveDir: project,
    }));
  },
};

/** What of commander makes pages of help, guesses what was meant and runs other programs: when it is called, Node does it. */
const leftOfCommander = {
  'help.js': ['Help', 'stripColor'],
  suggestSimilar: ['suggestSimilar'],
};
const methodsLeft = [
  ...['_executeSubCommand', '_checkForMissingExecutable', '_dispatchHelpCommand', 'unknownOption', 'unknownCommand'],
  ...['helpInformation', '_getOutputContext', 'outputHelp', 'help'],
];
const commander = {
  name: 'commander',
  setup(api) {
    const leave = '{ process.getBuiltinModule("commander"); }';
    api.onResolve({ filter: /^\.\/(?:lib\/)?(?:help\.js|suggestSimilar)$/ }, ({ path, resolveDir }) =>
      /[\\/]commander(?:[\\/]lib)?$/.test(resolveDir) ? { path: basename(path), namespace: 'of-commander' } : undefined,
    );
    api.onLoad({ filter: /./, namespace: 'of-commander' }, ({ path }) => ({
      contents: leftOfCommander[path].map((name) => `exports.${name} = function () ${leave};`).join('\n'),
    }));
    api.onLoad({ filter: /[\\/]commander[\\/]lib[\\/]command\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      const put = (found, instead) => {
        if (!found.test(contents)) throw new Error(`There is no ${found} in commander any more.`);
        contents = contents.replace(found, instead);
      };
      put(/^const childProcess = .*$/m, '');
      for (const name of methodsLeft)
        put(new RegExp(`^ {2}${name}\\([^)]*\\) \\{$.*?^ {2}\\}$`, 'ms'), `  ${name}() ${leave}`);
      return { contents };
    });
  },
};

/** Of the verbs that are left to Node, and of what help says of verbs, the names are here. */
const namesAlone =
  /[\\/]src[\\/]program[\\/](?:describe|verbs[\\/](?:audit|identity|keep|meta|people|policy|reach|tasks))\.ts$/;
const onlyNames = {
  name: 'only-names',
  setup(api) {
    api.onLoad({ filter: namesAlone }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const verbs = source.matchAll(/^export const (\w+): Verb = \{\n {2}words: ('[^']*'),$/gm);
      const functions = source.matchAll(/^export function (\w+)/gm);
      return {
        contents: [
          `const leave = () => process.getBuiltinModule(${JSON.stringify(basename(path))});`,
          ...[...verbs].map(([, name, words]) => `export const ${name} = { words: ${words}, setUp: leave };`),
          ...[...functions].map(([, name]) => `export { leave as ${name} };`),
        ].join('\n'),
      };
    });
  },
};

/** What the native program does, of the one list of that. */
async function declared() {
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: ['src/contract/native.ts'],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
