import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { gemini } from './gemini.ts';
import type { Agent } from './host.ts';
import { opencode } from './opencode.ts';

export const agents: readonly Agent[] = [claude, codex, gemini, opencode];
