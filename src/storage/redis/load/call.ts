import type { ScriptArg } from '../link/link.ts';

/** Runs a script of lua/move/load.lua in the name of a loading. */
export type LoadCall = (script: string, ...args: readonly ScriptArg[]) => Promise<unknown>;
