import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

/** Where git looks for the hooks of a repository, with its core.hooksPath; `undefined`: there is none, or no git. */
export async function gitHooksOf(top: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile('git', ['rev-parse', '--git-path', 'hooks'], { cwd: top, encoding: 'utf8' }, (error, out) => {
      done(error ? undefined : resolve(top, out.replace(/\n$/, '')));
    });
  });
}
