/** The first module that the host runs. */
import { install } from './globals.ts';
import { step } from './loop.ts';
import { hostProcess } from './node/process.ts';

install();
let begun = false;

/** Called by the build alone, for the image of all later starts: runs the modules that most commands need. */
export function prepare(): void {
  void import('../prepared.ts');
}

/** Called by the host again and again; promises go on between two calls. */
export function turn(): true {
  if (!begun) {
    begun = true;
    hostProcess.begin();
    void import('../../src/main.ts');
  } else if (!step()) hostProcess.exit();
  return true;
}
