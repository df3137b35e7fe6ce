import * as fs from './fs.ts';

export const { constants } = fs;

export async function stat(path: string): Promise<fs.Stats> {
  return fs.statSync(path) as fs.Stats;
}

export async function access(path: string, mode?: number): Promise<void> {
  fs.accessSync(path, mode);
}
