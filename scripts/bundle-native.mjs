// The modules of the native program: the sources of the command, over native/prelude/ in place of Node's own modules.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { importOfZod, namesOfZodIn, shared, ownVersion } from './build.mjs';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(project, 'native');

export async function bundle(outdir) {
  const start = 'native/prelude/start.ts';
  const { metafile } = await bundleOf(outdir, { start });
  return bundleOf(outdir, { start, seldom: 'seldom' }, await namesOfZodIn(sourcesIn(metafile)));
}

/** Of src/ the files that something of is in it. */
function sourcesIn({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.flatMap(([file, { bytesInOutput }]) => (/^src\/.*\.ts$/.test(file) && bytesInOutput > 0 ? [file] : []));
}

async function bundleOf(outdir, entryPoints, namesOfZod = []) {
  const verbs = await declared();
  return build({
    ...shared,
    entryPoints,
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
    plugins: [wordless(verbs), seldom(namesOfZod), commander, nodeModules(verbs)],
  });
}

// Zod: a module that is read when something of it is asked for, with nothing but these names.
const seldom = (names) => ({
  name: 'seldom',
  setup(api) {
    api.onResolve({ filter: /^seldom$/ }, ({ path }) => ({ path, namespace: path }));
    api.onLoad({ filter: /./, namespace: 'seldom' }, () => ({
      contents: `export { ${names.join(', ')} } from 'zod/mini';`,
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
});

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

const nodeModules = ({ isNative }) => ({
  name: 'node-modules',
  setup(api) {
    // One for all: 71 modules of a line each were 17 KB.
    const leave = () => ({ path: 'only-node', namespace: 'only-node' });
    api.onResolve({ filter: commandFile }, ({ path }) =>
      isNative(commandFile.exec(path)[1], {}) ? undefined : leave(),
    );
    api.onResolve({ filter: onlyNode }, leave);
    api.onResolve({ filter: /^\.{1,2}\/.*\.(?:ts|md)$/ }, ({ path, resolveDir }) =>
      onlyNodeFiles.test(join(resolveDir, path)) ? leave() : undefined,
    );
    api.onLoad({ filter: /./, namespace: 'only-node' }, ({ path }) => ({
      contents: `process.getBuiltinModule(${JSON.stringify(path)}); module.exports = {};`,
    }));
    const use = (file, kind) => (kind === 'require-call' ? { path: file, namespace: 'required' } : { path: file });
    api.onResolve({ filter: fromNode }, ({ path, kind }) => {
      const file = join(native, 'prelude/node', `${fromNode.exec(path)[1].replace(/[/_]/g, '-')}.ts`);
      return existsSync(file) ? use(file, kind) : leave();
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
});

/** What of commander makes pages of help, guesses what was meant and runs other programs: when it is called, Node does it. */
const leftOfCommander = {
  'help.js': ['Help', 'stripColor'],
  suggestSimilar: ['suggestSimilar'],
};
const methodsLeft = {
  'command.js': [
    ...['_executeSubCommand', '_checkForMissingExecutable', '_dispatchHelpCommand', 'unknownOption', 'unknownCommand'],
    ...['helpInformation', '_getOutputContext', 'outputHelp', 'help', 'createHelp', 'configureHelp', 'addHelpText'],
    ...['showHelpAfterError', 'showSuggestionAfterError', 'addHelpCommand', 'addHelpOption'],
    ...['helpGroup', 'commandsGroup', 'optionsGroup', 'description', 'summary', 'usage', 'alias'],
    ...['addCommand', 'requiredOption', 'combineFlagAndOptionalValue'],
    ...['enablePositionalOptions', 'passThroughOptions', 'storeOptionsAsProperties', 'setOptionValue', 'executableDir'],
    ...['getOptionValueSourceWithGlobals', 'parse', 'nameFromFilename', 'missingMandatoryOptionValue'],
  ],
  'option.js': ['preset', 'conflicts', 'implies', 'env', 'choices', 'helpGroup'],
  'argument.js': ['choices'],
};
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
    api.onLoad({ filter: /[\\/]commander[\\/]lib[\\/](?:command|option|argument)\.js$/ }, async ({ path }) => {
      const file = basename(path);
      let contents = await readFile(path, 'utf8');
      const put = (found, instead) => {
        if (!found.test(contents)) throw new Error(`There is no ${found} in commander any more.`);
        contents = contents.replace(found, instead);
      };
      if (file === 'command.js') put(/^const childProcess = .*$/m, '');
      for (const name of methodsLeft[file])
        put(new RegExp(`^ {2}${name}\\([^)]*\\) \\{$.*?^ {2}\\}$`, 'ms'), `  ${name}() ${leave}`);
      return { contents };
    });
  },
};

/**
 * Of the command surface all that only help says is left out, and of the verbs that are left to Node all but their names:
 * whoever asks for them is in Node before he sees it. The sources are as Prettier lays them out.
 */
const wordless = ({ isNative }) => ({
  name: 'wordless',
  setup(api) {
    api.onLoad({ filter: /[\\/]src[\\/]program[\\/].*\.ts$/ }, async ({ path }) => {
      const kept = (await readFile(path, 'utf8'))
        .replace(verb, (whole, head, words) =>
          isNative(words.split(' ', 1)[0], {}) ? whole : `${head} setUp: leave };`,
        )
        .replace(describe, 'export const describe = leave;')
        .replace(ofHelp, '$2$3')
        .replace(described, "$1 ''");
      const contents = `const leave = () => process.getBuiltinModule(${JSON.stringify(basename(path))});\n${kept}`;
      // Else it would be in Node for it at each call.
      const left = ofLeft.exec(contents);
      if (left) throw new Error(`${path} has what is left to Node: ${contents.slice(left.index, left.index + 80)}`);
      return { contents, loader: 'ts' };
    });
  },
});
const verb = /^(export const \w+: Verb = \{\n {2}words: '([^']*)',)\n[^]*?^\};$/gm;
/** Gives all verbs what help says of them. */
const describe = /^export function describe\([^]*?^\}$/m;
const ofHelp = /^( *)(\w*)\.(?:addHelpText|configureHelp|description|usage)\((?:.*\)|[^]*?\n\1\}?\))(;?)$/gm;
const ofLeft = new RegExp(`\\.(?:${methodsLeft['command.js'].join('|')})\\(|\\.option\\((?!\\s*'[^']*', '')`);
/** The second argument: what is said of an option. */
const described = /(\.option\(\s*'[^']*',)\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\w+)/g;

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
