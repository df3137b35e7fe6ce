import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { folderOf, pathIn } from '../../names/path.ts';
import { attempt } from '../disk-error.ts';

/** A page for a browser of this user, in a folder into which nobody else gets. @returns its path */
export function temporaryPage(text: string): string {
  const folder = attempt<string, never>(tmpdir(), 'make a folder', () =>
    fs.mkdtempSync(pathIn(tmpdir(), 'dreamos-page-')),
  );
  const path = pathIn(folder, 'dashboard.html');
  attempt(path, 'write', () => fs.writeFileSync(path, text, { flag: 'wx', mode: 0o600 }));
  return path;
}

/** With the folder that was made for it. */
export function removePage(path: string): void {
  fs.rmSync(folderOf(path), { recursive: true, force: true });
}
