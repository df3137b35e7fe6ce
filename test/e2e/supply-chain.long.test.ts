/** What comes with the package: what is in it, what runs at its install, and what its command starts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error It has no types.
import { manifestOf, packCommand } from '../../scripts/pack-native.mjs';

interface Component {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  /** Of what another package has bundled nobody knows it here. */
  readonly licenses?: readonly { readonly license?: { readonly id: string } }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}
interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
interface Locked {
  readonly version: string;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
}
interface Tree {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Tree>>;
}

const project = join(import.meta.dirname, '../..');
const json = (...names: string[]): unknown => JSON.parse(readFileSync(join(project, ...names), 'utf8'));
const dir = mkdtempSync(join(tmpdir(), 'dreamos-supply-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const platforms = ['linux-x64', 'linux-arm64'];
const scriptsOfInstalls = ['preinstall', 'install', 'postinstall', 'preprepare', 'postprepare', 'prepublish'];
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const fullName = ({ group, name, version }: Component): string => `${group ? `${group}/` : ''}${name}@${version}`;
const has = ({ properties }: Component, name: string): boolean =>
  properties.some((one) => one.name === `dreamos:${name}` && one.value === 'true');
const isBundled = (one: Component): boolean => has(one, 'bundled');
const isVendored = (one: Component): boolean => has(one, 'vendored');
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));

describe('the list of what is in the package', () => {
  const bom = json('dist/sbom.cdx.json') as Bom;
  const inBom = sorted(bom.components.map(fullName));

  test('has what npm has installed for it, each in the version that is there', () => {
    // npm has no words for what stands in its own way: a settings file of this checkout says no registry.
    const out = execFileSync('npm', ['ls', '--omit=dev', '--all', '--json'], { cwd: project, encoding: 'utf8' });
    const installed = new Set<string>();
    const walk = ({ dependencies = {} }: Tree): void => {
      for (const [name, one] of Object.entries(dependencies)) {
        if (one.version === undefined) continue;
        installed.add(`${name}@${one.version}`);
        walk(one);
      }
    };
    walk(JSON.parse(out) as Tree);
    expect(installed.size).toBeGreaterThan(15);
    const onlyBundled = bom.components.filter(isBundled).map(fullName);
    expect(sorted([...installed, ...onlyBundled])).toEqual(inBom);
  });

  test('has all whose code is in what is built, as the maps of the build and the licences say', () => {
    const bundled = bom.components.filter(isBundled).map(fullName);
    const ours = bom.components.filter((one) => isBundled(one) && !isVendored(one)).map(fullName);
    const licences = readFileSync(join(project, 'dist/THIRD-PARTY.txt'), 'utf8').matchAll(/^-{80}\n(\S+) (\S+) \(/gm);
    expect(sorted(ours)).toEqual(sorted([...licences].map(([, name, version]) => `${name}@${version}`)));
    const maps = readdirSync(join(project, 'dist')).filter((name) => name.endsWith('.map'));
    const sources = maps.flatMap((name) => (json('dist', name) as { sources: string[] }).sources);
    const folders = sources.flatMap(
      (path) => /(node_modules\/(?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path)?.[1] ?? [],
    );
    // A package that is a bundle itself says what it was made of, which is nowhere here: the workspace's own, and others'.
    const inside = sources.flatMap((path) => /\.pnpm\/([^/@]+@[\d.]+)\//.exec(path)?.[1] ?? []);
    expect(sorted(inside)).toEqual(sorted(bom.components.filter(isVendored).map(fullName)));
    const there = sorted(folders).filter((folder) => existsSync(join(project, folder)));
    const inMaps = there.map((folder) => {
      const { name, version } = json(folder, 'package.json') as { name: string; version: string };
      return `${name}@${version}`;
    });
    expect(inMaps.length).toBeGreaterThan(4);
    expect(inMaps.filter((one) => !bundled.includes(one))).toEqual([]);
  });

  test('has a licence of each, and the checksum by which npm compares it', () => {
    const { packages } = json('package-lock.json') as { packages: Record<string, Locked> };
    const locked = new Map<string, string>();
    for (const [path, { version, integrity }] of Object.entries(packages))
      locked.set(`${path.split('node_modules/').at(-1)}@${version}`, integrity ?? '');
    for (const one of bom.components.filter((each) => !isVendored(each))) {
      expect(one.licenses?.[0]?.license?.id, fullName(one)).toMatch(/^[\w.-]+$/);
      const [only] = one.hashes ?? [];
      const integrity = `sha512-${Buffer.from(only?.content ?? '', 'hex').toString('base64')}`;
      expect({ alg: only?.alg, integrity }).toEqual({ alg: 'SHA-512', integrity: locked.get(fullName(one)) });
    }
  });

  test('says what needs what, and nothing is there for nobody', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    const needs = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    const own = bom.metadata.component['bom-ref'];
    const reached = new Set<string>();
    const reach = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      for (const next of needs.get(ref) ?? []) reach(next);
    };
    reach(own);
    expect(sorted(reached)).toEqual(sorted([own, ...bom.components.map((one) => one['bom-ref'])]));
    const direct = (json('package.json') as { dependencies: object }).dependencies;
    const named = (needs.get(own) ?? []).map((ref) => ref.replace(/^pkg:npm\/|@[^@]*$/g, ''));
    expect(named).toEqual(expect.arrayContaining(Object.keys(direct)));
  });
});

describe('an install', () => {
  test('runs no script of ours: the only one is of a checkout', () => {
    const { scripts } = json('package.json') as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((name) => scriptsOfInstalls.includes(name))).toEqual([]);
    expect(scripts['prepare']).toBe('npm run --silent build');
    // By this file npm would compile.
    expect(existsSync(join(project, 'binding.gyp'))).toBe(false);
  });

  test('runs none of what comes with it, either', () => {
    const { packages } = json('package-lock.json') as { packages: Record<string, Locked> };
    const shipped = Object.entries(packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
    );
    expect(shipped.length).toBeGreaterThan(15);
    expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([]);
  });
});

