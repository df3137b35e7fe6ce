/** The first module that the host runs. */
import { install } from './globals.ts';
import { step } from './loop.ts';
import { hostProcess } from './node/process.ts';

install();
void import('../../src/main.ts');

/** Called by the host again and again; promises go on between two calls. */
export function turn(): true {
  if (!step()) hostProcess.exit();
  return true;
}
