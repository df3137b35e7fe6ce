/** What hostile neighbours have put into a root before a command starts. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { pathsOf } from '../corruption/tree.ts';
import { parseEntryName } from '../../../src/storage/file/names/entry-name.ts';
import type { Outside } from './outside.ts';

export interface Plant {
  readonly name: string;
  /** Its own name is another name of something outside: what is read there is inside as well. */
  readonly shared?: boolean;
  plant(root: string, outside: Outside): Promise<void>;
}

type Thing =
  | 'symlink to a file'
  | 'symlink to a folder'
  | 'dangling symlink'
  | 'hard link'
  | 'fifo'
  | 'device'
  | 'socket'
  | 'folder';
const things: readonly Thing[] = [
  'symlink to a file',
  'symlink to a folder',
  'dangling symlink',
  'hard link',
  'fifo',
  'device',
  'socket',
  'folder',
];

/** Each in place of one file of each kind and of one folder of each kind; or of all files (all folders of a depth) at once. */
export function plantsFor(specimen: string, together: boolean): Plant[] {
  const all = pathsOf(specimen);
  const files = all.filter((path) => fs.lstatSync(join(specimen, path)).isFile() && !isAside(path));
  const folders = all.filter((path) => fs.lstatSync(join(specimen, path)).isDirectory());
  const plants: Plant[] = [];
  // Without its format.json nothing is a root, so it is never planted with others.
  const groups = together
    ? [['format.json'], files.filter((path) => path !== 'format.json')]
    : oneOfEach(files).map((path) => [path]);
  for (const group of groups) {
    for (const thing of things) {
      plants.push({
        name: `${thing} in place of ${group.length > 1 ? 'every file' : group[0]}`,
        shared: thing === 'hard link',
        plant: async (root, outside) => {
          for (const path of group) await put(thing, join(root, path), outside, true);
        },
      });
    }
  }
  for (const group of together ? byDepth(folders) : oneOfEach(folders).map((path) => [path])) {
    for (const thing of ['symlink to a folder', 'symlink to a file', 'fifo', 'socket'] as const) {
      plants.push({
        name: `${thing} in place of ${group.length > 1 ? `every folder of depth ${group[0]?.split('/').length}` : group[0]}`,
        plant: async (root, outside) => {
          for (const path of group) await replaceFolder(thing, root, path, outside);
        },
      });
    }
  }
  for (const thing of things) {
    plants.push({
      name: `a stray ${thing} in every folder`,
      shared: thing === 'hard link',
      plant: async (root, outside) => {
        for (const folder of ['', ...folders]) {
          for (const name of strayNames(root, folder)) await put(thing, join(root, folder, name), outside, false);
        }
      },
    });
  }
  plants.push({ name: 'odd names in every folder', plant: async (root) => putOddNames(root, folders) });
  return plants;
}

/** A name that nothing has, and names that look right. */
function strayNames(root: string, folder: string): string[] {
  const entry = fs.readdirSync(join(root, folder)).find((name) => parseEntryName(name));
  // Another message's name in the same state: the id's last letter differs.
  const twin = entry?.replace(/\.i(.{25})./, '.i$1Z');
  return [
    'stray',
    'stray.json',
    '2026-11-19.jsonl',
    '01KAG0000000000000000000ZZ',
    ...(twin === undefined ? [] : [twin]),
  ];
}

async function put(thing: Thing, path: string, outside: Outside, replace: boolean): Promise<void> {
  if (replace) fs.rmSync(path, { force: true });
  else if (fs.lstatSync(path, { throwIfNoEntry: false })) return;
  const target = path.endsWith('.jsonl') ? `${outside.file}l` : outside.file;
  if (thing === 'symlink to a file') fs.symlinkSync(target, path);
  else if (thing === 'symlink to a folder') fs.symlinkSync(outside.folder, path);
  else if (thing === 'dangling symlink') fs.symlinkSync(join(outside.path, 'not-there'), path);
  else if (thing === 'hard link') fs.linkSync(target, path);
  else if (thing === 'fifo') execFileSync('mkfifo', [path]);
  // /dev/zero's twin: whoever reads it never comes to an end, whoever writes to it loses what he wrote.
  else if (thing === 'device') execFileSync('mknod', [path, 'c', '1', '5']);
  else if (thing === 'folder') fs.mkdirSync(join(path, 'inner'), { recursive: true });
  else await putSocket(path);
}

