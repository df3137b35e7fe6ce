import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';

export interface Edited {
  readonly text: string;
  /** The file stays. @returns its path */
  keep(): string;
  /** Removes it, unless it is kept. */
  close(): void;
}

/**
 * Lets a person edit a text in his own editor, as git does: VISUAL, else EDITOR, which may have options.
 * @throws COMMAND_NOT_STARTED: it has failed; then nothing is left
 */
export async function inEditor(text: string, name: string, env: NodeJS.ProcessEnv): Promise<Edited> {
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  const folder = fs.mkdtempSync(join(tmpdir(), 'dreamos-'));
  const path = join(folder, name);
  let isKept = false;
  const close = (): void => {
    if (!isKept) fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    fs.writeFileSync(path, text, { mode: 0o600 });
    const code = await run(`${editor} ${quoteWord(path)}`, env);
    if (code === 0) return { text: fs.readFileSync(path, 'utf8'), keep: () => ((isKept = true), path), close };
    throw new DreamosError(
      'usage',
      'COMMAND_NOT_STARTED',
      `The editor (${editor}) ended with ${code}. Nothing was changed.`,
      {
        hint: 'Name another one: VISUAL or EDITOR; or the text in a file: dreamos config edit --file <file>',
      },
    );
  } catch (error) {
    close();
    throw error;
  }
}

/** By a shell, which knows of options and quotes. @returns its exit code, or the name of the signal that has ended it */
function run(line: string, env: NodeJS.ProcessEnv): Promise<number | string> {
  const child = spawn(line, { shell: true, stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
}
