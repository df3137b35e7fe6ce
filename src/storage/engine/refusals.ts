import { DreamosError } from '../../model/errors.ts';

/** The topic that says how to name one, who gets in, and what is not there. */
export const engineHelp = 'engines';

/** @param where its address, which holds no password @param why as the system says it */
export function engineUnreachable(where: string, why: string, cause?: unknown): DreamosError {
  return new DreamosError('unreachable', 'ENGINE_UNREACHABLE', `The engine at ${where} does not answer: ${why}.`, {
    hint: `Start it, or look whether that is where it is; then the same again: dreamos help ${engineHelp}`,
    cause,
  });
}

export function engineLost(where: string, why: string): DreamosError {
  return new DreamosError('unreachable', 'ENGINE_LOST', `The engine at ${where} answers, but ${why}.`, {
    hint: `Nothing was done. Start it with its own data, or name the engine that has the root: dreamos help ${engineHelp}`,
  });
}