async function replaceFolder(thing: Thing, root: string, path: string, outside: Outside): Promise<void> {
  const dir = join(root, path);
  // A part of the same plant may be gone with the folder above it.
  if (!fs.lstatSync(dir, { throwIfNoEntry: false })) return;
  fs.rmSync(dir, { recursive: true });
  if (thing !== 'symlink to a folder') return put(thing, dir, outside, false);
  // To its like outside, where there is one.
  const like = join(outside.folder, path.split('/').slice(2).join('/'));
  fs.symlinkSync(path.startsWith('agent_mailboxes/') && fs.existsSync(like) ? like : outside.folder, dir);
}

async function putSocket(path: string): Promise<void> {
  // The path of a socket may have 107 bytes: bind a short one, then move it.
  const short = join(
    dirname(dirname(path)).slice(0, 1),
    'tmp',
    `dreamos-${process.pid}-${Math.random().toString(36).slice(2)}`,
  );
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(short, resolve));
  // Closing removes the name that was bound, and only that.
  fs.linkSync(short, path);
  await new Promise((resolve) => server.close(resolve));
}

/** Names that a shell, a terminal or a decoder falls over. */
const oddNames: readonly Buffer[] = [
  'two\nlines.json',
  '\n',
  'tab\t.json',
  '-rf',
  ' .json',
  '..json',
  '\u001B]52;c;ZXZpbA==\u0007.json',
  '\u001B[2Jclear.json',
  '\u202Enosj.json',
  '\u0085\u009B31mc1.json',
  '"quoted\'.json',
  '`id`.json',
  '$(id).json',
  'x'.repeat(255),
  `${'y'.repeat(250)}.json`,
]
  .map((name) => Buffer.from(name))
  .concat([Buffer.from([0xff, 0xfe, 0x2e, 0x6a, 0x73, 0x6f, 0x6e]), Buffer.from([0xc3, 0x28])]);

function putOddNames(root: string, folders: readonly string[]): void {
  for (const folder of ['', ...folders]) {
    for (const name of oddNames) fs.writeFileSync(Buffer.concat([Buffer.from(`${join(root, folder)}/`), name]), 'odd');
  }
}

/** Thousands of files that are nothing, where listings look. @returns how many */
export function plantJunk(root: string, count: number): number {
  const mailbox = join(root, 'agent_mailboxes/reviewer');
  const bucket = dirname(join(root, pathsOf(root).find((path) => /\/ready\/p2\/1\/.+\.jsonl?$/.test(path)) ?? 'ready'));
  const places = [
    bucket,
    join(mailbox, 'drop'),
    join(mailbox, 'dlq'),
    join(mailbox, 'corrupt'),
    join(mailbox, 'events'),
    join(mailbox, 'tmp'),
    join(root, 'outbox'),
    join(root, 'agent_mailboxes'),
  ];
  const each = Math.ceil(count / places.length);
  for (const place of places) {
    for (let n = 0; n < each; n++)
      fs.closeSync(fs.openSync(join(place, `junk-${n}${basename(place) === 'drop' ? '.json' : ''}`), 'wx'));
  }
  return each * places.length;
}

/** Two paths that differ only in times, ids and tokens are of one kind. */
function oneOfEach(paths: readonly string[]): string[] {
  const kinds = new Map(paths.map((path) => [path.replaceAll(/\d+|[0-9A-Z]{10,}|[0-9a-f]{32,}/g, '#'), path]));
  return [...kinds.values()];
}

function byDepth(folders: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const path of folders) (groups[path.split('/').length - 1] ??= []).push(path);
  return groups.filter(Boolean);
}

function isAside(path: string): boolean {
  return path.includes('/corrupt/') || path.includes('.new/');
}
