import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** "Nothing builds or parses a path or an entry's name but src/storage/file/names/": seen from the sources, not from types. */
const store = join(import.meta.dirname, '..', 'src', 'storage', 'file');

/** What is no path of a root although it looks like one, or is for a person's eyes. */
const exceptions: [file: string, code: string, why: string][] = [
  ['find-root.ts', "from 'node:path'", 'looks for a root on its way up through folders that are not ours'],
  ['aside.ts', "from 'node:path'", 'looks beside a root for what a restore or a move has left'],
  ['make-root.ts', "from 'node:path'", 'makes the folders above a root, which are not ours'],
  ['disk/programs.ts', '`/proc/${pid}/stat`', 'asks the kernel for a process'],
  ['disk/foreign/main-worktree.ts', "from 'node:path'", 'looks into what git keeps'],
  ['disk/foreign/project.ts', "from 'node:path'", 'says where files are that agents work on'],
  ['disk/foreign/socket-files.ts', '/^\\d{1,10}$/.test(name)', 'asks whether a user is named by his number'],
  ['disk/foreign/host-files.ts', "from 'node:path'", "changes other programs' files"],
  ['disk/foreign/source-tree.ts', "from 'node:path'", "walks through somebody else's tree"],
  [
    'places/corrupt.ts',
    '/^[\\w./-]+$/.test(name)',
    'asks whether a person can read a name, and takes nothing out of it',
  ],
];

// What paths and names are called in the store. A list, a buffer or a line has other names.
const nameWord = String.raw`\b(?:path|name|text|dir|file|folder|key|was|top|source|target|parent|slot|bucket|stem|pack|mark|document|entry|place|\w+(?:Path|Name|Text|Dir|File|Folder|Key))`;
const cut = String.raw`(?:slice|substring|substr|split|startsWith|endsWith|includes|indexOf|lastIndexOf|charAt|at|charCodeAt|replace|replaceAll|match|matchAll|search|concat|padStart|padEnd)`;
// In a string of one word: a slash, a colon between two names, or an ending.
const nameLike = /\/|^:$|\.[A-Za-z]/;
// Without a nested template but one, which is as deep as anybody can read.
const template = /`(?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\})*`/g;

/** The pieces of code in a source that build or cut a path or a name. */
function namesMadeIn(source: string): string[] {
  const code = source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^(?:import|export)\b[^;]*?\bfrom '(?:\.[^']*|node:(?!path')[^']*)';$/gm, '')
    .replace(/\bimport\(\s*'[^']*'\s*\)/g, '');
  const found = new Set<string>();
  for (const [text] of code.matchAll(template)) {
    const said = text.slice(1, -1).replace(/\$\{(?:[^{}`]|\{[^{}]*\}|`[^`]*`)*\}/g, '\0');
    // A sentence has spaces, and JSON quotes; a path of ours has neither.
    if (said.includes('\0') && !/[\s"]/.test(said) && nameLike.test(said.replaceAll('\0', ' ').trim())) found.add(text);
  }
  for (const pattern of [
    new RegExp(String.raw`${nameWord}(?:\s*\??\.\s*${cut}\(|\[\d)[^\n]*`, 'g'),
    new RegExp(String.raw`\.\s*${cut}\(\s*'[^'\s]*[/.][^'\s]*'`, 'g'),
    new RegExp(String.raw`\/[^\s/][^\n]*\/[a-z]*\.(?:test|exec)\(${nameWord}\)`, 'g'),
    new RegExp(String.raw`(?:\+=?\s*'[^'\s]*[/.][^'\s]*')|(?:'[^'\s]*\/[^'\s]*'\s*\+)`, 'g'),
    new RegExp(String.raw`\.join\(\s*'\/'\s*\)`, 'g'),
    /from 'node:path'/g,
  ]) {
    for (const [text] of code.matchAll(pattern)) found.add(text);
  }
  return [...found];
}

const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith('names/'),
);
const made = files.flatMap((file) =>
  namesMadeIn(readFileSync(join(store, file), 'utf8')).map((code) => ({ file, code })),
);
const isExcepted = ({ file, code }: { file: string; code: string }): boolean =>
  exceptions.some(([where, what]) => where === file && code.includes(what));

describe('paths and names', () => {
  it('are built and taken apart in names/ and nowhere else in the store', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(made.filter((one) => !isExcepted(one))).toEqual([]);
  });

  it('have no exception that is not needed any more', () => {
    const unused = exceptions.filter(
      ([where, what]) => !made.some(({ file, code }) => file === where && code.includes(what)),
    );
    expect(unused).toEqual([]);
  });

  it.each([
    'const path = `${dir}/${name}`;',
    'await ctx.disk.remove(`${mailbox.tmp}/${ctx.ids.next(ctx.clock.now())}.jsonl.gz`);',
    'const file = `${a}-linked/${b({ c: 1 })}`;',
    'const kept = `${document}.kept`;',
    'const receipt = `${mailbox}:${stem}`;',
    'const mark = `events/${day}`;',
    "const mark = dir + '/' + day;",
    "let path = dir;\npath += '/message.json';",
    "const path = [dir, name].join('/');",
    "if (first.top.endsWith('delayed')) return;",
    "if (rest.endsWith('.gone')) return;",
    "const name = path.slice(path.lastIndexOf('/') + 1);",
    'const below = found.path.slice(mailbox.dir.length + 1);',
    "const parts = entry.key.split('/');",
    'const id = text\n  .slice(16, 42);',
    'const tag = name[0];',
    'if (/^p[0-3]$/.test(name)) return;',
    'const [, pack] = /^(.*\\.jsonl\\.gz)\\//.exec(path) ?? [];',
    "import { dirname } from 'node:path';",
  ])('are seen to be made in %s', (source) => {
    expect(namesMadeIn(source)).not.toEqual([]);
  });

  it.each([
    "import { pathIn } from '../names/path.ts';\nconst { load } = await import('../look/load.ts');",
    '// the last part: path.slice(3)\n/** `${dir}/${name}` */',
    'ctx.warn(`${shown(was)} was put aside as corrupt/${name}: ${why}`);',
    'const start = `{"at":"${at}","mailbox":"${mailbox.name}",`;',
    'const version = `${inode}.${mtimeMs}.${size}`;',
    "const end = file.bytes.indexOf(newline) + names.indexOf('x');",
    'const tried = run.slice(0, 3);',
    "const why = error.message.replace(/\\.$/, '');",
    'if (agentNamePattern.test(name)) return;',
  ])('are not seen in %s', (source) => {
    expect(namesMadeIn(source)).toEqual([]);
  });
});
