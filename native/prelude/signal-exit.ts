import { hostProcess } from './node/process.ts';

/** Signals are heard by src/main.ts alone, which ends with exit(). @returns forgets it */
export function onExit(work: () => void): () => void {
  hostProcess.on('exit', work);
  return () => hostProcess.off('exit', work);
}

// Version 3 is the function itself, version 4 has it as a name.
export default Object.assign(onExit, { onExit });
