import { EventEmitter as NodeEmitter } from 'node:events';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostAbortController, HostAbortSignal } from '../../../native/prelude/abort.ts';
import { EventEmitter } from '../../../native/prelude/node/events.ts';

const event = fc.constantFrom('a', 'b', 'error');
const act = fc.oneof(
  fc.tuple(fc.constantFrom('on', 'once', 'off'), event, fc.nat(3)),
  fc.tuple(fc.constant('emit'), event, fc.nat(3)),
  fc.tuple(fc.constant('removeAllListeners'), event, fc.constant(0)),
);

/** What is heard, and what each call said, of an emitter of either kind. */
function played(emitter: NodeEmitter | EventEmitter, acts: readonly (readonly [string, string, number])[]): unknown[] {
  const heard: unknown[] = [];
  const listeners = [0, 1, 2, 3].map((which) => (...given: unknown[]) => {
    heard.push([which, ...given]);
    // A listener that takes another away while they are called.
    if (which === 3) emitter.off('a', listeners[0] as () => void);
  });
  for (const [verb, name, which] of acts) {
    const listener = listeners[which] as () => void;
    if (verb === 'emit') {
      try {
        heard.push(emitter.emit(name, which));
      } catch (error) {
        heard.push(['thrown', error]);
      }
    } else if (verb === 'removeAllListeners') emitter.removeAllListeners(name);
    else emitter[verb as 'on'](name, listener);
    heard.push(emitter.listenerCount(name), emitter.listeners(name).length, emitter.eventNames());
  }
  return heard;
}

test('an emitter does as Node does, whatever is added, taken away and told', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      // An error that nobody hears is thrown; Node wraps what is no Error.
      const calm = acts.filter(([verb, name]) => verb !== 'emit' || name !== 'error');
      expect(played(new EventEmitter(), calm)).toEqual(played(new NodeEmitter(), calm));
    }),
    { numRuns: 2000 },
  );
  expect(() => new EventEmitter().emit('error', new Error('unheard'))).toThrow('unheard');
});

test.each([
  ['host', HostAbortController, HostAbortSignal],
  ['node', AbortController, AbortSignal],
])('a signal tells once, with its reason, who listens then (%s)', (_, Controller, Signal) => {
  const controller = new Controller();
  const heard: string[] = [];
  const twice = (): void => void heard.push('twice');
  controller.signal.addEventListener('abort', twice);
  controller.signal.addEventListener('abort', twice);
  controller.signal.addEventListener('abort', () => heard.push('once'), { once: true });
  const gone = (): void => void heard.push('gone');
  controller.signal.addEventListener('abort', gone);
  controller.signal.removeEventListener('abort', gone);
  const any = Signal.any([new Controller().signal, controller.signal] as never);
  any.addEventListener('abort', () => heard.push(`any: ${String(any.reason)}`));
  expect(() => controller.signal.throwIfAborted()).not.toThrow();
  controller.abort('why');
  controller.abort('again');
  expect(heard).toEqual(expect.arrayContaining(['twice', 'once', 'any: why']));
  expect(heard).toHaveLength(3);
  expect(controller.signal).toMatchObject({ aborted: true, reason: 'why' });
  expect(() => controller.signal.throwIfAborted()).toThrow('why');
  expect(Signal.any([controller.signal] as never)).toMatchObject({ aborted: true, reason: 'why' });
  const silent = new Controller();
  silent.abort();
  expect((silent.signal.reason as Error).name).toBe('AbortError');
});
