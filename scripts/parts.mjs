// Parts of the command in files of their own beside dist/dreamos.cjs, which reads one when an import() asks for a file of it.
// Every start reads the whole of dist/dreamos.cjs and what V8 keeps of it: without the parts a send takes 2 ms longer.
//
// A part holds what only its files need. What it shares with the rest is handed over by dist/dreamos.cjs: a second copy
// would be as many bytes again, and its errors would be none to the first. So is what it asks for of another part. What two parts
// need is kept in dist/dreamos.cjs, but for the server: it calls nearly every operation, so it borrows of the part that has one.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(root, 'src');

/** By what is asked for with import(), below src/. */
const parts = {
  // The protocol's SDK, and zod whole.
  mcp: /^mcp\/mcp\.ts$/,
  // Working through a server: its client.
  remote: /^(?:core\/remote\/|core\/take\/away\.ts|cli\/tools\/server\.ts)/,
  // Bridges to other roots, without what only one of their carriers needs.
  bridge: /^(?:commands\/bridge\/|core\/bridge\/|carriers\/(?!amqp\/))/,
  // RabbitMQ: its client.
  amqp: /^carriers\/amqp\//,
  // Encryption: 145 KB that only what is sealed needs.
  age: /^core\/age\//,
  // Tasks, and what little each of their commands asks the storage for beside mail.
  tasks:
    /^(?:commands\/tasks\/|core\/tasks\/(?:keeper|ending)\.ts|storage\/file\/(?:claim\/hand-over|reach\/presence)\.ts)/,
  // Roots in an engine, and the engine.
  redis: /^storage\/(?:engine|redis)\//,
  // The server: what it is made of, hono among it, and the commands that are about it.
  server: /^(?:server\/|commands\/serve\/|core\/tokens\/|storage\/file\/disk\/foreign\/socket-files\.ts)/,
  // Keys, and what else a root goes by that has them.
  security: /^(?:commands\/security\/(?!audit|policy)|core\/(?:identity|seal)\/|core\/take\/(?:signed|unsealed)\.ts)/,
  // Commands of people and of administration; what agents, hooks and shell loops call all the time is not among them.
  rare: /^(?:commands\/(?:keep|meta|move|people|reach)\/|commands\/security\/(?:audit|policy)|commands\/look\/(?:trace|thread|top|who|resources|stats|metrics|alerts)\.ts|core\/(?:alerts|audit|secrets)\/|cli\/handler\/run-alert|core\/move\/|storage\/file\/events\/(?:read-log|rollups)\.ts|core\/config\/|core\/(?:agents\/duties|root\/(?:spans|revisions))\.ts|storage\/file\/documents\/revisions\.ts|hooks\/bind|wake\/|storage\/file\/(?:audit\/trail|backup|doctor|dump|keep|load|mov(?:e|ing)|aside|restore|make-root)|cli\/(?:other-words\.ts|help\/))/,
};

/** Of a file that none of the above names, and a part has all the same: which one lends it. */
const lent = new Map();
const borrower = 'server';
const partOf = (file) => lent.get(file) ?? Object.keys(parts).find((name) => parts[name].test(file));
const fileOf = ({ path, resolveDir }) => relative(src, join(resolveDir, path));
const isOurs = { filter: /^\.{1,2}\/.*\.ts$/ };

/**
 * @param options of the command's build
 * @returns {Promise<{ built: object[], plugin: object }>} the parts; and what puts a call of them in the place of their files
 */
export async function buildParts(options) {
  lent.clear();
  const { kept, asked } = await whatIsKept(options);
  for (;;) {
    const apart = (name) => [...asked[name]].filter((file) => !kept.has(file));
    const built = await Promise.all(Object.keys(parts).map((name) => buildPart(name, apart(name), kept, options)));
    const fromParts = built.flatMap(({ crossing }) => [...crossing]).filter((file) => !asked[partOf(file)].has(file));
    for (const file of fromParts) asked[partOf(file)].add(file);
    if (fromParts.length > 0) continue;
    const twice = inMany(built.map(({ inputs }) => inputs));
    if (twice.length === 0) return { built: built.map(({ result }) => result), plugin: calling(built, kept) };
    for (const file of twice) {
      const [lender, ...others] = built.filter(({ name, inputs }) => name !== borrower && inputs.includes(file));
      if (others.length > 0) kept.add(file);
      else lent.set(file, lender.name);
    }
  }
}

/** @returns which files of src/ are needed without any part, and for which of a part is asked then */
async function whatIsKept(options) {
  const asked = Object.fromEntries(Object.keys(parts).map((name) => [name, new Set()]));
  const cut = {
    name: 'cut',
    setup(api) {
      api.onResolve(isOurs, (args) => {
        const part = args.kind === 'dynamic-import' && partOf(fileOf(args));
        if (!part) return undefined;
        asked[part].add(fileOf(args));
        return { path: args.path, external: true };
      });
    },
  };
  const { metafile } = await build({ ...options, plugins: [cut, ...options.plugins], sourcemap: false });
  return { kept: new Set(ownFiles(metafile)), asked };
}

const ownFiles = ({ inputs }) =>
  Object.keys(inputs).flatMap((path) => (path.startsWith('src/') ? [path.slice(4)] : []));

