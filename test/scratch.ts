import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
}
