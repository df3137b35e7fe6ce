/** A tree of files that can be copied thousands of times, with the hard links and times that dreamos relies on. */
import * as fs from 'node:fs';
import { join } from 'node:path';

export interface FileIn {
  /** Below the tree's top; all names of one file, so that it is spoilt once. */
  readonly paths: readonly [string, ...string[]];
  readonly bytes: Buffer;
}

/** Every regular file of a tree. */
export function filesOf(top: string): FileIn[] {
  const byInode = new Map<number, { paths: [string, ...string[]]; bytes: Buffer }>();
  for (const path of pathsOf(top)) {
    const stat = fs.lstatSync(join(top, path));
    if (!stat.isFile()) continue;
    const known = byInode.get(stat.ino);
    if (known) known.paths.push(path);
    else byInode.set(stat.ino, { paths: [path], bytes: fs.readFileSync(join(top, path)) });
  }
  return [...byInode.values()];
}

export function pathsOf(top: string, below = ''): string[] {
  const found: string[] = [];
  for (const entry of fs.readdirSync(join(top, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    found.push(path);
    if (entry.isDirectory()) found.push(...pathsOf(top, path));
  }
  return found.sort();
}

export interface Template {
  copyTo(target: string): void;
}

/** Reads a tree once, to write it out many times. */
export function templateOf(top: string): Template {
  const folders: string[] = [];
  const files = new Map<number, { paths: string[]; bytes: Buffer; atime: Date; mtime: Date }>();
  for (const path of pathsOf(top)) {
    const stat = fs.lstatSync(join(top, path));
    if (stat.isDirectory()) folders.push(path);
    else {
      const known = files.get(stat.ino);
      if (known) known.paths.push(path);
      else
        files.set(stat.ino, {
          paths: [path],
          bytes: fs.readFileSync(join(top, path)),
          atime: stat.atime,
          mtime: stat.mtime,
        });
    }
  }
  return {
    copyTo(target) {
      fs.mkdirSync(target, { mode: 0o700 });
      for (const path of folders) fs.mkdirSync(join(target, path), { mode: 0o700 });
      for (const { paths, bytes, atime, mtime } of files.values()) {
        const [first = '', ...links] = paths.map((path) => join(target, path));
        fs.writeFileSync(first, bytes, { mode: 0o600 });
        fs.utimesSync(first, atime, mtime);
        for (const link of links) fs.linkSync(first, link);
      }
    },
  };
}

/** Changes a file's bytes where they are: its other names see it, its times stay. */
export function overwrite(path: string, bytes: Buffer): void {
  const { atime, mtime } = fs.statSync(path);
  fs.writeFileSync(path, bytes);
  fs.utimesSync(path, atime, mtime);
}
