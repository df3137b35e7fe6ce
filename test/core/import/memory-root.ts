import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { importTree } from '../../../src/core/import/import.ts';
import type { ImportResult } from '../../../src/contract/keep.ts';
import type { ImportOptions } from '../../../src/core/import/result.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { type Session } from '../../../src/core/root/root.ts';
import { type Clock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { type Message } from '../../../src/model/message.ts';
import { createMail, type Mail } from '../../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../../src/storage/memory/store.ts';

export const fixtures = join(import.meta.dirname, '../../../fixtures');
export const now = Date.parse('2026-11-20T09:00:00.000Z');

export interface TestRoot extends Session {
  readonly mail: Mail;
}

export function memoryRoot(): TestRoot {
  const clock: Clock = { now: () => now, uptime: () => 0 };
  const mail = createMail();
  const ids = createIds(() => 0.5);
  const store = createMemoryStore({ clock, ids }, mail);
  return { ...rootOver(store, { path: '/memory', clock, ids }), mail };
}

export async function importAll(root: Session, dir: string, options: ImportOptions = {}): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for await (const result of importTree(root, dir, options)) results.push(result);
  return results;
}

/** The one result of a file. */
export function resultOf(results: readonly ImportResult[], file: string): ImportResult {
  const found = results.filter((result) => result.file === file);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} results for ${file}`);
  return found[0];
}

/** The message that came of a file. */
export async function messageOf(root: Session, results: readonly ImportResult[], file: string): Promise<Message> {
  const { id } = resultOf(results, file);
  const [entry] = id === undefined ? [] : await root.store.look.find(id);
  const message = entry && (await root.store.look.read(entry));
  if (!message) throw new Error(`no message came of ${file}`);
  return message;
}

export function corruptBytes(root: TestRoot, mailbox: string): string[] {
  const kept = [...(root.mail.corrupt.get(mailbox.toLowerCase())?.values() ?? [])];
  return kept.map((bytes) => Buffer.from(bytes).toString('latin1'));
}

export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-import-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
