import { describe, expect, test } from 'vitest';
import { notationOf } from '../../src/contract/notation.ts';
import { schemaNames } from '../../src/contract/schemas.ts';

describe('a shape in a line', () => {
  test.each([
    ['settled', '{"id","mailbox","state","receipt","leaseUntil"?,"dueAt"?}'],
    // Where the value says more than the name.
    ['dlq-purge', '{"id","mailbox","purged"?:true,"dryRun"?:true}'],
    ['doctor', '{"rule","level":"info|warning|problem","message","mailbox"?,"fixed"?,"hint"?}'],
    ['init', '{"root","created","agents":[{"name","created"}],"store"?}'],
    ['route', '{"mailbox","reasons"}'],
    // Other shapes by their names.
    [
      'show',
      '{"message","entries":[entry],"signature"?:"verified|unsigned|invalid","signatureFault"?,"signedBy"?,"unsealed"?:true}',
    ],
    ['reply', '{...send,"acked"?:settled}'],
    ['topics-show', '{...topic,"recent":[message]}'],
    ['schedule-show', '{...schedule-list,"upcoming"}'],
    ['watch', '{"cursor",...event}'],
    // Not {"receipt",...peek}, whose fields do not stand side by side in it.
    [
      'read',
      '{"receipt","mailbox","attempt","leaseUntil","message","signature"?:"verified|unsigned|invalid","signatureFault"?,"signedBy"?,"unsealed"?:true}',
    ],
  ] as const)('%s: %s', (name, notation) => {
    expect(notationOf(name)).toBe(notation);
  });

  test.each(schemaNames)('%s is one of fields', (name) => {
    expect(notationOf(name)).toMatch(/^\{.+\}$/);
  });
});
