import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

// Thousands of roots are made and thrown away; what a sync means is not seen here anyway.
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const folders: string[] = [];

/** A folder that is gone after the tests of its file. */
export function scratch(): string {
  const dir = mkdtempSync(join(inMemory, 'dreamos-file-'));
  folders.push(dir);
  return dir;
}

export function removeScratch(): void {
  if (folders.length === 0) return;
  // What a restore has put beside a root has its name in front.
  const ours = new Set(folders.splice(0).map((dir) => basename(dir)));
  for (const name of readdirSync(inMemory))
    if (ours.has(name.split('.')[0] ?? '')) rmSync(join(inMemory, name), { recursive: true, force: true });
}
