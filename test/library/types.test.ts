import { expect, expectTypeOf, test } from 'vitest';
import type { Draft, Dreamos, Message } from '../../src/index.ts';

// tsc is what fails here: `npm run check`.
test('a misspelt field compiles neither in a draft nor of a message', () => {
  // @ts-expect-error misspelt
  const misspelt: Draft = { to: 'reviewer', body: 'x', prioritty: 'high' };
  expect(misspelt).toBeDefined();
  expectTypeOf<Message>().toHaveProperty('priority');
  expectTypeOf<Message>().not.toHaveProperty('prioritty');
  expectTypeOf<Dreamos>().not.toHaveProperty('dead');
  expectTypeOf<Dreamos['dlq']>().toHaveProperty('retry');
});