function inMany(lists) {
  const all = lists.flat();
  return [...new Set(all.filter((file, i) => all.indexOf(file) !== i))];
}

async function buildPart(name, files, kept, options) {
  const given = new Set();
  const crossing = new Set();
  const outside = {
    name: 'outside',
    setup(api) {
      api.onResolve(isOurs, (args) => {
        const file = fileOf(args);
        const mayCross = args.kind === 'dynamic-import' || name === borrower;
        const isOfAnother = mayCross && ![undefined, name].includes(partOf(file));
        if (!kept.has(file) && !isOfAnother) return undefined;
        (kept.has(file) ? given : crossing).add(file);
        return { path: `src:${file}`, external: true };
      });
    },
  };
  const result = await build({
    ...options,
    stdin: { contents: `module.exports = ${tableOf(files)};`, resolveDir: root },
    entryPoints: undefined,
    outdir: undefined,
    outfile: join(root, `dist/${name}.cjs`),
    plugins: [outside, ...options.plugins],
  });
  const handed = "(name) => (name.startsWith('src:') ? given(name.slice(4)) : require(name))";
  const head = 'module.exports = (given) => { const own = {}; (function (require, module) {';
  for (const file of result.outputFiles) enclose(file, head, `})(${handed}, own); return own.exports; };`);
  return { name, given, crossing, result, inputs: ownFiles(result.metafile) };
}

/** Puts lines before and behind the text of a built file, and its map right. */
export function enclose(file, first, last) {
  if (!file.path.endsWith('.map')) {
    file.contents = Buffer.from(`${first}\n${file.text}\n${last}`);
    return;
  }
  const { mappings, ...map } = JSON.parse(file.text);
  file.contents = Buffer.from(JSON.stringify({ ...map, mappings: ';'.repeat(first.split('\n').length) + mappings }));
}

const sorted = (files) => [...files].sort((a, b) => (a < b ? -1 : 1));

const tableOf = (files) =>
  `{ ${sorted(files)
    .map((file) => `'${file}': () => require('./src/${file}')`)
    .join(', ')} }`;

/**
 * What is handed to parts, file by file, because each runs when a part asks for it: all of them, which a signed send would run too,
 * are 8 ms of it, with child_process among them.
 *
 * By name, and not whole: of a file that is asked for whole the build makes an object with a function for each name, at every
 * start, which for all of them is 1.5 ms of a send.
 */
async function handedOver(files) {
  const paths = files.map((file) => `src/${file}`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: paths,
    outdir: 'none',
    format: 'esm',
    metafile: true,
    write: false,
  });
  const outputs = Object.values(metafile.outputs);
  return Object.fromEntries(
    outputs.map(({ entryPoint, exports }) => [entryPoint.slice(4), handing(entryPoint, exports)]),
  );
}

function handing(path, names) {
  const imported = names.map((name) => `${name} as own_${name}`);
  const getters = names.map((name) => `get ${name}() { return own_${name}; }`);
  return `import { ${imported.join(', ')} } from './${path}';\nmodule.exports = { ${getters.join(', ')} };`;
}

const callOf = (file) => `require('part:${partOf(file)}')['${file}']()`;

const calling = (built, kept) => ({
  name: 'parts',
  setup(api) {
    api.onResolve(isOurs, (args) => {
      const isApart = args.kind === 'dynamic-import' && partOf(fileOf(args)) && !kept.has(fileOf(args));
      return isApart ? { path: fileOf(args), namespace: 'of-part' } : undefined;
    });
    api.onLoad({ filter: /./, namespace: 'of-part' }, ({ path }) => ({
      contents: `module.exports = ${callOf(path)};`,
      resolveDir: root,
    }));
    api.onResolve({ filter: /^part:/ }, ({ path }) => ({ path: path.slice('part:'.length), namespace: 'part' }));
    api.onLoad({ filter: /./, namespace: 'part' }, ({ path: name }) => ({
      contents: `const files = require('shared-with-parts'); module.exports = require('../dist/${name}.cjs')((file) => files[file]());`,
      resolveDir: root,
    }));
    const all = (what) => sorted(new Set(built.flatMap((part) => [...part[what]])));
    const [given, crossing] = [all('given'), all('crossing')];
    const contents = handedOver(given);
    api.onResolve({ filter: /^shared-with-parts$/ }, ({ path }) => ({ path, namespace: path }));
    api.onLoad({ filter: /./, namespace: 'shared-with-parts' }, () => {
      const calls = [
        ...given.map((file) => `'${file}': () => require('handed:${file}')`),
        ...crossing.map((file) => `'${file}': () => ${callOf(file)}`),
      ];
      return { contents: `module.exports = { ${calls.join(',\n')} };`, resolveDir: root };
    });
    api.onResolve({ filter: /^handed:/ }, ({ path }) => ({ path: path.slice('handed:'.length), namespace: 'handed' }));
    api.onLoad({ filter: /./, namespace: 'handed' }, async ({ path }) => ({
      contents: (await contents)[path],
      resolveDir: root,
    }));
    api.onResolve({ filter: /^\.\.\/dist\/\w+\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
});
