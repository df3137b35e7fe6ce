import { expect, test } from 'vitest';
import { exitMapOption } from '../../../src/cli/handler/exit-map.ts';

test('what --map-exit does not speak of keeps its meaning', () => {
  expect([...exitMapOption('1=retry, 75=fail')]).toEqual([
    [0, 'ack'],
    [65, 'dead'],
    [75, 'fail'],
    [1, 'retry'],
  ]);
});
