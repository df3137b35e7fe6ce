import type { DreamosError } from '../../model/errors.ts';
import { isOfStorage } from '../root/trouble.ts';

const codesOfRoot: ReadonlySet<string> = new Set(['CONFIG_INVALID', 'STATE_CHANGED', 'ROOT_MOVED', 'ROOT_NOT_FOUND']);

/** What is wrong is the root, and not what another one brought or asked. */
export const isOfRoot = (error: DreamosError): boolean => isOfStorage(error) || codesOfRoot.has(error.code);
