import { spawn } from 'node:child_process';
import { platform } from 'node:os';

/** What opens it has failed by then, if it does. */
const failsMs = 3000;

/** Has the program that this user has for it open a file. @returns why it could not; `undefined`: it was started */
export function openForUser(path: string): Promise<string | undefined> {
  const program = platform() === 'darwin' ? 'open' : 'xdg-open';
  return new Promise((resolve) => {
    const child = spawn(program, [path], { stdio: 'ignore', detached: true });
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? `there is no ${program}` : error.message),
    );
    child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} ended with ${code}`));
    // One that is the browser itself goes on.
    setTimeout(() => resolve(undefined), failsMs).unref();
    child.unref();
  });
}
