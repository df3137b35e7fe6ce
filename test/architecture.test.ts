import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../src');

/** Who may import what inside src: a folder (`core/`) or a file. Whatever has no row here may import nothing. */
const arrows: [from: string, to: string[]][] = [
  ['model/', ['model/']],
  ['storage/store.ts', ['model/']],
  ['storage/file/', ['storage/file/', 'storage/store.ts', 'model/']],
  ['storage/memory/', ['storage/memory/', 'storage/store.ts', 'model/']],
  // Where files enter: the core finds and opens a root, and from then on speaks to the port.
  ['core/root.ts', ['core/', 'storage/file/open.ts', 'storage/store.ts', 'model/']],
  // Foreign trees are read through the same disk as our own.
  ['core/import.ts', ['core/', 'storage/file/source-tree.ts', 'storage/store.ts', 'model/']],
  ['core/import/', ['core/', 'storage/file/source-tree.ts', 'storage/store.ts', 'model/']],
  ['core/', ['core/', 'storage/store.ts', 'model/']],
  ['cli/', ['cli/', 'core/', 'storage/store.ts', 'model/']],
  // Commands are siblings: what two of them need belongs into cli/ or core/.
  ['commands/', ['cli/', 'core/', 'storage/store.ts', 'model/']],
  ['program.ts', ['commands/', 'cli/', 'core/', 'model/']],
  ['main.ts', ['program.ts', 'standard-stream.ts', 'core/root.ts', 'model/']],
  ['standard-stream.ts', ['cli/surroundings.ts']],
  ['library-schemas.ts', ['model/']],
  ['library.ts', ['core/', 'storage/store.ts', 'model/']],
  ['index.ts', ['library.ts', 'library-schemas.ts', 'core/', 'storage/store.ts', 'model/']],
];

/** Modules that only some places may touch, so that all else can be tested without them. */
const guarded: [modules: RegExp, where: string[]][] = [
  [/^(node:)?fs(\/promises)?$/, ['storage/file/', 'main.ts', 'standard-stream.ts']],
  // Besides main.ts, which uses the global.
  [
    /^(node:)?process$/,
    ['library.ts', 'storage/file/node-disk.ts', 'cli/handler.ts', 'model/clock.ts', 'model/id.ts', 'model/sha256.ts'],
  ],
  [/^(node:)?child_process$/, ['cli/handler.ts']],
  [/^(chokidar|proper-lockfile)$/, ['storage/file/']],
  [/^croner$/, ['core/cron.ts']],
  [/^(chalk|cli-table3)$/, ['cli/output.ts']],
  [/^commander$/, ['program.ts', 'cli/', 'commands/completion.ts']],
];

/** Loaded when they are needed, since send, read and ack do not need them. */
const lazy = /^(chalk|chokidar|cli-table3|croner|proper-lockfile)$/;

interface Import {
  specifier: string;
  typeOnly: boolean;
  dynamic: boolean;
}

function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined, dynamic: false });
  }
  for (const match of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[1] ?? '', typeOnly: false, dynamic: false });
  }
  // `typeof import('x')` is a type.
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined, dynamic: true });
  }
  return found;
}

const within = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));

/** What is wrong with a file's imports, one sentence each. */
function complaints(file: string, source: string): string[] {
  const row = arrows.find(([from]) => within(file, [from]));
  if (!row) return [`${file} has no place in the house: add its folder to test/architecture.test.ts`];
  return importsOf(source).flatMap(({ specifier, typeOnly, dynamic }) => {
    if (specifier.startsWith('.')) {
      const target = join(dirname(file), specifier);
      return within(target, row[1]) ? [] : [`${file} must not import ${target}`];
    }
    const wrong: string[] = [];
    const guard = guarded.find(([modules]) => modules.test(specifier));
    if (guard && !typeOnly && !within(file, guard[1])) wrong.push(`${file} must not import ${specifier}`);
    if (lazy.test(specifier) && !typeOnly && !dynamic) wrong.push(`${file} must load ${specifier} with import()`);
    return wrong;
  });
}

describe('the house', () => {
  it('has imports that point one way', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => complaints(file, readFileSync(join(src, file), 'utf8')))).toEqual([]);
  });

  it.each([
    ['model/id.ts', "import { a } from '../core/send.ts';"],
    ['core/send.ts', "import { a } from '../storage/file/layout.ts';"],
    ['core/send.ts', "import type { A } from '../cli/context.ts';"],
    ['commands/send.ts', "import { a } from './read.ts';"],
    ['commands/send.ts', "const { a } = await import('../storage/memory/store.ts');"],
    ['storage/memory/store.ts', "import {\n  a,\n  b,\n} from '../file/layout.ts';"],
    ['core/send.ts', "import { readFile } from 'node:fs/promises';"],
    ['commands/send.ts', "export * from 'node:process';"],
    ['storage/file/watch.ts', "import { watch } from 'chokidar';"],
    ['core/watch.ts', "const { watch } = await import('chokidar');"],
    ['server/http.ts', ''],
  ])('is seen to be broken by %s with %s', (file, source) => {
    expect(complaints(file, source)).toHaveLength(1);
  });

  it.each([
    ['core/root.ts', "import { openFileStore } from '../storage/file/open.ts';"],
    [
      'storage/file/watch.ts',
      "import type { FSWatcher } from 'chokidar';\nconst { watch } = await import('chokidar');",
    ],
    ['program.ts', "(await import('./commands/send.ts')).sendCommand()"],
    ['core/send.ts', "// import { a } from '../cli/context.ts';\nimport { b } from './root.ts';"],
  ])('allows %s with %s', (file, source) => {
    expect(complaints(file, source)).toEqual([]);
  });
});
