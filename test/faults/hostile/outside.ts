/** A tree beside the root that nobody may read or change, and a look at whether somebody did. */
import { hash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { pathsOf } from '../corruption/tree.ts';

/** Stands in everything outside: seen in an output, it has been read. */
export const marker = 'OUTSIDE-THE-ROOT';

export interface Outside {
  readonly path: string;
  readonly file: string;
  readonly folder: string;
  /** What was done to it since the last look. @param onlyContent hard links share times and counts with what is inside */
  changes(onlyContent: boolean): string[];
}

/** @param mailbox a mailbox's folder, of which a copy lies outside, so that a link to it leads to mail */
export function makeOutside(path: string, mailbox: string): Outside {
  fs.mkdirSync(path, { recursive: true });
  fs.writeFileSync(
    join(path, 'secret.json'),
    JSON.stringify({ from: 'planner', body: marker, name: 'reviewer', createdAt: marker }),
  );
  fs.writeFileSync(
    join(path, 'secret.jsonl'),
    `{"at":"${marker}","mailbox":"reviewer","event":"delivered","id":"${marker}"}\n`,
  );
  fs.cpSync(mailbox, join(path, 'mailbox'), { recursive: true });
  for (const name of ['tmp', 'drop', 'ready', 'delayed', 'inflight', 'archive', 'dlq', 'corrupt', 'events']) {
    fs.mkdirSync(join(path, 'mailbox', name), { recursive: true });
    fs.writeFileSync(join(path, 'mailbox', name, `${marker}.json`), marker);
  }
  let before = look(path);
  return {
    path,
    file: join(path, 'secret.json'),
    folder: join(path, 'mailbox'),
    changes(onlyContent) {
      // Times first: a look at the content is a read.
      const now = new Map([...before.keys()].map((below) => [below, timesOf(join(path, below))]));
      const after = look(path);
      const changes: string[] = [];
      for (const below of new Set([...before.keys(), ...after.keys()])) {
        const [was, is] = [before.get(below), after.get(below)];
        const [then, time] = [was?.times, now.get(below)];
        if (!was) changes.push(`${below} was made`);
        else if (!is) changes.push(`${below} was removed`);
        else if (was.content !== is.content) changes.push(`${below} was changed`);
        else if (!onlyContent && time?.changed !== then?.changed) changes.push(`${below} was touched`);
        else if (!onlyContent && time?.readMs !== longAgoMs)
          changes.push(`${below === '' ? 'its top' : below} was read`);
      }
      before = after;
      return changes;
    },
  };
}

/** Whether this file system notes that a file was read; else reads cannot be seen. */
export function readsShow(dir: string): boolean {
  const path = join(dir, 'read-probe');
  fs.writeFileSync(path, 'x');
  age(dir);
  fs.readFileSync(path);
  return fs.statSync(path).atimeMs !== longAgoMs;
}

// Older than its last change: relatime notes the next read.
const longAgoMs = Date.parse('2001-01-01T00:00:00.000Z');

interface Times {
  readonly changed: string;
  readonly readMs: number;
}

/** What is there, and then the times, set back so that the next read shows. */
function look(top: string): Map<string, { content: string; times: Times | undefined }> {
  const contents = ['', ...pathsOf(top)].map((below) => {
    const path = join(top, below);
    const stat = fs.lstatSync(path);
    return { below, content: `${stat.mode} ${stat.isFile() ? hash('sha256', fs.readFileSync(path)) : 'folder'}` };
  });
  age(top);
  return new Map(contents.map(({ below, content }) => [below, { content, times: timesOf(join(top, below)) }]));
}

function timesOf(path: string): Times | undefined {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat && { changed: `${stat.mtimeMs} ${stat.ctimeMs} ${stat.nlink} ${stat.size}`, readMs: stat.atimeMs };
}

function age(top: string): void {
  for (const below of ['', ...pathsOf(top)]) {
    const { mtimeMs } = fs.lstatSync(join(top, below));
    fs.lutimesSync(join(top, below), longAgoMs / 1000, mtimeMs / 1000);
  }
}
