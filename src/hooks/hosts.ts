import type { Host } from './hosts/host.ts';
import { claude } from './hosts/claude.ts';
import { codex } from './hosts/codex.ts';
import { cursor } from './hosts/cursor.ts';
import { gemini } from './hosts/gemini.ts';
import { opencode } from './hosts/opencode.ts';

export const hosts: Readonly<Record<string, Host>> = { claude, codex, gemini, cursor, opencode };
