import { expect, expectTypeOf, test } from 'vitest';
import type * as dreamos from '../../src/index.ts';

// tsc is what fails here: `npm run check`. What is never called need not run.
type Names<T> = keyof { [Key in keyof T as string extends Key ? never : Key]: 1 };
/** It has the field, and no name that nobody has thought of. */
type Knows<T, Field extends string> = string extends keyof T ? false : Field extends Names<T> ? true : false;

test('a misspelt field of a draft does not compile, in any operation that takes one', () => {
  const body = 'x';
  const never = async (mail: dreamos.Dreamos): Promise<void> => {
    // @ts-expect-error misspelt
    await mail.send({ to: 'reviewer', body, prioritty: 'high' });
    // @ts-expect-error no priority
    await mail.send({ to: 'reviewer', body, priority: 'highest' });
    // @ts-expect-error misspelt
    await mail.sendAll([{ to: 'reviewer', body, dedupekey: 'k' }]);
    // @ts-expect-error misspelt
    await mail.preview({ to: 'reviewer', body, orderingkey: 'k' });
    // @ts-expect-error a reply has no recipient
    await mail.reply('r', { to: 'reviewer', body });
    // @ts-expect-error a request waits from now on
    await mail.request({ to: 'reviewer', body, delayMs: 1 });
    // @ts-expect-error a publish goes to whoever is subscribed
    await mail.publish('topic', { to: 'reviewer', body });
    // @ts-expect-error a schedule has its own times
    await mail.schedule.add({ name: 'n', cron: '@daily', message: { to: 'reviewer', body, at: 1 } });
  };
  expect(never).toBeTypeOf('function');
});

test('a misspelt option does not compile', () => {
  const never = async (mail: dreamos.Dreamos): Promise<void> => {
    // @ts-expect-error milliseconds have a name that says so
    await mail.read('reviewer', { wait: 1 });
    // @ts-expect-error misspelt
    await mail.read('reviewer', { filter: { priorty: 'high' } });
    // @ts-expect-error misspelt
    mail.consume('reviewer', { leaseMS: 1 });
    // @ts-expect-error misspelt
    await mail.nack('r', { delay: 1 });
    // @ts-expect-error misspelt
    await mail.reply('r', { body: 'x' }, { acked: true });
    // @ts-expect-error misspelt
    await mail.work('reviewer', () => undefined, { concurency: 2 });
    // @ts-expect-error no step
    await mail.until('r', 'ack');
    // @ts-expect-error misspelt
    mail.watch({ mailbox: 'reviewer' });
    // @ts-expect-error no state
    mail.list('reviewer', { states: ['readyy'] });
    // @ts-expect-error misspelt
    mail.archive.prune('reviewer', { olderThan: '30d' });
    // @ts-expect-error misspelt
    await mail.topics.prune('t', { olderThan: '30d' });
    // @ts-expect-error no setting
    await mail.config.set('leese', '1m');
    // @ts-expect-error no setting
    await mail.agent.register({ name: 'n', settings: { leese: '1m' } });
    // @ts-expect-error misspelt
    mail.import('folder', { map: {} });
  };
  expect(never).toBeTypeOf('function');
});

test('a misspelt field of what is handed over does not compile either', () => {
  expectTypeOf<Knows<dreamos.Message, 'priority' | 'extra'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.Message, 'prioritty'>>().toEqualTypeOf<false>();
  expectTypeOf<dreamos.Message['extra']>().toEqualTypeOf<Readonly<Record<string, unknown>> | undefined>();
  expectTypeOf<Knows<dreamos.AgentCard, 'groups'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.Settings, 'lease'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.MailEvent, 'event'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.WatchedEvent, 'cursor' | 'event'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.TraceStep, 'event' | 'heldMs'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.DeadShown['history'][number], 'event'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.Schedule, 'cron'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.ListedSchedule['message'], 'ttlMs'>>().toEqualTypeOf<true>();
  expectTypeOf<Knows<dreamos.ShownSchedule, 'upcoming'>>().toEqualTypeOf<true>();
});

test('the groups are the command’s', () => {
  expectTypeOf<Names<dreamos.DeadLetters>>().toEqualTypeOf<'list' | 'show' | 'retry' | 'purge'>();
  expectTypeOf<dreamos.Dreamos['dlq']>().toEqualTypeOf<dreamos.DeadLetters>();
  expectTypeOf<dreamos.Dreamos>().not.toHaveProperty('dead');
});
