import { execFile } from 'node:child_process';
import { resolve, sep } from 'node:path';

export interface GitHooks {
  /** Where git looks for them, with core.hooksPath. */
  readonly folder: string;
  /** Whether they are this repository's alone. */
  readonly isOwn: boolean;
}

/** @returns `undefined`: there is no repository, or no git */
export async function gitHooksOf(top: string): Promise<GitHooks | undefined> {
  return new Promise((done) => {
    const words = ['rev-parse', '--git-path', 'hooks', '--git-common-dir'];
    execFile('git', words, { cwd: top, encoding: 'utf8' }, (error, out) => {
      if (error) return done(undefined);
      const [folder = '', common = ''] = out.split('\n').map((path) => resolve(top, path));
      done({ folder, isOwn: [top, common].some((dir) => `${folder}${sep}`.startsWith(`${dir}${sep}`)) });
    });
  });
}
