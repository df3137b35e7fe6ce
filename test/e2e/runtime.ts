/** By which program the command runs: DREAMOS_RUNTIME, `node` (the default) or `native`. And which of the two has answered. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNative } from '../../src/contract/native.ts';

export const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const native = process.env['DREAMOS_RUNTIME'] === 'native';
export const command = native ? join(project, 'dist', 'native', 'dreamos') : join(project, 'bin', 'dreamos.cjs');
/** What starts it, and the words before its own. */
export const starts: readonly string[] = native ? [command] : [process.execPath, command];

/** What the native program is to run in Node, so that the processes that go on there are noted: exec keeps their number. */
export function noteNode(script: string, log: string): Record<string, string> {
  if (!native) return {};
  writeFileSync(log, '');
  const real = JSON.stringify(join(project, 'bin', 'dreamos.cjs'));
  const note = `try { require('node:fs').appendFileSync(${JSON.stringify(log)}, process.pid + '\\n'); } catch {}`;
  writeFileSync(script, `${note}\nprocess.argv[1] = ${real};\nrequire(${real});\n`);
  return { DREAMOS_NODE_SCRIPT: script };
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** @throws when another program than the one that the table of verbs names has answered this command line */
export function checkRuntime(log: string, pid: number | undefined, words: readonly string[], ended: Ended): void {
  const wanted = native ? runtimeOf(words) : undefined;
  // What is wrong with the words themselves is told by who reads them, and who is killed has perhaps not begun.
  if (wanted === undefined || ended.code === 2 || ended.signal !== null) return;
  const ran = readFileSync(log, 'utf8').split('\n').includes(String(pid)) ? 'node' : 'native';
  if (ran !== wanted) throw new Error(`dreamos ${words.join(' ')} ran by ${ran}, and not by ${wanted}`);
}

const withValue = new Set(['--root', '--as']);
const everywhere = /^--(?:json|quiet|no-color|(?:root|as)=.*)$/s;

/** @returns `undefined`: it answers before there is a verb */
export function runtimeOf(words: readonly string[]): 'native' | 'node' | undefined {
  const options: Record<string, boolean> = {};
  let verb: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--') break;
    if (withValue.has(word)) i++;
    else if (/^-(?:h|V|-help|-version)$/.test(word)) return undefined;
    else if (word.startsWith('-n')) options[verb === 'list' ? 'limit' : 'count'] = true;
    else if (word.startsWith('--') && !everywhere.test(word)) options[nameOf(word)] = true;
    else if (!word.startsWith('-')) verb = verb === undefined || (verb === 'hook' && word === 'bind') ? word : verb;
  }
  if (verb === undefined) return undefined;
  return isNative(verb, options) ? 'native' : 'node';
}

/** As commander calls it: `dryRun` of `--dry-run=…`. */
function nameOf(word: string): string {
  const name = word.slice(2).replace(/=.*/s, '');
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
