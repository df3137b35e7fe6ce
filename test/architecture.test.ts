import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '..');
const src = join(top, 'src');

/**
 * The rooms of the house and what each may import, as AGENTS.md has them: `a/ > b/ : c/` is two rooms, of which the left
 * one may import the right one, and both c/. A room may import itself unless it is marked `(each alone)`.
 */
function roomsIn(agents: string): Map<string, string[]> {
  const [, block = ''] = /```rooms\n([\s\S]*?)```/.exec(agents) ?? [];
  const rooms = new Map<string, string[]>();
  for (const line of block.split('\n').filter((text) => text.trim() !== '')) {
    const [left = '', right = ''] = line.split(':');
    const alone = left.includes('(each alone)');
    const chain = left
      .replace('(each alone)', '')
      .split('>')
      .map((room) => room.trim());
    const below = right.split(/\s+/).filter(Boolean);
    for (const [i, room] of chain.entries()) {
      if (rooms.has(room)) throw new Error(`${room} stands twice in AGENTS.md`);
      rooms.set(room, [...(alone ? [] : [room]), ...chain.slice(i + 1), ...below]);
    }
  }
  return rooms;
}

const rooms = roomsIn(readFileSync(join(top, 'AGENTS.md'), 'utf8'));

/** Modules that only some places may touch, so that all else can be tested without them. */
const guarded: [modules: RegExp, where: string[]][] = [
  [
    /^(node:)?fs(\/promises)?$/,
    [
      'storage/file/disk/',
      'main.ts',
      'cli/standard-stream.ts',
      'cli/in-sources.ts',
      'cli/handler/in-editor.ts',
      'cli/input/open-file.ts',
      'cli/input/spare-input.ts',
    ],
  ],
  // Besides main.ts, which uses the global.
  [
    /^(node:)?process$/,
    [
      'library/library.ts',
      'storage/file/disk/node-disk.ts',
      'storage/file/disk/programs.ts',
      'storage/file/disk/foreign/socket-files.ts',
      'storage/redis/link/host.ts',
      'carriers/ssh/ssh.ts',
      'cli/handler/handler.ts',
      'cli/in-sources.ts',
      'model/clock.ts',
      'model/id.ts',
      'model/basics/sha256.ts',
    ],
  ],
  [/^(node:)?child_process$/, ['carriers/ssh/', 'cli/handler/', 'core/secrets/command.ts']],
  [/^chokidar$/, ['storage/file/events/']],
  [/^(proper-lockfile|write-file-atomic)$/, ['storage/file/disk/']],
  [/^redis-parser$/, ['storage/redis/link/connection.ts']],
  [/^croner$/, ['core/schedules/cron.ts']],
  [/^@secretlint\//, ['core/secrets/secretlint.ts']],
  [/^(diff|jsonc-parser)$/, ['setup/']],
  [/^(chalk|cli-table3)$/, ['cli/output.ts']],
  [/^amqplib$/, ['carriers/amqp/']],
  [/^zeromq$/, ['carriers/zeromq/']],
  [/^@nats-io\//, ['carriers/nats/']],
  [/^@modelcontextprotocol\//, ['mcp/']],
  [/^commander$/, ['program/', 'cli/', 'commands/meta/']],
];

/** Loaded when they are needed, since send, read and ack do not need them. */
const lazy = /^(chalk|chokidar|cli-table3|croner|diff|jsonc-parser|proper-lockfile|write-file-atomic)$/;

interface Import {
  specifier: string;
  typeOnly: boolean;
  dynamic: boolean;
}

/** Without its comments, as far as they have lines of their own. */
const codeOf = (source: string): string => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

function importsOf(source: string): Import[] {
  const code = codeOf(source);
  const found: Import[] = [];
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined, dynamic: false });
  }
  for (const match of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[1] ?? '', typeOnly: false, dynamic: false });
  }
  // `typeof import('x')` is a type.
  for (const match of code.matchAll(/(typeof\s+)?\bimport\s*\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined, dynamic: true });
  }
  return found;
}

/** Where `require` is made, and for what: the version stands outside of what is built. */
const required: [file: string, code: string][] = [
  ['main.ts', "const { createRequire } = process.getBuiltinModule('node:module');"],
  ['main.ts', "createRequire(import.meta.url)('../package.json')"],
];

