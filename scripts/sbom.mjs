// What is in a package, as CycloneDX 1.6 in JSON: what is bundled, which package managers do not see, and what they install with
// it. The same sources give the same bytes: it names no time and no random number.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const sorted = (names) => [...names].sort((a, b) => (a < b ? -1 : 1));
const read = async (...names) => JSON.parse(await readFile(join(project, ...names), 'utf8'));

/** The folders of the packages whose code is in what was built. @param metafiles of esbuild @returns {string[]} */
export function bundledIn(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
        if (match && bytesInOutput > 0) folders.add(match[1]);
      }
    }
  }
  return sorted(folders);
}

/**
 * What packages have bundled themselves, which lies in no folder here: their maps say it, as pnpm names folders.
 * @param maps of what was built, as texts @returns components
 */
export function vendoredIn(maps) {
  const refs = new Map();
  for (const source of maps.flatMap((map) => JSON.parse(map).sources)) {
    const [, name, version] = /\/\.pnpm\/((?:@[^/+]+\+)?[^/@]+)@([^/_(]+)[^/]*\/node_modules\//.exec(source) ?? [];
    if (name) refs.set(purl(name.replace('+', '/'), version), [name.replace('+', '/'), version]);
  }
  return [...refs].map(([ref, [name, version]]) => ({
    type: 'library',
    'bom-ref': ref,
    ...nameOf(name),
    version,
    purl: ref,
    properties: [bundledProperty(true), { name: 'dreamos:vendored', value: 'true' }],
  }));
}

/**
 * @param {{ name: string, version: string, license: string, dependencies?: object }} manifest of what it is about
 * @param {readonly string[]} bundled folders, as bundledIn gives them
 * @param {readonly object[]} more components that are in it and come from no package of npm
 * @returns {Promise<string>} with a line end
 */
export async function sbomOf({ name, version, license, dependencies = {} }, bundled, more = []) {
  const { packages: lock } = await read('package-lock.json');
  const installed = reachedFrom('', Object.keys(dependencies), lock);
  const folders = sorted(new Set([...installed, ...bundled]));
  const components = await Promise.all(folders.map((folder) => componentOf(folder, lock, bundled.includes(folder))));
  const known = new Set(components.map((one) => one['bom-ref']));
  const others = more.filter((one) => !known.has(one['bom-ref']));
  const refs = new Map(folders.map((folder, i) => [folder, components[i]['bom-ref']]));
  const edges = folders.map((folder) => ({
    ref: refs.get(folder),
    dependsOn: neededBy(folder, lock).flatMap((needed) => refs.get(needed) ?? []),
  }));
  const needed = new Set(edges.flatMap(({ dependsOn }) => dependsOn));
  const direct = Object.keys(dependencies).map((one) => refs.get(foundFrom('', one, lock)));
  const own = purl(name, version);
  const dependsOn = [...refs.values(), ...others.map((one) => one['bom-ref'])].filter(
    (ref) => direct.includes(ref) || !needed.has(ref),
  );
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: { type: 'application', 'bom-ref': own, ...nameOf(name), version, ...licensed(license), purl: own },
    },
    components: [...components, ...others],
    dependencies: [{ ref: own, dependsOn: sorted(new Set(dependsOn)) }, ...edges],
  };
  return `${JSON.stringify(bom, undefined, 1)}\n`;
}

async function componentOf(folder, lock, isBundled) {
  const { name, version, license } = await read(folder, 'package.json');
  const ref = purl(name, version);
  const { integrity = '', version: locked } = lock[folder] ?? {};
  const [, sha512] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  return {
    type: 'library',
    'bom-ref': ref,
    ...nameOf(name),
    version,
    // Of another version than the lock file's nobody has compared the bytes with anything.
    ...(sha512 && locked === version && { hashes: [hash('SHA-512', Buffer.from(sha512, 'base64').toString('hex'))] }),
    ...licensed(license),
    purl: ref,
    properties: [bundledProperty(isBundled)],
  };
}

export const hash = (alg, content) => ({ alg, content });
/** Bundled: its code is in files of ours, whatever is installed. */
export const bundledProperty = (isBundled) => ({ name: 'dreamos:bundled', value: String(isBundled) });
/** @param license as package.json has it */
export const licensed = (license) => ({
  licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }],
});
const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function nameOf(full) {
  const [group, name] = full.split('/');
  return name === undefined ? { name: full } : { group, name };
}

/** All that is installed with these. @param folder from which they are asked for */
function reachedFrom(folder, names, lock, seen = new Set()) {
  for (const name of names) {
    const found = foundFrom(folder, name, lock);
    if (found === undefined || seen.has(found)) continue;
    seen.add(found);
    reachedFrom(found, needs(lock[found]), lock, seen);
  }
  return seen;
}

const needs = ({ dependencies = {}, optionalDependencies = {} } = {}) => [
  ...new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]),
];

const neededBy = (folder, lock) => needs(lock[folder]).flatMap((name) => foundFrom(folder, name, lock) ?? []);

/** As Node finds it: in the nearest node_modules upwards. @returns its folder; `undefined`: it is not installed */
function foundFrom(folder, name, lock) {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at}${at && '/'}node_modules/${name}`;
    if (lock[place]) return place;
    if (at === '') return undefined;
  }
}
