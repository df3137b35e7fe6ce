import * as host from 'dreamos:host';
/** What Node has everywhere, as far as it is used; QuickJS itself has the language alone. */
import { HostAbortController, HostAbortSignal } from './abort.ts';
import { HostBuffer } from './buffer.ts';
import { HostTextDecoder, HostTextEncoder } from './encoding.ts';
import { installLanguage } from './language.ts';
import { addImmediate, addTimer, removeImmediate, removeTimer, Timer } from './loop.ts';
import { hostProcess } from './node/process.ts';

type Work = (...given: unknown[]) => void;

const timer =
  (repeats: boolean) =>
  (work: Work, ms = 0, ...given: unknown[]): Timer =>
    addTimer(new Timer(() => work(...given), ms, repeats));

export function install(): void {
  Object.assign(globalThis, {
    global: globalThis,
    // What the build has put in the place of import().
    importModule: host.importModule,
    process: hostProcess,
    Buffer: HostBuffer,
    TextEncoder: HostTextEncoder,
    TextDecoder: HostTextDecoder,
    AbortController: HostAbortController,
    AbortSignal: HostAbortSignal,
    setTimeout: timer(false),
    setInterval: timer(true),
    clearTimeout: removeTimer,
    clearInterval: removeTimer,
    setImmediate: (work: Work, ...given: unknown[]) => addImmediate(() => work(...given)),
    clearImmediate: removeImmediate,
    structuredClone: clone,
  });
  installLanguage();
}

/** Of plain data, which is all that is cloned here. */
function clone(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(clone);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, clone(field)]));
}