/** What loads modules and can't be read from the text: `import()` of what is computed, and every `require`. */
function hiddenIn(file: string, source: string): string[] {
  let code = codeOf(source);
  for (const [where, known] of required) if (where === file) code = code.replace(known, '');
  const found = [...code.matchAll(/\bcreateRequire\b|\brequire\s*\(/g)].map(() => `${file} must not require()`);
  // A method may be called `import`: of those that are called a dot stands before the name, of those that are declared a
  // parameter's type behind it.
  const plain = /^\(\s*('[^'\n]*'|"[^"\n]*")\s*,?\s*\)|^\(\s*\w+\??:/;
  for (const { index, 0: word } of code.matchAll(/(?<![\w$.])import(?=\s*\()\s*/g)) {
    if (!plain.test(code.slice(index + word.length)))
      found.push(`${file} must say in quotes what it loads with import()`);
  }
  return found;
}

const within = (file: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));

/** The room of a file: the nearest one, so that a file may have a row of its own. */
function roomOf(file: string): string | undefined {
  const claims = [...rooms.keys()].filter((room) => within(file, [room]));
  return claims.sort((a, b) => b.length - a.length)[0];
}

/** What is wrong with a file's imports, one sentence each. */
function complaints(file: string, source: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file} has no room: give it one in the table of AGENTS.md`];
  const hidden = hiddenIn(file, source);
  const seen = importsOf(source).flatMap(({ specifier, typeOnly, dynamic }) => {
    if (specifier.startsWith('.')) {
      const target = join(dirname(file), specifier);
      const isAllowed = within(target, rooms.get(room) ?? []);
      return isAllowed ? [] : [`${file} must not import ${target}`];
    }
    const wrong: string[] = [];
    const guard = guarded.find(([modules]) => modules.test(specifier));
    if (guard && !typeOnly && !within(file, guard[1])) wrong.push(`${file} must not import ${specifier}`);
    if (lazy.test(specifier) && !typeOnly && !dynamic) wrong.push(`${file} must load ${specifier} with import()`);
    return wrong;
  });
  return [...hidden, ...seen];
}

/** Every circle of imports, types and `import()` counted: each as the files that reach one another. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  // Tarjan, "Depth-first search and linear graph algorithms" (1972).
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!imports.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle);
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return circles;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const sources = new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]));

describe('the house', () => {
  it('has imports that point one way', () => {
    expect(files.length).toBeGreaterThan(200);
    expect([...sources].flatMap(([file, source]) => complaints(file, source))).toEqual([]);
  });

  it('has no circle of imports, neither between files nor between folders', () => {
    const targets = (file: string): string[] =>
      importsOf(sources.get(file) ?? '').flatMap(({ specifier }) =>
        specifier.startsWith('.') ? [join(dirname(file), specifier)] : [],
      );
    expect(circlesIn(new Map(files.map((file) => [file, targets(file)])))).toEqual([]);
    const folders = new Map<string, string[]>();
    // A file right below a folder with rooms is a room of its own: it may stand above them all.
    const folderOf = (file: string): string => (rooms.has(file) ? file : dirname(file));
    for (const file of files) {
      const others = targets(file)
        .map(folderOf)
        .filter((folder) => folder !== folderOf(file));
      folders.set(folderOf(file), [...(folders.get(folderOf(file)) ?? []), ...others]);
    }
    expect(circlesIn(folders)).toEqual([]);
  });

  it('has rooms that a person can look around in', () => {
    const sizes = new Map<string, number>();
    for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
    expect([...sizes].filter(([, count]) => count > 15)).toEqual([]);
    const lines = [...sources.values()].map((source) => source.split('\n').length - 1).sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(80);
    const long = [...sources].filter(([, source]) => source.split('\n').length - 1 > 300).map(([file]) => file);
    expect(long.filter((file) => !tables.includes(file))).toEqual([]);
  });

  it('claims no room that is not there', () => {
    const empty = [...rooms.keys()].filter((room) => !files.some((file) => within(file, [room])));
    expect(empty).toEqual([]);
  });

  it.each([
    ['model/id.ts', "import { a } from '../core/send/send.ts';"],
    ['core/send/send.ts', "import { a } from '../../storage/file/names/layout.ts';"],
    ['core/send/send.ts', "import type { A } from '../../cli/context.ts';"],
    ['core/wait/wait.ts', "const { a } = await import('../schedules/schedule-timer.ts');"],
    ['commands/send/send.ts', "import { a } from '../take/read.ts';"],
    ['commands/send/send.ts', "const { a } = await import('../../storage/memory/store.ts');"],
    ['library/library.ts', "import type { A } from '../cli/context.ts';"],
    ['storage/memory/store.ts', "import {\n  a,\n  b,\n} from '../file/names/layout.ts';"],
    ['storage/file/names/layout.ts', "import type { A } from '../disk/context.ts';"],
    ['core/send/send.ts', "import { readFile } from 'node:fs/promises';"],
    ['commands/send/send.ts', "export * from 'node:process';"],
    ['storage/file/events/watch.ts', "import { watch } from 'chokidar';"],
    ['core/follow/watch.ts', "const { watch } = await import('chokidar');"],
    ['core/follow/watch.ts', 'const { watch } = await import(`chokidar`);'],
    ['core/send/send.ts', 'await import(`../../${where}/names/layout.ts`);'],
    ['core/send/send.ts', 'await import(where);'],
    ['core/send/send.ts', "await import('../root/' + where);"],
    ['core/send/send.ts', "const { readFile } = require('node:fs/promises');"],
    ['core/send/send.ts', "import { createRequire } from 'node:module';"],
    ['main.ts', "createRequire(import.meta.url)('chokidar')"],
    ['attic/http.ts', ''],
    ['core/attic.ts', ''],
  ])('is seen to be broken by %s with %s', (file, source) => {
    expect(complaints(file, source)).toHaveLength(1);
  });

  it.each([
    ['core/open-root.ts', "import { openStore } from '../storage/engines.ts';"],
    [
      'storage/file/events/watch.ts',
      "import type { FSWatcher } from 'chokidar';\nconst { watch } = await import('chokidar');",
    ],
    ['program/send.ts', "(await import('../commands/send/send.ts')).sendCommand()"],
    ['main.ts', "(createRequire(import.meta.url)('../package.json') as { version: string }).version"],
    ['library/dreamos.ts', 'import(folder: string, options?: ImportOptions): void;'],
    ['commands/keep/import.ts', 'mail.import(folder);'],
    ['core/send/send.ts', "// import { a } from '../../cli/context.ts';\nimport { b } from '../root/root.ts';"],
  ])('allows %s with %s', (file, source) => {
    expect(complaints(file, source)).toEqual([]);
  });

  it('sees a circle that types and import() make', () => {
    const imports = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['a.ts', 'd.ts']],
      ['d.ts', []],
    ]);
    expect(circlesIn(imports).map((circle) => circle.sort())).toEqual([['a.ts', 'b.ts', 'c.ts']]);
  });
});

/** Files that are long because they are one table. */
const tables: string[] = ['contract/operations.ts', 'contract/error-codes.ts', 'storage/file/disk/node-disk.ts'];

describe('the native program', () => {
  const native = join(top, 'native');
  const parts = readdirSync(native, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:ts|c|h)$/.test(name));

  it('has a prelude that stands on the host, on itself and on nothing of Node', () => {
    const own = /^(?:dreamos:host|fflate|\.{1,2}\/(?!.*\bsrc\/).*\.ts)$/;
    const prelude = parts.filter((name) => /^prelude\/.*\.ts$/.test(name));
    const wrong = prelude.flatMap((name) =>
      importsOf(readFileSync(join(native, name), 'utf8'))
        .filter(({ specifier }) => !own.test(specifier))
        .map(({ specifier }) => `${name} imports ${specifier}`),
    );
    expect(wrong).toEqual(['prelude/start.ts imports ../../src/main.ts']);
  });

  it('has rooms that a person can look around in', () => {
    const sizes = new Map<string, number>();
    for (const name of parts) sizes.set(dirname(name), (sizes.get(dirname(name)) ?? 0) + 1);
    expect([...sizes].filter(([, count]) => count > 15)).toEqual([]);
    expect(parts.filter((name) => readFileSync(join(native, name), 'utf8').split('\n').length - 1 > 300)).toEqual([]);
  });

  it('is used by nothing in src', () => {
    const users = [...sources].filter(([, source]) =>
      importsOf(source).some(({ specifier }) => /native\//.test(specifier)),
    );
    expect(users).toEqual([]);
  });
});