describe('the package that is published', () => {
  let packed: string;
  let own: string;
  beforeAll(async () => {
    packed = (await packCommand(platforms, join(dir, 'first'))) as string;
    own = join(dir, 'modules/node_modules/dreamos');
    mkdirSync(own, { recursive: true });
    execFileSync('tar', ['-xzf', packed, '--strip-components=1', '-C', own]);
    for (const name of readdirSync(join(project, 'node_modules')))
      if (!['dreamos', '@secretlint'].includes(name) && !name.startsWith('.'))
        symlinkSync(join(project, 'node_modules', name), join(own, '..', name));
  }, 60_000);

  test('is the same, byte for byte, when it is packed again', async () => {
    expect(sha256((await packCommand(platforms, join(dir, 'second'))) as string)).toBe(sha256(packed));
  }, 60_000);

  test('says where it comes from as its platform packages do; while it says nothing, the help says that', () => {
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Record<string, unknown>;
    const repository = { type: 'git', url: 'git+https://host.example/dreamos.git' };
    const made = manifestOf({ ...manifest, repository }, 'linux-x64', Buffer.from('')) as Record<string, unknown>;
    expect(made).toMatchObject({ repository, publishConfig: { provenance: true }, version: manifest['version'] });
    const help = readFileSync(join(project, 'src/cli/help/security.md'), 'utf8').replace(/\s+/g, ' ');
    expect(help.includes('package.json has no `repository`')).toBe(manifest['repository'] === undefined);
  });

  test('has no script at all, asks for provenance, and has the list of what is in it', () => {
    const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest['scripts']).toBeUndefined();
    expect(manifest).toMatchObject({ publishConfig: { provenance: true }, bin: { dreamos: 'bin/dreamos' } });
    expect(readFileSync(join(own, 'dist/sbom.cdx.json'))).toEqual(readFileSync(join(project, 'dist/sbom.cdx.json')));
    const files = readdirSync(own, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /(?:^|\/)(?:binding\.gyp|\.npmrc|\.env.*|.*\.pem)$/.test(name))).toEqual([]);
  });

  const ways: [how: string, link: () => string][] = [
    ['by its own path', () => join(own, 'bin/dreamos')],
    ['by the link in node_modules/.bin', () => linked('modules/node_modules/.bin')],
    ['by a link from anywhere', () => linked('anywhere/else')],
  ];

  function linked(folder: string): string {
    const link = join(dir, folder, 'dreamos');
    mkdirSync(join(dir, folder), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(own, 'bin/dreamos'), link);
    return link;
  }
  const version = (program: string): string => execFileSync(program, ['--version', '--json'], { encoding: 'utf8' });

  test.each(ways)('runs by Node where no native program is: %s', (_, way) => {
    expect(JSON.parse(version(way()))).toMatchObject({ runtime: 'node' });
  });

  test('without secretlint, which it does not bring, refuse sends nothing and says what to install, and warn sends', () => {
    const root = join(dir, 'root');
    const dreamos = (...words: string[]) => {
      const env = { ...process.env, DREAMOS_ROOT: root, DREAMOS_AGENT: 'planner' };
      const { status, stderr } = spawnSync(join(own, 'bin/dreamos'), words, { cwd: dir, env, encoding: 'utf8' });
      return { status, stderr };
    };
    dreamos('init', 'planner', 'reviewer', '--root', root);
    dreamos('config', 'set', 'secrets=refuse');
    const refused = dreamos('send', 'reviewer', 'hello');
    expect(refused.status).toBe(6);
    expect(refused.stderr).toMatch(/Secretlint did not look for secrets: Cannot find .*@secretlint\/core/);
    expect(refused.stderr).toMatch(/npm install @secretlint\/core .*dreamos config set secretScanner/);
    dreamos('config', 'set', 'secrets=warn');
    expect(dreamos('send', 'reviewer', 'hello')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('Secretlint did not look') as string,
    });
  });

  test('for all users it is found beside bin/ of the prefix', () => {
    const prefix = join(dir, 'prefix');
    mkdirSync(join(prefix, 'lib/node_modules'), { recursive: true });
    symlinkSync(own, join(prefix, 'lib/node_modules/dreamos'));
    mkdirSync(join(prefix, 'bin'));
    symlinkSync('../lib/node_modules/dreamos/bin/dreamos', join(prefix, 'bin/dreamos'));
    expect(JSON.parse(version(join(prefix, 'bin/dreamos')))).toMatchObject({ runtime: 'node' });
  });

  test('a folder that only has the name is not taken for it', () => {
    // As of somebody with a checkout in his home and a link in ~/bin.
    const home = join(dir, 'home');
    mkdirSync(join(home, 'dreamos/bin'), { recursive: true });
    mkdirSync(join(home, 'bin'));
    for (const name of ['dreamos', 'dreamos.cjs']) writeFileSync(join(home, 'dreamos/bin', name), 'throw 1');
    symlinkSync(join(own, 'bin/dreamos'), join(home, 'bin/dreamos'));
    expect(JSON.parse(version(join(home, 'bin/dreamos')))).toMatchObject({ runtime: 'node' });
  });

  test.each(ways)('starts the native program that lies beside it, with all words: %s', (_, way) => {
    const folder = join(own, '../@dreamos/native-linux-arm64');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'dreamos'), '#!/bin/sh\nprintf "<%s>" "$@"\nexit 7\n');
    chmodSync(join(folder, 'dreamos'), 0o755);
    try {
      expect(() => execFileSync(way(), ['send', 'a b', ''], { encoding: 'utf8' })).toThrow(
        expect.objectContaining({ status: 7, stdout: '<send><a b><>' }) as Error,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
