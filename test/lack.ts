import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Why something cannot be tried here. */
export interface Lack {
  readonly why: string;
  /** `tool`: a package that `.ci/run` installs. `machine`: root, a device, a mount, which nobody can install. */
  readonly of: 'tool' | 'machine';
}

export const noTool = (why: string): Lack => ({ why, of: 'tool' });
export const notHere = (why: string): Lack => ({ why, of: 'machine' });

export async function missing(...programs: readonly string[]): Promise<Lack | undefined> {
  if (process.platform !== 'linux') return notHere('it needs Linux');
  for (const program of programs) {
    const places = (process.env['PATH'] ?? '').split(':').map((folder) => access(join(folder, program)));
    if (
      await Promise.any(places).then(
        () => false,
        () => true,
      )
    )
      return noTool(`${program} is not installed`);
  }
  return undefined;
}

export const notRoot: Lack | undefined =
  process.getuid?.() === 0 ? undefined : notHere('only root can make what belongs to another user');

/** In CI, where `.ci/run` has installed the tools, what would be skipped for want of one fails instead. */
export function isFailure({ of }: Lack): boolean {
  return of === 'tool' && process.env['CI'] === 'true';
}

/** Whether to skip what needs something that is not here; `said` puts the reason into its name. */
export function skips(lack: Lack | undefined): boolean {
  return lack !== undefined && !isFailure(lack);
}

export function said(name: string, lack: Lack | undefined): string {
  return lack && skips(lack) ? `${name} (skipped: ${lack.why})` : name;
}

/** @throws where it is missing and that is a failure */
export function demand(lack: Lack | undefined): void {
  if (lack) throw new Error(`${lack.why}, and in CI nothing is skipped for want of a tool`);
}
