import { DreamosError } from '../model/errors.ts';

/** Nobody was rung, or it is not certain. */
export function unsafe(message: string, hint?: string): DreamosError {
  return new DreamosError('conflict', 'WAKE_UNSAFE', message, { hint });
}
